/**
 * How quick each provider has been of late, as this process has seen it. A first try within a claim's
 * own activity holds a workflow task, so only a quick provider gets one.
 */
import { type FulfillmentProvider, ProviderError } from '../domain/claims/fulfillment.ts';

/** A provider is quick where 95 of 100 calls took no longer, in milliseconds. */
const QUICK_MS = 250;

/** Calls that are remembered of each provider, and for how long, in milliseconds. */
const REMEMBERED = 100;
const REMEMBERED_MS = 10_000;

/** For so long after a call without an answer no first try is made, in milliseconds. */
const FAILED_MS = 5_000;

/** First tries at one provider at once: less than half of a worker's slots for workflow tasks. */
const MOST_AT_ONCE = 8;

interface Seen {
  calls: { endedAtMs: number; tookMs: number }[];
  /** When each call under way began. */
  underWay: Set<{ beganAtMs: number }>;
  failedAtMs: number;
  entered: number;
}

export interface Pace {
  /** Lets a first try begin; null where none is to be made now. Call what it answers at its end. */
  enter(provider: string): (() => void) | null;
  /** The provider, with its grants and lookups watched. */
  watch(name: string, provider: FulfillmentProvider): FulfillmentProvider;
}

/** @param nowMs milliseconds on a clock that never goes back */
export function createPace(nowMs: () => number = () => performance.now()): Pace {
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
    enter(name) {
      const seen = seenOf(name);
      if (seen.entered >= MOST_AT_ONCE || !isQuick(seen)) return null;
      seen.entered += 1;
      return () => {
        seen.entered -= 1;
      };
    },
    watch: (name, provider) => ({
      ...provider,
      grant: (request, withinMs) => timed(name, () => provider.grant(request, withinMs)),
      lookup: (grantId, withinMs) => timed(name, () => provider.lookup(grantId, withinMs)),
    }),
  };
}
