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

export type CallLimiter = ReturnType<typeof createCallLimiter>;

/**
 * @param keeper keeps the slots
 * @param limits the providers' limits by name; a provider without one may be called at any time
 * @param options.timeoutMs the longest exchange with a provider, in milliseconds
 * @param options.patienceMs how long a call may wait for a slot, in milliseconds; three seconds
 *   unless given
 */
export function createCallLimiter(
  keeper: SlotKeeper,
  limits: ReadonlyMap<string, ProviderLimit | undefined>,
  options: { timeoutMs: number; patienceMs?: number },
) {
  const { timeoutMs, patienceMs = SLOT_PATIENCE_MS } = options;
  const leaseMs = timeoutMs + LEASE_MARGIN_MS;

  const requestFor = (provider: string, limit: ProviderLimit, aheadMs: number): SlotRequest => {
    return { provider, slotId: randomUUID(), limit, leaseMs, aheadMs };
  };

  async function waitForSlot(request: SlotRequest): Promise<void> {
    const endsAtMs = performance.now() + patienceMs;
    for (;;) {
      const waitMs = await keeper.take(request);
      if (waitMs !== null) return await sleep(waitMs);
      if (performance.now() >= endsAtMs) {
        throw new LimitReached(`${request.provider} is at its limit.`);
      }
      await sleep(PAUSE_MS * (1 + Math.random()));
    }
  }

  async function runInSlot<T>({ provider, slotId }: SlotRequest, call: () => Promise<T>) {
    try {
      return await call();
    } finally {
      // Where this write is lost, the slot ends with its lease.
      await keeper.giveBack(provider, slotId).catch(() => {});
    }
  }

  return {
    /** The longest time that a call waits for its slot and its booked start, in milliseconds. */
    longestWaitMs: patienceMs + AHEAD_MS + 2 * PAUSE_MS,
    /** Whether the provider has a limit. */
    isLimited: (provider: string): boolean => limits.get(provider) !== undefined,
    /**
     * Makes one call to the provider once there is a slot; at once where the provider has no limit.
     * Checks that must hold right before the call belong inside `call`.
     * @throws LimitReached where there was no slot within three seconds
     */
    async run<T>(provider: string, call: () => Promise<T>): Promise<T> {
      const limit = limits.get(provider);
      if (!limit) return await call();
      const request = requestFor(provider, limit, AHEAD_MS);
      await waitForSlot(request);
      return await runInSlot(request, call);
    },
    /** Makes one call if there is a slot now. Null where there is none; the call is not made then. */
    async runNow<T>(provider: string, call: () => Promise<T>): Promise<T | null> {
      const limit = limits.get(provider);
      if (!limit) return await call();
      const request = requestFor(provider, limit, 0);
      return (await keeper.take(request)) === null ? null : await runInSlot(request, call);
    },
  };
}
