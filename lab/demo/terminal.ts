/** The demo's output: progress, and a table at the end. Colours only on a terminal. */

const isTerminal = process.stdout.isTTY === true;
const hasColours = isTerminal && (process.env.NO_COLOR ?? '') === '';

const painted = (code: number) => (text: string) =>
  hasColours ? `\x1b[${code}m${text}\x1b[0m` : text;
export const bold = painted(1);
export const green = painted(32);
export const red = painted(31);

/** Pause between lines of progress if the output is no terminal, in milliseconds. */
const LINE_EVERY_MS = 5_000;

/** Shows progress up to `total`: on a terminal in one line, elsewhere as a new line now and then. */
export function progress(what: string, total: number): { tick(): void; end(): void } {
  let done = 0;
  let saidAtMs = performance.now();
  const text = () => `${what}: ${done} of ${total}`;
  return {
    tick() {
      done += 1;
      if (isTerminal) process.stdout.write(`\r${text()}`);
      else if (performance.now() - saidAtMs > LINE_EVERY_MS) {
        saidAtMs = performance.now();
        console.log(text());
      }
    },
    end() {
      console.log(isTerminal ? '' : text());
    },
  };
}

/** Rows of equal length as aligned columns. The first row is the heading. */
export function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, n) => Math.max(...rows.map((row) => row[n]?.length ?? 0)));
  const lines = rows.map((row) =>
    row.map((cell, n) => (n === 0 ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0))),
  );
  const [heading, ...body] = lines.map((cells) => cells.join('  '));
  return [bold(heading ?? ''), ...body].join('\n');
}

/** Calls `work` for every item, `atOnce` at a time. */
export async function each<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
