/** Waiting for what only a look can tell. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Looks until it holds. @throws Error when the time is up */
export async function until(
  what: string,
  holds: () => Promise<boolean>,
  { pollMs = 250, patienceMs = 600_000 } = {},
): Promise<void> {
  const giveUpMs = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > giveUpMs) throw new Error(`waited in vain for ${what}`);
    await sleep(pollMs);
  }
}
