/** S5: the point of no return to the good, holds into grants, the claim final. */
import type { Line, Step } from '../domain/claims/claim.ts';
import { holdsOf, isLimited } from '../domain/claims/holds.ts';
import { withSteps } from '../domain/claims/steps.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import type { ClaimRef } from '../workflows/contract.ts';
import { type Ended, endOf, recordOf, stepNow } from './claim-and-steps.ts';
import type { ActivityDeps } from './deps.ts';

interface Confirmed {
  /** When each line's grant was confirmed, by line. */
  grantedAt: Record<string, string>;
  /** What happened since the record was last written. */
  since: Step[];
}

export interface SettleRequest extends ClaimRef, Confirmed {}

/**
 * Ends the claim as granted; null where another run has undone it, or moved it on. Safe to repeat at
 * any point: the fate is taken once, a settled hold is gone, the end is guarded.
 */
export async function settle(deps: ActivityDeps, request: SettleRequest): Promise<Ended | null> {
  const settled = await settleClaim(deps, await recordOf(deps.claims, request), request);
  return settled && endOf(settled);
}

/** The same for a claim that was read, or written, a moment ago; answers it as it ended. */
export async function settleClaim(
  deps: ActivityDeps,
  claim: Claim,
  confirmed: Confirmed,
): Promise<Claim | null> {
  if (!isLimited(claim) && claim.fate === null)
    return await end(deps, granted(deps, claim, confirmed));
  const fated = await takeFate(deps, claim, confirmed);
  if (fated.fate !== 'GRANT') return null;
  // Only now does a hold that is missing prove that it was settled.
  await Promise.all(holdsOf(fated).map((hold) => deps.stock.settle(hold)));
  return await end(deps, { ...fated, since: confirmed.since });
}

/** The claim as its grant makes it: each line given, the steps so far told. */
function granted(deps: ActivityDeps, claim: Claim, { grantedAt, since }: Confirmed) {
  const lines = claim.lines.map((line): Line => {
    const at = grantedAt[line.lineId];
    return { ...line, state: 'GRANTED', grantedAt: at ? new Date(at) : deps.now() };
  });
  return { ...claim, lines, steps: withSteps(claim.steps, since), since };
}

/** The record with its fate taken, or as it stands where that was decided before. */
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
