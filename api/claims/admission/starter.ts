/** Starts the runs of recorded claims. No player waits for Temporal: the record is the promise. */
import type { Logger } from 'pino';
import type { Claim } from '../../../store/claims/claim-record.ts';
import type { ClaimStore } from '../../../store/claims/claims.ts';
import type { ClaimRuns, RunOf } from '../../../temporal/runs.ts';
import type { RunStart } from '../../../workflows/contract.ts';
import { createFairQueue } from './fair-queue.ts';

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
      const waited = Promise.withResolvers<void>();
      const timer = setTimeout(waited.resolve, WAIT_MS);
      await Promise.race([started, waited.promise]);
      clearTimeout(timer);
    },
  };
}
