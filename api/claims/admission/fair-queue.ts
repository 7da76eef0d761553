/** A bounded queue with slots and lanes, in which no lane starves another. */
import { DomainError } from '../../../domain/errors.ts';

export interface QueueSettings {
  /** Slots: how many are worked on at once. */
  atOnce: number;
  /** How many may wait; one lane may fill four fifths of it. */
  waiting: number;
  /** Longest wait for a slot, in milliseconds. */
  patienceMs: number;
}

/** How an entry of the queue ended. */
export type QueueResult<T> =
  | { state: 'DONE'; value: T }
  /** There was no room, the wait took too long, or the queue is closed. The work did not begin. */
  | { state: 'TURNED_AWAY'; refusal: DomainError }
  /** Its lane was recalled, or it left the queue. The work did not begin. */
  | { state: 'RECALLED' };

type Waited = Exclude<QueueResult<never>, { state: 'DONE' }> | { state: 'HAS_SLOT' };

export type FairQueue = ReturnType<typeof createFairQueue>;

/** The share of the queue that one lane may fill. The rest is kept for other lanes. */
const LANE_SHARE = 0.8;

/**
 * `Retry-After` is spread over so many seconds, so that not all come back at the same moment. The
 * spread grows with the queue: those who come back too early take time from those who wait.
 */
const LEAST_SPREAD_S = 3;

/** How fast a full queue empties, in entries a second, as measured on two cores. */
const SERVED_PER_S = 1_000;

interface Waiter {
  resolve: (how: Waited) => void;
  timer: NodeJS.Timeout;
}

/** @param onTurnedAway called with each refusal */
export function createFairQueue(
  settings: QueueSettings,
  onTurnedAway: (refusal: DomainError) => void = () => {},
) {
  const { atOnce, waiting: mostWaiting, patienceMs } = settings;
  const mostInLane = Math.ceil(mostWaiting * LANE_SHARE);
  const spreadS = Math.max(LEAST_SPREAD_S, Math.ceil(mostWaiting / SERVED_PER_S));
  const lanes = createLanes();
  let refusals = 0;
  let underWay = 0;
  let isClosed = false;

  /** Refuses, each time with another `Retry-After`. */
  function turnedAway(): Waited {
    refusals += 1;
    const detail = 'Too many are claiming at once. Try again shortly.';
    const retryAfterS = 1 + (refusals % spreadS);
    const refusal = new DomainError('unavailable', detail, { retryAfterS });
    onTurnedAway(refusal);
    return { state: 'TURNED_AWAY', refusal };
  }

  /** Waits for a slot. With `HAS_SLOT` it got one that was taken, so `underWay` stays as it is. */
  async function wait(lane: string, onWait?: (leave: () => void) => void): Promise<Waited> {
    const isFull = lanes.waiting() >= mostWaiting || lanes.countIn(lane) >= mostInLane;
    if (isClosed || isFull) return turnedAway();
    const ended = Promise.withResolvers<Waited>();
    const timer = setTimeout(() => lanes.end(lane, waiter, turnedAway), patienceMs);
    const waiter: Waiter = { resolve: ended.resolve, timer };
    lanes.add(lane, waiter);
    onWait?.(() => lanes.end(lane, waiter, recalled));
    return await ended.promise;
  }

  /** Passes the slot of an entry that has ended on to the next waiter. */
  function passOn(): void {
    const next = lanes.next();
    if (next) lanes.end(next.lane, next.waiter, () => ({ state: 'HAS_SLOT' }));
    else underWay -= 1;
  }

  return {
    /**
     * Does the work once a slot is free. Lanes are served in rotation (round robin), so that a
     * crowd in one does not hold up another.
     * @param onWait called if it has to wait, with a function that leaves the queue
     * @throws only what the work throws
     */
    async run<T>(
      lane: string,
      work: () => Promise<T>,
      onWait?: (leave: () => void) => void,
    ): Promise<QueueResult<T>> {
      if (underWay < atOnce) underWay += 1;
      else {
        const waited = await wait(lane, onWait);
        if (waited.state !== 'HAS_SLOT') return waited;
      }
      try {
        return { state: 'DONE', value: await work() };
      } finally {
        passOn();
      }
    },
    /** How many slots are taken. */
    underWay: () => underWay,
    /** Whether all slots are taken, so that the next entry has to wait. */
    isFull: () => underWay >= atOnce,
    /** How many wait, in all lanes. */
    waiting: lanes.waiting,
    waitingIn: lanes.countIn,
    /** Ends the wait of all who wait in the lane, as `RECALLED`. */
    recall: (lane: string) => lanes.endAll(lane, recalled),
    /** Resolves once nobody waits in the lane. */
    cleared: lanes.cleared,
    /** Turns away all who wait, and from now on all who would have to. */
    close(): void {
      isClosed = true;
      for (const lane of lanes.names()) lanes.endAll(lane, turnedAway);
    },
  };
}

const recalled = (): Waited => ({ state: 'RECALLED' });

/** Who waits, lane by lane. */
function createLanes() {
  /** The lanes that are not empty; the first is served next. */
  const lanes = new Map<string, Set<Waiter>>();
  const clearings = new Map<string, PromiseWithResolvers<void>>();
  let waiting = 0;

  /** Ends a wait; does nothing if it is over already. */
  function end(lane: string, waiter: Waiter, how: () => Waited): void {
    const waiters = lanes.get(lane);
    if (!waiters?.delete(waiter)) return;
    clearTimeout(waiter.timer);
    waiting -= 1;
    if (waiters.size === 0) {
      lanes.delete(lane);
      clearings.get(lane)?.resolve();
      clearings.delete(lane);
    }
    waiter.resolve(how());
  }

  return {
    end,
    endAll(lane: string, how: () => Waited): void {
      for (const waiter of [...(lanes.get(lane) ?? [])]) end(lane, waiter, how);
    },
    waiting: () => waiting,
    names: () => [...lanes.keys()],
    countIn: (lane: string) => lanes.get(lane)?.size ?? 0,

    add(lane: string, waiter: Waiter): void {
      const waiters = lanes.get(lane) ?? new Set<Waiter>();
      lanes.set(lane, waiters.add(waiter));
      waiting += 1;
    },

    /** The waiter to be served next, who still waits; its lane is then the last. */
    next(): { lane: string; waiter: Waiter } | undefined {
      const [first] = lanes;
      if (!first) return undefined;
      const [lane, waiters] = first;
      const [waiter] = waiters;
      lanes.delete(lane);
      lanes.set(lane, waiters);
      return waiter && { lane, waiter };
    },

    async cleared(lane: string): Promise<void> {
      if (!lanes.has(lane)) return;
      const clearing = clearings.get(lane) ?? Promise.withResolvers<void>();
      clearings.set(lane, clearing);
      await clearing.promise;
    },
  };
}
