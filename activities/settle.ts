/** S5: the fate `GRANT` is taken, holds become grants, the claim becomes final. */
import { type Line, type Step, withSteps } from '../domain/claims/claim.ts';
import { holdsOf, needsHold } from '../domain/claims/holds.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import type { ClaimRef } from '../workflows/contract.ts';
import type { ActivityDeps } from './deps.ts';
import { type Ended, endOf, recordOf } from './read-claim.ts';
import { stepNow } from './running-activity.ts';

interface Confirmed {
  /** When each line's grant was confirmed, by line. ISO 8601. */
  grantedAt: Record<string, string>;
  /** The steps since the record was last written. */
  since: Step[];
}

/**
 * Ends the claim as granted. Safe to repeat at any point: the fate is taken once, a settled hold is
 * gone, and the last write is guarded.
 * @returns the end; null if another run has undone the claim or changed it
 */
export async function settle(
  deps: ActivityDeps,
  request: ClaimRef & Confirmed,
): Promise<Ended | null> {
  const settled = await settleClaim(deps, await recordOf(deps.claims, request), request);
  return settled && endOf(settled);
}

/** The same for a claim that was just read or written. @returns the claim as it ended, or null */
export async function settleClaim(
  deps: ActivityDeps,
  claim: Claim,
  confirmed: Confirmed,
): Promise<Claim | null> {
  if (!needsHold(claim) && claim.fate === null) {
    return await end(deps, granted(deps, claim, confirmed));
  }
  const fated = await takeFate(deps, claim, confirmed);
  if (fated.fate !== 'GRANT') return null;
  // With the fate on the record, a hold that is missing was settled: nobody gives it back any more.
  await Promise.all(holdsOf(fated).map((hold) => deps.stock.settle(hold)));
  return await end(deps, { ...fated, since: confirmed.since });
}

/** The claim with every line granted and the steps so far. Nothing is written. */
function granted(deps: ActivityDeps, claim: Claim, { grantedAt, since }: Confirmed) {
  const lines = claim.lines.map((line): Line => {
    const at = grantedAt[line.lineId];
    return { ...line, state: 'GRANTED', grantedAt: at ? new Date(at) : deps.now() };
  });
  return { ...claim, lines, steps: withSteps(claim.steps, since), since };
}

/** Takes the fate `GRANT`; the record as it is if it has a fate already. */
async function takeFate(deps: ActivityDeps, claim: Claim, confirmed: Confirmed): Promise<Claim> {
  if (claim.fate !== null) return claim;
  const { lines, steps } = granted(deps, claim, confirmed);
  const isTaken = await deps.claims.takeGrantFate(claim, lines, steps);
  return isTaken ? { ...claim, fate: 'GRANT', lines, steps } : await readAgain(deps, claim);
}

async function end(deps: ActivityDeps, claim: Claim & { since: Step[] }): Promise<Claim | null> {
  const last = claim.since.at(-1)?.endedAt;
  const steps = withSteps(claim.steps, [stepNow('S5_SETTLE', 'OK', deps.now(), null, last)]);
  const isGranted = await deps.claims.grant(claim, claim.lines, steps);
  if (isGranted) return { ...claim, state: 'GRANTED', reason: null, steps };
  const now = await readAgain(deps, claim);
  return now.state === 'GRANTED' ? now : null;
}

async function readAgain({ claims }: ActivityDeps, { _id, userId }: Claim): Promise<Claim> {
  return await recordOf(claims, { claimId: _id, userId });
}
