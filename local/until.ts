/** Waiting by polling, for what no event announces. */
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Calls `look` until it returns something truthy, and returns that.
 * @param what what is awaited, for the error's message
 * @param timing pause between two calls and total wait, in milliseconds
 * @throws Error when the time is up
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { pollMs = 250, timeoutMs = 600_000 } = {},
): Promise<Exclude<T, null | undefined | false>> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen) return seen as Exclude<T, null | undefined | false>;
    if (performance.now() > deadlineMs) throw new Error(`Waited in vain for ${what}`);
    await sleep(pollMs);
  }
}
