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

export interface FairQueue {
  /**
   * Does the work once a slot is free. Lanes are served in rotation (round robin), so that a crowd
   * in one does not hold up another.
   * @param onWait called if it has to wait, with a function that leaves the queue
   * @throws only what the work throws
   */
  run<T>(
    lane: string,
    work: () => Promise<T>,
    onWait?: (leave: () => void) => void,
  ): Promise<QueueResult<T>>;
  /** How many slots are taken. */
  underWay(): number;
  /** Whether all slots are taken, so that the next entry has to wait. */
  isFull(): boolean;
  /** How many wait, in all lanes. */
  waiting(): number;
  waitingIn(lane: string): number;
  /** Ends the wait of all who wait in the lane, as `RECALLED`. */
  recall(lane: string): void;
  /** Resolves once nobody waits in the lane. */
  cleared(lane: string): Promise<void>;
  /** Turns away all who wait, and from now on all who would have to. */
  close(): void;
}

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
  end: (how: Waited) => void;
  timer: NodeJS.Timeout;
}

/** @param onTurnedAway called with each refusal */
export function createFairQueue(
  settings: QueueSettings,
  onTurnedAway: (refusal: DomainError) => void = () => {},
): FairQueue {
  const { atOnce, waiting: mostWaiting, patienceMs } = settings;
  const mostInLane = Math.ceil(mostWaiting * LANE_SHARE);
  const refusalOf = spreadRefusals(mostWaiting);
  const lanes = createLanes();
  let underWay = 0;
  let isClosed = false;

  function turnedAway(): Waited {
    const refusal = refusalOf();
    onTurnedAway(refusal);
    return { state: 'TURNED_AWAY', refusal };
  }

  /** Ends a wait; does nothing if it is over already. */
  function endWait(lane: string, waiter: Waiter, how: () => Waited): void {
    if (lanes.remove(lane, waiter)) waiter.end(how());
  }

  /** Waits for a slot. With `HAS_SLOT` it got one that was taken, so `underWay` stays as it is. */
  async function wait(lane: string, onWait?: (leave: () => void) => void): Promise<Waited> {
    const isFull = lanes.waiting() >= mostWaiting || lanes.countIn(lane) >= mostInLane;
    if (isClosed || isFull) return turnedAway();
    const ended = Promise.withResolvers<Waited>();
    const timer = setTimeout(() => endWait(lane, waiter, turnedAway), patienceMs);
    const waiter: Waiter = { end: ended.resolve, timer };
    lanes.add(lane, waiter);
    onWait?.(() => endWait(lane, waiter, recalled));
    return await ended.promise;
  }

  /** Passes the slot of an entry that has ended on to the next waiter. */
  function passOn(): void {
    const next = lanes.next();
    if (next) endWait(next.lane, next.waiter, () => ({ state: 'HAS_SLOT' }));
    else underWay -= 1;
  }

  return {
    async run(lane, work, onWait) {
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
    underWay: () => underWay,
    isFull: () => underWay >= atOnce,
    waiting: lanes.waiting,
    waitingIn: lanes.countIn,
    recall(lane) {
      for (const waiter of lanes.waitersOf(lane)) endWait(lane, waiter, recalled);
    },
    cleared: lanes.cleared,
    close() {
      isClosed = true;
      for (const lane of lanes.names()) {
        for (const waiter of lanes.waitersOf(lane)) endWait(lane, waiter, turnedAway);
      }
    },
  };
}

const recalled = (): Waited => ({ state: 'RECALLED' });

/** Makes the refusals of a queue of that length, each with another `Retry-After` than the last. */
function spreadRefusals(mostWaiting: number): () => DomainError {
  const spreadS = Math.max(LEAST_SPREAD_S, Math.ceil(mostWaiting / SERVED_PER_S));
  let count = 0;
  return () => {
    count += 1;
    return new DomainError('unavailable', 'Too many are claiming at once. Try again shortly.', {
      retryAfterS: 1 + (count % spreadS),
    });
  };
}

/** Who waits, lane by lane. */
function createLanes() {
  /** The lanes that are not empty; the first is served next. */
  const lanes = new Map<string, Set<Waiter>>();
  const clearings = new Map<string, PromiseWithResolvers<void>>();
  let waiting = 0;

  return {
    waiting: () => waiting,
    names: () => [...lanes.keys()],
    waitersOf: (lane: string): Waiter[] => [...(lanes.get(lane) ?? [])],
    countIn: (lane: string) => lanes.get(lane)?.size ?? 0,

    add(lane: string, waiter: Waiter): void {
      const waiters = lanes.get(lane) ?? new Set<Waiter>();
      lanes.set(lane, waiters.add(waiter));
      waiting += 1;
    },

    /** Takes a waiter out. False if it does not wait any more. */
    remove(lane: string, waiter: Waiter): boolean {
      const waiters = lanes.get(lane);
      if (!waiters?.delete(waiter)) return false;
      clearTimeout(waiter.timer);
      waiting -= 1;
      if (waiters.size > 0) return true;
      lanes.delete(lane);
      clearings.get(lane)?.resolve();
      clearings.delete(lane);
      return true;
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
