/** Repeats warnings and errors from our own processes' logs to the person who runs the stack. */
import type { Say } from '../progress.ts';

/** pino's levels. */
const WARN = 40;
const LEVELS: Record<string, number> = { warn: 40, error: 50, fatal: 60 };
const NAMES: Record<number, string> = { 40: 'warn', 50: 'error', 60: 'fatal' };

/** Longest line that is repeated. */
const MAX_CHARS = 400;
/** Most lines of a window: a server that fails at every request must not hide everything else. */
const MAX_LINES_A_WINDOW = 40;
/** Length of a window. */
const WINDOW_MS = 10_000;

/** Returns a function that takes a process's name and a line of its output. @param clock milliseconds */
export function createEcho(
  say: Say,
  clock: () => number = () => performance.now(),
): (name: string, line: string) => void {
  let windowFrom = Number.NEGATIVE_INFINITY;
  let said = 0;
  return (name, line) => {
    const text = textOf(line);
    if (text === undefined) return;
    if (clock() - windowFrom > WINDOW_MS) {
      windowFrom = clock();
      said = 0;
    }
    said += 1;
    if (said <= MAX_LINES_A_WINDOW) say(`${name}: ${text.slice(0, MAX_CHARS)}`);
    if (said === MAX_LINES_A_WINDOW) say(`${name}: and more, see its log`);
  };
}

/** The text of a line to repeat. Lines that are not JSON are not pino's, and crashes are reported elsewhere. */
function textOf(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  const mark = /"level":(?:(\d+)|"(\w+)")/.exec(line);
  const level = mark?.[1] === undefined ? LEVELS[mark?.[2] ?? ''] : Number(mark[1]);
  return level !== undefined && level >= WARN ? messageOf(line, NAMES[level] ?? 'warn') : undefined;
}

function messageOf(line: string, level: string): string {
  try {
    const { msg, err } = JSON.parse(line) as { msg?: string; err?: { message?: string } };
    const why = err?.message;
    const more = why === undefined || why === msg ? '' : ` (${why})`;
    return `${level}: ${msg ?? line}${more}`;
  } catch {
    return `${level}: ${line}`;
  }
}
