/** Starting a claim's run without making the player wait for Temporal: the record is the promise. */
import type { Logger } from 'pino';
import type { ClaimRuns, RecordedRun } from '../../temporal/runs.ts';
import { createTurns, NoTurn } from './turns.ts';

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

export interface Starter {
  /** Starts the claim's run; resolves soon, whatever Temporal does, and never fails. */
  start(claim: RecordedRun): Promise<void>;
}

export function createStarter(deps: {
  runs: Pick<ClaimRuns, 'start'>;
  log: Logger;
  nowMs?: () => number;
}): Starter {
  const nowMs = deps.nowMs ?? (() => performance.now());
  const turns = createTurns(TURNS);
  let awayUntilMs = 0;

  type Started = Parameters<Starter['start']>[0];

  async function startNow(claim: Started): Promise<void> {
    try {
      await turns.run(claim.eventId, () => deps.runs.start(claim));
      awayUntilMs = 0;
    } catch (err) {
      if (!(err instanceof NoTurn)) awayUntilMs = nowMs() + AWAY_MS;
      deps.log.warn({ err, claimId: claim._id }, 'claim recorded, but its run was not started yet');
    }
  }

  return {
    async start(claim) {
      const isAway = nowMs() < awayUntilMs;
      const isLong = turns.waiting() >= LONG_LINE;
      const started = startNow(claim);
      if (isAway || isLong) return;
      const patience = Promise.withResolvers<void>();
      const timer = setTimeout(patience.resolve, PATIENCE_MS);
      await Promise.race([started, patience.promise]);
      clearTimeout(timer);
    },
  };
}
