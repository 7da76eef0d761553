/** S3: a hold on every line with a stock, then the write-ahead of fulfilment. */
import { activityInfo } from '@temporalio/activity';
import type { Step } from '../domain/claim.ts';
import { grantIdOf } from '../domain/claim.ts';
import { isHeldEarly } from '../domain/early-hold.ts';
import { skipped, withSteps } from '../domain/steps.ts';
import { StockBusy } from '../domain/stock-busy.ts';
import type { Claim } from '../store/claims.ts';
import type { ActivityDeps } from './deps.ts';
import { ownRunId, recordOf, stepNow } from './record.ts';

export type ReserveResult =
  | { state: 'HELD'; at: string }
  | { state: 'SOLD_OUT'; step: Step }
  | { state: 'USER_NOT_ACTIVE'; step: Step }
  /** Another run has decided the claim's fate: follow the record. */
  | { state: 'OVERTAKEN' };

/** Holds line after line; the first that is sold out ends it. Null where everything is held. */
export async function firstSoldOut(deps: ActivityDeps, claim: Claim): Promise<string | null> {
  const isLikely = isHeldEarly(claim) || activityInfo().attempt > 1;
  for (const { lineId, quantity, buckets } of claim.lines) {
    if (buckets === null) continue;
    const holdId = grantIdOf(claim._id, lineId);
    const request = { holdId, eventId: claim.eventId, rewardId: lineId, quantity, buckets };
    const reserved = await deps.stock.reserve(request, isLikely).catch(async (error: unknown) => {
      // It may take long from here on: the player is shown where the claim stands.
      if (error instanceof StockBusy) await deps.claims.showReserving(claim._id);
      throw error;
    });
    if (reserved === 'SOLD_OUT') return lineId;
  }
  return null;
}

/** Reserves and, in one write, tells the steps so far and moves the claim to `FULFILLING`. */
export async function reserve(
  deps: ActivityDeps,
  claimId: string,
  since: Step[],
): Promise<ReserveResult> {
  const claim = await recordOf(deps.claims, claimId);
  if (claim.fate !== null) return { state: 'OVERTAKEN' };
  const held = () => ({ state: 'HELD', at: deps.now().toISOString() }) as const;
  if (claim.state === 'FULFILLING') return held();
  if ((await deps.userStatus(claim.userId)) !== 'ACTIVE') {
    const step = stepNow('S3_RESERVE', 'STOPPED', deps.now(), 'USER_NOT_ACTIVE');
    return { state: 'USER_NOT_ACTIVE', step };
  }

  const soldOut = await firstSoldOut(deps, claim);
  if (soldOut !== null) {
    return { state: 'SOLD_OUT', step: stepNow('S3_RESERVE', 'REFUSED', deps.now(), soldOut) };
  }
  const isLimited = claim.lines.some((line) => line.buckets !== null);
  const step = isLimited
    ? stepNow('S3_RESERVE', 'OK', deps.now())
    : skipped('S3_RESERVE', deps.now().toISOString());
  const story = withSteps(claim.steps, [...since, step]);
  if (await deps.claims.startFulfilling(claimId, story, ownRunId())) return held();
  const now = await recordOf(deps.claims, claimId);
  return now.fate === null ? held() : { state: 'OVERTAKEN' };
}
