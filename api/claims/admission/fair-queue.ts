/** Taking turns: so much at once, so much waiting, and nobody's crowd keeps the others waiting. */
import { DomainError } from '../../domain/errors.ts';

export interface QueueSettings {
  /** How much is worked on at once. */
  atOnce: number;
  /** How many may wait; one lane may have four fifths of them. */
  waiting: number;
  /** How long one may wait, in milliseconds. */
  patienceMs: number;
}

/** There is no turn to be had: too many wait, or it took too long. */
export class NotAdmitted extends DomainError {}

/** There is nothing to wait for any longer: what it is can be told without a turn, or nobody asks. */
export class Recalled extends Error {}

export interface FairQueue {
  /**
   * Does the work when its turn comes. Lanes take turns, so that a crowd in one does not hold up
   * another.
   * @param onWait given the way out of the line, for who does not want the turn any more
   * @throws NotAdmitted (`unavailable`), or Recalled, without having begun the work
   */
  run<T>(lane: string, work: () => Promise<T>, onWait?: (leave: () => void) => void): Promise<T>;
  underWay(): number;
  /** Whether who comes now must wait. */
  isFull(): boolean;
  waiting(): number;
  waitingIn(lane: string): number;
  /** Sends everybody away who waits in the lane, as `Recalled`. */
  recall(lane: string): void;
  /** Resolves once nobody waits in the lane. */
  cleared(lane: string): Promise<void>;
  /** FairQueue away everybody who waits, and whoever would have to from now on. */
  close(): void;
}

/** The share of the queue that one lane may fill. */
const LANE_SHARE = 0.8;

/**
 * Who is turned away comes back after one to so many seconds, not all at the same moment: the longer
 * the queue that is full, the later, as else those who come back take the time of those who wait.
 */
const LEAST_SPREAD_S = 3;
const SERVED_PER_S = 1_000;

interface Waiter {
  begin: () => void;
  sendAway: (reason: Error) => void;
  timer: NodeJS.Timeout;
}

/** @param onTurnedAway told of each whose turn did not come */
export function createFairQueue(
  settings: QueueSettings,
  onTurnedAway: (error: NotAdmitted) => void = () => {},
): FairQueue {
  const { atOnce, waiting: mostWaiting, patienceMs } = settings;
  const mostInLane = Math.ceil(mostWaiting * LANE_SHARE);
  const spreadS = Math.max(LEAST_SPREAD_S, Math.ceil(mostWaiting / SERVED_PER_S));
  /** In the order in which the lanes have their next turn. */
  const lanes = new Map<string, Set<Waiter>>();
  const clearings = new Map<string, PromiseWithResolvers<void>>();
  let underWay = 0;
  let waiting = 0;
  let turnedAway = 0;
  let isClosed = false;

  function notAdmitted(): NotAdmitted {
    turnedAway += 1;
    const detail = 'Too many are claiming at once. Try again shortly.';
    const error = new NotAdmitted('unavailable', detail, {
      retryAfterS: 1 + (turnedAway % spreadS),
    });
    onTurnedAway(error);
    return error;
  }

  /** False where it does not wait any more. */
  function leave(lane: string, waiter: Waiter): boolean {
    const line = lanes.get(lane);
    if (!line?.delete(waiter)) return false;
    waiting -= 1;
    if (line.size > 0) return true;
    lanes.delete(lane);
    clearings.get(lane)?.resolve();
    clearings.delete(lane);
    return true;
  }

  /** Resolves when the turn has come; the one before has been counted out by then. */
  async function waitIn(lane: string, onWait?: (leave: () => void) => void): Promise<void> {
    const line = lanes.get(lane) ?? new Set<Waiter>();
    const isFull = waiting >= mostWaiting || line.size >= mostInLane;
    if (isClosed || isFull) throw notAdmitted();
    const turn = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      leave(lane, waiter);
      turn.reject(notAdmitted());
    }, patienceMs);
    const waiter: Waiter = { begin: turn.resolve, sendAway: turn.reject, timer };
    line.add(waiter);
    lanes.set(lane, line);
    waiting += 1;
    onWait?.(() => sendAway(lane, waiter, recalled));
    await turn.promise;
  }

  function sendAway(lane: string, waiter: Waiter, reason: () => Error): void {
    if (!leave(lane, waiter)) return;
    clearTimeout(waiter.timer);
    waiter.sendAway(reason());
  }
  const recalled = () => new Recalled('There is nothing to wait for any longer.');

  /** Hands the turn that is over to the next lane. */
  function passOn(): void {
    const [next] = lanes;
    if (!next) {
      underWay -= 1;
      return;
    }
    const [lane, line] = next;
    const [waiter] = line;
    lanes.delete(lane);
    if (!waiter) return;
    lanes.set(lane, line);
    leave(lane, waiter);
    clearTimeout(waiter.timer);
    waiter.begin();
  }

  return {
    async run(lane, work, onWait) {
      if (underWay < atOnce) underWay += 1;
      else await waitIn(lane, onWait);
      try {
        return await work();
      } finally {
        passOn();
      }
    },
    underWay: () => underWay,
    isFull: () => underWay >= atOnce,
    waiting: () => waiting,
    waitingIn: (lane) => lanes.get(lane)?.size ?? 0,
    recall(lane) {
      for (const waiter of [...(lanes.get(lane) ?? [])]) sendAway(lane, waiter, recalled);
    },
    async cleared(lane) {
      if (!lanes.has(lane)) return;
      const clearing = clearings.get(lane) ?? Promise.withResolvers<void>();
      clearings.set(lane, clearing);
      await clearing.promise;
    },
    close() {
      isClosed = true;
      for (const [lane, line] of [...lanes]) {
        for (const waiter of [...line]) sendAway(lane, waiter, notAdmitted);
      }
    },
  };
}
