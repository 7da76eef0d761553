/** Starts the runs of recorded claims. No player waits for Temporal: the record is the promise. */
import type { Logger } from 'pino';
import type { Claim } from '../../../store/claims/claim-record.ts';
import type { ClaimStore } from '../../../store/claims/claims.ts';
import type { ClaimRuns, RunOf } from '../../../temporal/runs.ts';
import type { RunStart } from '../../../workflows/contract.ts';
import { createFairQueue, type FairQueue } from './fair-queue.ts';

/** How long a request waits for its start, in milliseconds: ten times what it usually takes. */
const WAIT_MS = 500;

/** So long after a failed start no request waits, in milliseconds: Temporal is likely down. */
const NO_WAIT_AFTER_FAILURE_MS = 2_000;

/**
 * The queue of starts. Few at once, because a quiet event's start waits for one of a crowd's to
 * end: with 32 that took half a second on a busy machine, with 4 an eighth. What finds no room, or
 * waits longer than three minutes (some passes of reconciliation), is started by reconciliation.
 */
const STARTS = { atOnce: 4, waiting: 10_000, patienceMs: 180_000 } as const;

/** With so many starts waiting no request waits for its own: that takes longer than `WAIT_MS`. */
const LONG_QUEUE = 32;

/** Requests waiting for one event that make a crowd: more than are recorded in half a second. */
const CROWD = 250;

/** Longest delay of a crowd's starts, in milliseconds: less than the longest wait at the door. */
const LONGEST_DELAY_MS = 10_000;

type StartedClaim = RunOf & Pick<Claim, 'recordedAt'>;

export interface Starter {
  /**
   * Starts the claim's run. Resolves soon, whatever Temporal does, and never rejects.
   * @param known given only by the request that recorded the claim
   */
  start(claim: StartedClaim, known?: RunStart): Promise<void>;
}

export function createStarter(deps: {
  runs: Pick<ClaimRuns, 'start'>;
  /** Whether only the request that recorded the claim may have started its run until now. */
  isRecorders: ClaimStore['isRecorders'];
  log: Logger;
  /** Milliseconds on a clock that never goes back. */
  nowMs?: () => number;
}): Starter {
  const nowMs = deps.nowMs ?? (() => performance.now());
  const queue = createFairQueue(STARTS);
  let noWaitUntilMs = 0;

  async function start(claim: StartedClaim, known: RunStart | undefined): Promise<void> {
    if (!known) return await deps.runs.start(claim);
    // After a long wait in the queue somebody else may have started it.
    const isAlone = known.isAlone && (await deps.isRecorders(claim));
    await deps.runs.start(claim, { ...known, isAlone });
  }

  async function startQueued(claim: StartedClaim, known: RunStart | undefined): Promise<void> {
    const warn = (err: unknown) =>
      deps.log.warn({ err, claimId: claim._id }, 'claim recorded, but its run was not started yet');
    try {
      const result = await queue.run(claim.eventId, () => start(claim, known));
      if (result.state === 'TURNED_AWAY') warn(result.refusal);
      else noWaitUntilMs = 0;
    } catch (err) {
      noWaitUntilMs = nowMs() + NO_WAIT_AFTER_FAILURE_MS;
      warn(err);
    }
  }

  return {
    async start(claim, known) {
      const isLikelyDown = nowMs() < noWaitUntilMs;
      const isLong = queue.waiting() >= LONG_QUEUE;
      const started = startQueued(claim, known);
      if (isLikelyDown || isLong) return;
      await atMost(WAIT_MS, started);
    },
  };
}

/**
 * Wraps a starter: the runs of an event with a crowd at the door start once all have passed it. On
 * a machine of few cores the runs would slow the decisions down; later they cost the same. If the
 * process dies before, reconciliation starts them.
 */
export function startAfterCrowds(starter: Starter, door: FairQueue): Starter {
  return {
    async start(claim, known) {
      if (door.waitingIn(claim.eventId) < CROWD) return await starter.start(claim, known);
      const passed = atMost(LONGEST_DELAY_MS, door.cleared(claim.eventId));
      void passed.then(() => starter.start(claim, known));
    },
  };
}

/** Resolves with the promise, or after so many milliseconds. */
async function atMost(ms: number, promise: Promise<void>): Promise<void> {
  const longest = Promise.withResolvers<void>();
  const timer = setTimeout(longest.resolve, ms);
  await Promise.race([promise, longest.promise]);
  clearTimeout(timer);
}
