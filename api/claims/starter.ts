/** Starting a claim's run without making the player wait for Temporal: the record is the promise. */
import type { Logger } from 'pino';
import type { Claim } from '../../store/claims.ts';
import type { ClaimRuns } from '../../temporal/runs.ts';

/** Longest wait for a start, in milliseconds: some ten times what it takes when all is well. */
const PATIENCE_MS = 500;

/** After a failed start nobody waits for this long, in milliseconds, as Temporal is likely down. */
const AWAY_MS = 2_000;

/** Starts under way at once; past it reconciliation starts the rest. */
const MAX_UNDER_WAY = 1_000;

export interface Starter {
  /** Starts the claim's run; resolves soon, whatever Temporal does, and never fails. */
  start(claim: Claim): Promise<void>;
}

export function createStarter(deps: {
  runs: Pick<ClaimRuns, 'start'>;
  log: Logger;
  nowMs?: () => number;
}): Starter {
  const nowMs = deps.nowMs ?? (() => performance.now());
  let awayUntilMs = 0;
  let underWay = 0;

  async function startNow(claim: Claim): Promise<void> {
    underWay += 1;
    try {
      await deps.runs.start(claim);
      awayUntilMs = 0;
    } catch (err) {
      awayUntilMs = nowMs() + AWAY_MS;
      deps.log.warn({ err, claimId: claim._id }, 'claim recorded, but its run was not started yet');
    } finally {
      underWay -= 1;
    }
  }

  return {
    async start(claim) {
      if (underWay >= MAX_UNDER_WAY) return;
      const isAway = nowMs() < awayUntilMs;
      const started = startNow(claim);
      if (isAway) return;
      const patience = Promise.withResolvers<void>();
      const timer = setTimeout(patience.resolve, PATIENCE_MS);
      await Promise.race([started, patience.promise]);
      clearTimeout(timer);
    },
  };
}
