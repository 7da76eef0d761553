import { useRef, useState } from 'preact/hooks';
import { announce } from '../app/announce.ts';
import { fetchSignedIn } from '../app/api.ts';
import { number } from '../app/format.ts';
import { type Problem, problemOfFetch, problemOfResponse } from '../app/problem.ts';
import { t } from '../app/text/index.ts';
import { ProblemNote } from './problem-note.tsx';

const NDJSON = 'application/x-ndjson';
const LINE_FEED = 10;

/** A button that saves an answer of JSON lines as a file. It can be stopped. */
export function SaveFile(props: { url: string; fileName: string; label: string }) {
  const { auditLog } = t();
  const [read, setRead] = useState<number>();
  const [problem, setProblem] = useState<Problem>();
  const over = useRef<AbortController>(undefined);
  const start = async () => {
    over.current = new AbortController();
    setProblem(undefined);
    setRead(0);
    const found = await save(props, over.current.signal, setRead);
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
        {props.label}
      </button>
      {problem && <ProblemNote problem={problem} />}
    </>
  );
}

/** @returns what went wrong; undefined also where it was stopped */
async function save(
  { url, fileName }: { url: string; fileName: string },
  over: AbortSignal,
  onRead: (entries: number) => void,
): Promise<Problem | undefined> {
  try {
    const request = new Request(url, { headers: { accept: NDJSON }, signal: over });
    const response = await fetchSignedIn(request);
    if (!response.ok) return await problemOfResponse(response);
    offer(await read(response, onRead), fileName);
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
  link.download = `${fileName}-${new Date().toISOString().slice(0, 10)}.ndjson`;
  link.click();
  URL.revokeObjectURL(link.href);
}
