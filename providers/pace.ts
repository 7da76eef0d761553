/**
 * How fast each provider was lately, as this process has seen it. A first try inside a claim's own
 * activity holds a workflow task, so only a fast provider gets one.
 */
import { type FulfillmentProvider, ProviderError } from '../domain/claims/fulfillment.ts';

/** A provider is fast where 95 of 100 calls took at most this long, in milliseconds. */
const QUICK_MS = 250;

/** How many calls of each provider are remembered, and for how long, in milliseconds. */
const REMEMBERED = 100;
const REMEMBERED_MS = 10_000;

/** How long no first try is made after a call without an answer, in milliseconds. */
const FAILED_MS = 5_000;

/** First tries at one provider at once: less than half of a worker's slots for workflow tasks. */
const MOST_AT_ONCE = 8;

interface Seen {
  calls: { endedAtMs: number; tookMs: number }[];
  /** The calls under way, oldest first, each with its start. */
  underWay: Set<{ beganAtMs: number }>;
  failedAtMs: number;
  entered: number;
}

export type Pace = ReturnType<typeof createPace>;

/** @param nowMs the time of a clock that never goes back, in milliseconds */
export function createPace(nowMs: () => number = () => performance.now()) {
  const providers = new Map<string, Seen>();

  function seenOf(name: string): Seen {
    const known = providers.get(name);
    if (known) return known;
    const seen = { calls: [], underWay: new Set<never>(), failedAtMs: -FAILED_MS, entered: 0 };
    providers.set(name, seen);
    return seen;
  }

  function isQuick({ calls, underWay, failedAtMs }: Seen): boolean {
    const now = nowMs();
    if (now - failedAtMs < FAILED_MS) return false;
    const [oldest] = underWay;
    if (oldest && now - oldest.beganAtMs > QUICK_MS) return false;
    const recent = calls.filter(({ endedAtMs }) => now - endedAtMs < REMEMBERED_MS);
    const slow = recent.filter(({ tookMs }) => tookMs > QUICK_MS).length;
    return slow <= recent.length / 20;
  }

  async function timed<T>(name: string, call: () => Promise<T>): Promise<T> {
    const seen = seenOf(name);
    const own = { beganAtMs: nowMs() };
    seen.underWay.add(own);
    try {
      return await call();
    } catch (error) {
      if (error instanceof ProviderError) seen.failedAtMs = nowMs();
      throw error;
    } finally {
      seen.underWay.delete(own);
      seen.calls.push({ endedAtMs: nowMs(), tookMs: nowMs() - own.beganAtMs });
      if (seen.calls.length > REMEMBERED) seen.calls.shift();
    }
  }

  return {
    /**
     * Takes a slot for a first try; null where none is to be made now. The caller calls the returned
     * function at the end of the try.
     */
    enter(name: string): (() => void) | null {
      const seen = seenOf(name);
      if (seen.entered >= MOST_AT_ONCE || !isQuick(seen)) return null;
      seen.entered += 1;
      return () => {
        seen.entered -= 1;
      };
    },
    /** The same provider, with the times of its grants and lookups measured. */
    watch: (name: string, provider: FulfillmentProvider): FulfillmentProvider => ({
      ...provider,
      grant: (request, withinMs) => timed(name, () => provider.grant(request, withinMs)),
      lookup: (grantId, withinMs) => timed(name, () => provider.lookup(grantId, withinMs)),
    }),
  };
}
