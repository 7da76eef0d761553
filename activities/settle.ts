/** S5: the point of no return to the good, holds into grants, the claim final. */
import { grantIdOf, isFinal, type Line, type Step } from '../domain/claim.ts';
import { withSteps } from '../domain/steps.ts';
import type { Claim } from '../store/claims.ts';
import type { ActivityDeps } from './deps.ts';
import { recordOf, stepNow } from './record.ts';

export interface Confirmed {
  /** When each line's grant was confirmed, by line. */
  grantedAt: Record<string, string>;
  /** What happened since the record was last written. */
  since: Step[];
}

export interface SettleRequest extends Confirmed {
  claimId: string;
}

/** The claim is granted, or it turned out to be undone by another run. */
export type SettleResult = { state: 'GRANTED' } | { state: 'UNDONE' };

/** The record with its fate taken, or as it stands where that was decided before. */
async function takeFate(deps: ActivityDeps, claim: Claim, confirmed: Confirmed): Promise<Claim> {
  if (claim.fate !== null) return claim;
  const lines = claim.lines.map((line): Line => {
    const at = confirmed.grantedAt[line.lineId];
    return { ...line, state: 'GRANTED', grantedAt: at ? new Date(at) : deps.now() };
  });
  const story = withSteps(claim.steps, confirmed.since);
  const taken = await deps.claims.takeGrantFate(claim._id, lines, story);
  return taken ?? (await recordOf(deps.claims, claim._id));
}

/** Safe to repeat at any point: the fate is taken once, a settled hold is gone, the end is guarded. */
export async function settle(deps: ActivityDeps, request: SettleRequest): Promise<SettleResult> {
  return await settleClaim(deps, await recordOf(deps.claims, request.claimId), request);
}

/** The same for a claim that was read, or written, a moment ago. */
export async function settleClaim(
  deps: ActivityDeps,
  read: Claim,
  confirmed: Confirmed,
): Promise<SettleResult> {
  const claim = await takeFate(deps, read, confirmed);
  if (claim.fate !== 'GRANT') return { state: 'UNDONE' };
  for (const { lineId, quantity, buckets } of claim.lines) {
    if (buckets !== null) await deps.stock.settle(grantIdOf(claim._id, lineId), quantity);
  }
  const step = stepNow('S5_SETTLE', 'OK', deps.now(), null, confirmed.since.at(-1)?.endedAt);
  const finished = await deps.claims.finish(claim._id, {
    state: 'GRANTED',
    reason: null,
    lines: claim.lines,
    steps: withSteps(claim.steps, [step]),
  });
  if (!finished && !isFinal((await recordOf(deps.claims, claim._id)).state)) {
    throw new Error(`Claim ${claim._id} could not be ended.`);
  }
  return { state: 'GRANTED' };
}
