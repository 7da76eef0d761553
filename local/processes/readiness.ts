/** Ways to find out that a server is ready. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Readiness } from './service.ts';

/** Pause between two probes. */
const POLL_EVERY_MS = 100;
/** Timeout of one probe. */
const PROBE_TIMEOUT_MS = 3_000;

/** Ready once `probe` resolves. It is repeated until then, with a timeout of three seconds each. */
export function byProbe(probe: (signal: AbortSignal) => Promise<void>): Readiness {
  return async ({ signal }) => {
    for (;;) {
      try {
        return await probe(AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]));
      } catch {
        // Not ready yet. The service has a timeout for the whole start.
      }
      await delay(POLL_EVERY_MS, undefined, { signal });
    }
  };
}

/** Ready once the URL answers 200. */
export function byHttp(url: string): Readiness {
  return byProbe(async (signal) => {
    const response = await fetch(url, { signal });
    await response.body?.cancel();
    if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  });
}

/** Ready once the process has written a line that contains `text`. */
export function byLine(text: string): Readiness {
  return async ({ lines, signal }) => {
    await lines.next((line) => line.includes(text), signal);
  };
}
