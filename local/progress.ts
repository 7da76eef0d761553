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
  let isDescribing = false;
  let isDone = false;
  const beat = setInterval(async () => {
    // A description may take longer than the pause, and longer than the work.
    if (isDescribing) return;
    isDescribing = true;
    const message = await describe(Math.round((performance.now() - startedAt) / 1_000));
    isDescribing = false;
    if (!isDone) say(message);
  }, everyMs);
  try {
    return await work;
  } finally {
    isDone = true;
    clearInterval(beat);
  }
}

/** An error's message with the messages of its causes: Node keeps the reason of a failed fetch there. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause === undefined) return error.message;
  return `${error.message}: ${reasonOf(error.cause)}`;
}
