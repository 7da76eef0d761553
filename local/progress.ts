/** Progress messages of the local stack. */

/** Takes one line for a person to read. */
export type Say = (line: string) => void;

/** Pause between two messages: after ten seconds of silence a person thinks that it hangs. */
const SAY_EVERY_MS = 5_000;

/**
 * Awaits `work`, and says a message every `everyMs` until then.
 * @param describe makes the message from the seconds since the start
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

/** An error's message with the messages of its causes: Node keeps the reason of a failed fetch there. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause === undefined) return error.message;
  return `${error.message}: ${reasonOf(error.cause)}`;
}
