/** The limit of each provider, held over all processes: a call begins once it has its turn. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LimitReached, type ProviderLimit, type SlotRequest } from '../domain/provider-limit.ts';

/** Where the turns are kept, for all processes: `store/provider-limits.ts`. */
interface SlotKeeper {
  take(request: SlotRequest): Promise<number | null>;
  giveBack(provider: string, slotId: string): Promise<void>;
}

/** How long a call may wait for its turn, in milliseconds. */
const SLOT_PATIENCE_MS = 3_000;

/** How far ahead of its start a call is booked, in milliseconds: who waits holds a place meanwhile. */
const AHEAD_MS = 500;

/** Between two tries, in milliseconds; up to twice as much, so that those who wait do not try together. */
const PAUSE_MS = 50;

/** What a call does beside the exchange with its provider: reads of our own, bounded to seconds. */
const LEASE_MARGIN_MS = 10_000;

export interface CallLimiter {
  /** The longest that one call waits for its turn and for its start, in milliseconds. */
  longestWaitMs: number;
  /** Whether the provider has a limit. */
  isLimited(provider: string): boolean;
  /**
   * Makes one call to the provider in its turn; at once where it has no limit. What has to hold
   * right before the call is looked at inside.
   * @throws LimitReached where no turn came within three seconds
   */
  run<T>(provider: string, call: () => Promise<T>): Promise<T>;
  /** The same for a call that is not worth waiting for; null where its turn is not now. */
  runNow<T>(provider: string, call: () => Promise<T>): Promise<T | null>;
}

/** @param options.timeoutMs the longest exchange with a provider, in milliseconds */
export function createCallLimiter(
  keeper: SlotKeeper,
  limits: ReadonlyMap<string, ProviderLimit>,
  options: { timeoutMs: number; patienceMs?: number },
): CallLimiter {
  const { timeoutMs, patienceMs = SLOT_PATIENCE_MS } = options;
  const leaseMs = timeoutMs + LEASE_MARGIN_MS;

  async function turnAt(provider: string, limit: ProviderLimit, slotId: string): Promise<void> {
    const request = { provider, slotId, limit, leaseMs, aheadMs: AHEAD_MS };
    const endsAtMs = performance.now() + patienceMs;
    for (;;) {
      const waitMs = await keeper.take(request);
      if (waitMs !== null) {
        await sleep(waitMs);
        return;
      }
      if (performance.now() >= endsAtMs) throw new LimitReached(`${provider} is at its limit.`);
      await sleep(PAUSE_MS * (1 + Math.random()));
    }
  }

  async function inTurn<T>(provider: string, slotId: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } finally {
      // Where this is lost, the turn ends by itself.
      await keeper.giveBack(provider, slotId).catch(() => {});
    }
  }

  return {
    longestWaitMs: patienceMs + AHEAD_MS + 2 * PAUSE_MS,
    isLimited: (provider) => limits.has(provider),
    async run(provider, call) {
      const limit = limits.get(provider);
      if (!limit) return await call();
      const slotId = randomUUID();
      await turnAt(provider, limit, slotId);
      return await inTurn(provider, slotId, call);
    },
    async runNow(provider, call) {
      const limit = limits.get(provider);
      if (!limit) return await call();
      const slotId = randomUUID();
      const waitMs = await keeper.take({ provider, slotId, limit, leaseMs, aheadMs: 0 });
      return waitMs === null ? null : await inTurn(provider, slotId, call);
    },
  };
}
