import { useRef, useState } from 'preact/hooks';
import { announce } from '../app/announce.ts';
import { fetchSignedIn } from '../app/api.ts';
import { number } from '../app/format.ts';
import { type Problem, problemOfFetch, problemOfResponse } from '../app/problem.ts';
import { t } from '../app/text/index.ts';
import { ProblemNote } from './problem-note.tsx';

const NDJSON = 'application/x-ndjson';
const LINE_FEED = 10;

/**
 * Saves all entries of the audit log that fit as a file, one JSON object a line. It can be stopped.
 * @param props.action the button's text
 * @param props.fileName without its end
 */
export function AuditLogExport(props: {
  filter: Record<string, string>;
  action: string;
  fileName: string;
}) {
  const { filter, action, fileName } = props;
  const { auditLog } = t();
  const [read, setRead] = useState<number>();
  const [problem, setProblem] = useState<Problem>();
  const over = useRef<AbortController>(undefined);
  const start = async () => {
    over.current = new AbortController();
    setProblem(undefined);
    setRead(0);
    const found = await save({ filter, fileName, over: over.current.signal, onRead: setRead });
    setRead(undefined);
    setProblem(found);
    if (!found && !over.current.signal.aborted) announce(auditLog.exported);
  };
  if (read !== undefined) {
    return (
      <>
        <span aria-live="polite">{auditLog.exporting(number(read))}</span>
        <button type="button" onClick={() => over.current?.abort()}>
          {auditLog.stopExport}
        </button>
      </>
    );
  }
  return (
    <>
      <button type="button" onClick={start}>
        {action}
      </button>
      {problem && <ProblemNote problem={problem} />}
    </>
  );
}

/** @returns what went wrong; undefined also where it was stopped */
async function save(what: {
  filter: Record<string, string>;
  fileName: string;
  over: AbortSignal;
  onRead: (entries: number) => void;
}): Promise<Problem | undefined> {
  const { filter, fileName, over, onRead } = what;
  try {
    const url = `/api/audit-log?${new URLSearchParams(filter)}`;
    const request = new Request(url, { headers: { accept: NDJSON }, signal: over });
    const response = await fetchSignedIn(request);
    if (!response.ok) return await problemOfResponse(response);
    offer(await read(response, onRead), `${fileName}.ndjson`);
    return undefined;
  } catch (error) {
    return over.aborted ? undefined : problemOfFetch(error);
  }
}

async function read(response: Response, onRead: (entries: number) => void): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let entries = 0;
  const reader = response.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    for (const byte of value) if (byte === LINE_FEED) entries += 1;
    onRead(entries);
  }
  return new Blob(parts, { type: NDJSON });
}

/** A link with the token in its address would do without the copy in memory, but is no secret. */
function offer(blob: Blob, fileName: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(link.href);
}
