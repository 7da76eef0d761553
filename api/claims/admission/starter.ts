/** Starting a claim's run without making the player wait for Temporal: the record is the promise. */
import type { Logger } from 'pino';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import type { ClaimRuns, RunOf } from '../../temporal/runs.ts';
import type { RunStart } from '../../workflows/contract.ts';
import { createFairQueue, NotAdmitted } from './fair-queue.ts';

/** Longest wait for a start, in milliseconds: some ten times what it takes when all is well. */
const PATIENCE_MS = 500;

/** After a failed start nobody waits for this long, in milliseconds, as Temporal is likely down. */
const AWAY_MS = 2_000;

/**
 * Starts under way at once: few, as whoever comes for a quiet event waits for one of a crowd's to end.
 * With 32 that alone took half a second of a busy machine, with four an eighth. Others wait for their
 * turn, event by event; past the queue's end, or after some passes of reconciliation, that starts the
 * rest.
 */
const TURNS = { atOnce: 4, waiting: 10_000, patienceMs: 180_000 } as const;

/** A line this long is not through in anybody's patience. */
const LONG_LINE = 32;

type StartedClaim = RunOf & Pick<Claim, 'recordedAt'>;

export interface Starter {
  /**
   * Starts the claim's run; resolves soon, whatever Temporal does, and never fails.
   * @param known given by the request that recorded the claim, and by no other
   */
  start(claim: StartedClaim, known?: RunStart): Promise<void>;
}

export function createStarter(deps: {
  runs: Pick<ClaimRuns, 'start'>;
  /** Whether nobody else than the request that recorded the claim may have started its run. */
  isRecorders: ClaimStore['isRecorders'];
  log: Logger;
  nowMs?: () => number;
}): Starter {
  const nowMs = deps.nowMs ?? (() => performance.now());
  const turns = createFairQueue(TURNS);
  let awayUntilMs = 0;

  async function start(claim: StartedClaim, known: RunStart | undefined): Promise<void> {
    if (!known) return await deps.runs.start(claim);
    // Whoever waited too long here may not be the first any more.
    const isAlone = known.isAlone && (await deps.isRecorders(claim));
    await deps.runs.start(claim, { ...known, isAlone });
  }

  async function startNow(claim: StartedClaim, known: RunStart | undefined): Promise<void> {
    try {
      await turns.run(claim.eventId, () => start(claim, known));
      awayUntilMs = 0;
    } catch (err) {
      if (!(err instanceof NotAdmitted)) awayUntilMs = nowMs() + AWAY_MS;
      deps.log.warn({ err, claimId: claim._id }, 'claim recorded, but its run was not started yet');
    }
  }

  return {
    async start(claim, known) {
      const isAway = nowMs() < awayUntilMs;
      const isLong = turns.waiting() >= LONG_LINE;
      const started = startNow(claim, known);
      if (isAway || isLong) return;
      const patience = Promise.withResolvers<void>();
      const timer = setTimeout(patience.resolve, PATIENCE_MS);
      await Promise.race([started, patience.promise]);
      clearTimeout(timer);
    },
  };
}
