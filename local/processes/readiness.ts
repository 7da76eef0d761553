/** How a server is found to be ready. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Readiness } from './service.ts';

const POLL_EVERY_MS = 100;
const PROBE_TIMEOUT_MS = 3_000;

/** Ready once `probe` resolves; it is asked again until then, and is given three seconds each time. */
export function byProbe(probe: (signal: AbortSignal) => Promise<void>): Readiness {
  return async ({ signal }) => {
    for (;;) {
      try {
        return await probe(AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]));
      } catch {
        // Not yet: that it takes too long is the service's to notice.
      }
      await delay(POLL_EVERY_MS, undefined, { signal });
    }
  };
}

/** Ready once the address answers 200. */
export function byHttp(url: string): Readiness {
  return byProbe(async (signal) => {
    const response = await fetch(url, { signal });
    await response.body?.cancel();
    if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  });
}

/** Ready once the process wrote a line that holds `text`. */
export function byLine(text: string): Readiness {
  return async ({ lines, signal }) => {
    await lines.next((line) => line.includes(text), signal);
  };
}
