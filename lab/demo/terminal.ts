/** What the demo shows: progress while it works, a table at the end. Colours only on a terminal. */

const isTerminal = process.stdout.isTTY === true;
const hasColours = isTerminal && (process.env.NO_COLOR ?? '') === '';

const painted = (code: number) => (text: string) =>
  hasColours ? `\x1b[${code}m${text}\x1b[0m` : text;
export const bold = painted(1);
export const green = painted(32);
export const red = painted(31);

/** Without a terminal, a line this often is enough. In milliseconds. */
const LINE_EVERY_MS = 5_000;

/** Counts up to `total` in one line on a terminal, in a line now and then elsewhere. */
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

/** Rows of equal length as aligned columns, the first row being the heading. */
export function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, n) => Math.max(...rows.map((row) => row[n]?.length ?? 0)));
  const lines = rows.map((row) =>
    row.map((cell, n) => (n === 0 ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0))),
  );
  const [heading, ...body] = lines.map((cells) => cells.join('  '));
  return [bold(heading ?? ''), ...body].join('\n');
}

/** Does `work` for every item, so many at a time. */
export async function each<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const lane = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
