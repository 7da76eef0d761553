import { useState } from 'preact/hooks';
import { announce } from '../../app/announce.ts';
import { fetchSignedIn } from '../../app/api.ts';
import { type Problem, problemOfFetch, problemOfResponse } from '../../app/problem.ts';
import { t } from '../../app/text/index.ts';
import { ProblemNote } from '../../parts/problem-note.tsx';

/** Saves the audit log's entries of one event as JSON lines. */
export function ExportHistory({ eventId }: { eventId: string }) {
  const { event: texts } = t();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const save = async () => {
    setBusy(true);
    const found = await download(eventId);
    setBusy(false);
    setProblem(found);
    if (!found) announce(texts.exported);
  };
  return (
    <>
      <button type="button" disabled={isBusy} onClick={save}>
        {isBusy ? texts.exporting : texts.export}
      </button>
      {problem && <ProblemNote problem={problem} />}
    </>
  );
}

/** Read by script, as a link cannot send the token. */
async function download(eventId: string): Promise<Problem | undefined> {
  const headers = { accept: 'application/x-ndjson' };
  const url = `/api/audit-log?${new URLSearchParams({ targetId: eventId })}`;
  try {
    const response = await fetchSignedIn(new Request(url, { headers }));
    if (!response.ok) return await problemOfResponse(response);
    const link = document.createElement('a');
    link.href = URL.createObjectURL(await response.blob());
    link.download = `${eventId}-audit-log.ndjson`;
    link.click();
    URL.revokeObjectURL(link.href);
  } catch (error) {
    return problemOfFetch(error);
  }
  return undefined;
}
