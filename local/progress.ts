/** What the local stack says while it works: short lines, and never a long silence. */

/** Takes one line for a person to read. */
export type Say = (line: string) => void;

/** A person who sees nothing for ten seconds thinks that it hangs, so half of that. */
const SAY_EVERY_MS = 5_000;

/**
 * Awaits `work` and meanwhile says what `describe` gives, every five seconds.
 * `describe` gets the seconds gone by.
 */
export async function withHeartbeat<T>(
  say: Say,
  describe: (elapsedS: number) => string | Promise<string>,
  work: Promise<T>,
  everyMs: number = SAY_EVERY_MS,
): Promise<T> {
  const startedAt = performance.now();
  const beat = setInterval(async () => {
    const elapsedS = Math.round((performance.now() - startedAt) / 1_000);
    say(await describe(elapsedS));
  }, everyMs);
  try {
    return await work;
  } finally {
    clearInterval(beat);
  }
}

/** An error's message, with the reason that Node keeps in `cause` (a refused or unknown host). */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause === undefined) return error.message;
  return `${error.message}: ${reasonOf(error.cause)}`;
}
