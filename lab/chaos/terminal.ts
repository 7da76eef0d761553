/** Output with lines that stay and one line of progress. Colours only on a terminal. */
import type { Say } from '../../local/progress.ts';

/** Pause between lines of progress if the output is no terminal, in milliseconds. */
const PROGRESS_EVERY_MS = 10_000;

const ERASE_LINE = '\r\x1b[2K';

interface Terminal {
  say: Say;
  progress: Say;
  green: (text: string) => string;
  red: (text: string) => string;
}

/** @param env may have `NO_COLOR` */
export function createTerminal(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Terminal {
  const isTerminal = stream.isTTY === true;
  // https://no-color.org
  const hasColours = isTerminal && (env.NO_COLOR ?? '') === '';
  const painted = (code: number) => (text: string) =>
    hasColours ? `\x1b[${code}m${text}\x1b[0m` : text;
  let shown = '';
  let saidAtMs = performance.now();

  return {
    green: painted(32),
    red: painted(31),
    say(line) {
      stream.write(`${isTerminal ? ERASE_LINE : ''}${line}\n${shown}`);
    },
    progress(line) {
      if (isTerminal) {
        shown = line;
        stream.write(`${ERASE_LINE}${line}`);
      } else if (performance.now() - saidAtMs > PROGRESS_EVERY_MS) {
        saidAtMs = performance.now();
        stream.write(`${line}\n`);
      }
    },
  };
}
