/** Limits calls to each provider, over all processes. A call begins once it has a slot. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LimitReached, type ProviderLimit, type SlotRequest } from '../domain/provider-limit.ts';

/** Keeps the slots for all processes: `store/provider-limits.ts`. */
export interface SlotKeeper {
  /** Takes a slot. Returns the milliseconds until its call may begin, or null without a slot. */
  take(request: SlotRequest): Promise<number | null>;
  /** Gives a slot back. */
  giveBack(provider: string, slotId: string): Promise<void>;
}

/** How long a call may wait for a slot, in milliseconds. */
const SLOT_PATIENCE_MS = 3_000;

/**
 * How far ahead a start may be booked, in milliseconds. A call with a booked start holds a slot
 * while it waits.
 */
const AHEAD_MS = 500;

/**
 * The pause between two attempts to take a slot, in milliseconds. A random pause of up to the same
 * length is added, so that waiting calls do not all try together.
 */
const PAUSE_MS = 50;

/**
 * How long a call may take besides the exchange with its provider, in milliseconds: our own reads
 * take seconds at most.
 */
const LEASE_MARGIN_MS = 10_000;

export interface CallLimiter {
  /** The longest time that a call waits for its slot and its booked start, in milliseconds. */
  longestWaitMs: number;
  /** Whether the provider has a limit. */
  isLimited(provider: string): boolean;
  /**
   * Makes one call to the provider once there is a slot; at once where the provider has no limit.
   * Checks that must hold right before the call belong inside `call`.
   * @throws LimitReached where there was no slot within three seconds
   */
  run<T>(provider: string, call: () => Promise<T>): Promise<T>;
  /** Makes one call if there is a slot now. Null where there is none; the call is not made then. */
  runNow<T>(provider: string, call: () => Promise<T>): Promise<T | null>;
}

/**
 * @param keeper keeps the slots
 * @param limits the providers' limits by name; a provider without an entry has none
 * @param options.timeoutMs the longest exchange with a provider, in milliseconds
 * @param options.patienceMs how long a call may wait for a slot, in milliseconds; three seconds
 *   unless given
 */
export function createCallLimiter(
  keeper: SlotKeeper,
  limits: ReadonlyMap<string, ProviderLimit>,
  options: { timeoutMs: number; patienceMs?: number },
): CallLimiter {
  const { timeoutMs, patienceMs = SLOT_PATIENCE_MS } = options;
  const leaseMs = timeoutMs + LEASE_MARGIN_MS;

  async function waitForSlot(
    provider: string,
    limit: ProviderLimit,
    slotId: string,
  ): Promise<void> {
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

  async function runInSlot<T>(
    provider: string,
    slotId: string,
    call: () => Promise<T>,
  ): Promise<T> {
    try {
      return await call();
    } finally {
      // Where this write is lost, the slot ends with its lease.
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
      await waitForSlot(provider, limit, slotId);
      return await runInSlot(provider, slotId, call);
    },
    async runNow(provider, call) {
      const limit = limits.get(provider);
      if (!limit) return await call();
      const slotId = randomUUID();
      const waitMs = await keeper.take({ provider, slotId, limit, leaseMs, aheadMs: 0 });
      return waitMs === null ? null : await runInSlot(provider, slotId, call);
    },
  };
}
