/**
 * A process's log goes to standard output and never waits for its reader. Node buffers what a pipe
 * does not take yet. Here the buffer is bounded: further lines are dropped, and counted.
 */
import type { Writable } from 'node:stream';

/** How much may be buffered, in characters: about ten thousand lines. */
const MOST_WAITING = 4 * 1024 * 1024;

/** Pino's level `warn`. */
const WARN = 40;

/**
 * An output for pino. It is no error if the reader goes away.
 * @param name the process, as it stands in its log lines
 * @param mostWaiting how much may be buffered, in characters
 */
export function logOutput(
  name: string,
  stream: Writable = process.stdout,
  mostWaiting: number = MOST_WAITING,
) {
  let lost = 0;
  // Without a listener, a reader that goes away (EPIPE) would end the process.
  for (const each of [stream, process.stderr]) each.on('error', () => {});
  const reportLost = () => {
    if (lost === 0) return;
    const msg = 'lines of this log were dropped: nobody read them';
    const line = { level: WARN, time: Date.now(), process: name, lost, msg };
    lost = 0;
    stream.write(`${JSON.stringify(line)}\n`);
  };
  stream.on('drain', reportLost);
  return {
    /** Takes one line, with its newline. */
    write(line: string): void {
      if (stream.writableLength + line.length > mostWaiting) lost += 1;
      else stream.write(line);
    },
  };
}
