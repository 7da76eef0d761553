/**
 * Where a process's log goes: standard output, without ever waiting for who reads it. Node keeps what
 * a pipe does not take yet, and here that has a bound: lines beyond it are dropped, and counted.
 */
import type { Writable } from 'node:stream';

/** What may wait for the reader, in characters: some ten thousand lines. */
const MOST_WAITING = 4 * 1024 * 1024;

const WARN = 40;

export interface LogOutput {
  /** Takes one line, its end included. */
  write(line: string): void;
}

/**
 * An output for pino. A reader that goes away is no error: the lines are then for nobody.
 * @param name the process, as its lines say
 */
export function logOutput(
  name: string,
  stream: Writable = process.stdout,
  mostWaiting: number = MOST_WAITING,
): LogOutput {
  let lost = 0;
  // Without a listener the end of the reader (EPIPE) would end the process.
  for (const each of [stream, process.stderr]) each.on('error', () => {});
  const tellLost = () => {
    if (lost === 0) return;
    const msg = 'lines of this log were dropped: nobody read them';
    const line = { level: WARN, time: Date.now(), process: name, lost, msg };
    lost = 0;
    stream.write(`${JSON.stringify(line)}\n`);
  };
  stream.on('drain', tellLost);
  return {
    write(line) {
      if (stream.writableLength + line.length > mostWaiting) lost += 1;
      else stream.write(line);
    },
  };
}
