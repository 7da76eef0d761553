/**
 * The hold before the run: what S1 and S3 would take, taken right after S0, so that whoever comes
 * too late is refused without a run. The run finds what lies there, or takes it where we died.
 */
import { grantIdOf, isFinal } from '../../domain/claim.ts';
import type { Claim, ClaimStore } from '../../store/claims.ts';
import type { EntitlementStore } from '../../store/entitlements.ts';
import type { StockStore } from '../../store/stock.ts';

export interface HoldDeps {
  claims: Pick<ClaimStore, 'get' | 'emptyAmong'>;
  entitlements: Pick<EntitlementStore, 'take' | 'giveBack'>;
  stock: Pick<StockStore, 'reserve' | 'release'>;
}

const limitedLines = ({ lines }: Claim) =>
  lines.flatMap(({ lineId, quantity, buckets }) =>
    buckets === null ? [] : [{ lineId, quantity, buckets }],
  );

/** The entitlement first: a player's hundred keys must not hold a hundred units. */
async function take({ entitlements, stock }: HoldDeps, claim: Claim, now: Date): Promise<void> {
  const { _id: claimId, eventId, userId, periodKey, snapshot } = claim;
  const { claimsPerPeriod } = snapshot;
  const asked = { claimId, eventId, userId, periodKey, claimsPerPeriod };
  if (!(await entitlements.take(asked, now))) return;
  for (const { lineId, quantity, buckets } of limitedLines(claim)) {
    const holdId = grantIdOf(claimId, lineId);
    const reserved = await stock.reserve({ holdId, eventId, rewardId: lineId, quantity, buckets });
    if (reserved === 'SOLD_OUT') return;
  }
}

/**
 * Gives back what was taken for a claim that has ended meanwhile: a twin of the request, or
 * reconciliation, may have started its run while we were slow. Of a final claim everything that
 * counts is booked, so whatever lies there still came too late. Of one that is just being undone,
 * its run or reconciliation finds it.
 */
async function giveBackLate(deps: HoldDeps, claimId: string): Promise<void> {
  const claim = await deps.claims.get(claimId);
  if (!claim || !isFinal(claim.state)) return;
  for (const { lineId, quantity } of limitedLines(claim)) {
    await deps.stock.release(grantIdOf(claimId, lineId), quantity);
  }
  const [empty] = await deps.claims.emptyAmong([claimId]);
  if (empty) await deps.entitlements.giveBack(empty);
}

/**
 * Takes the claim's entitlement and its holds. Whatever it comes to, and if it throws, the claim's
 * run takes what is missing or refuses the claim: call it only for a claim that is recorded.
 */
export async function holdEarly(deps: HoldDeps, claim: Claim, now: Date): Promise<void> {
  await take(deps, claim, now);
  await giveBackLate(deps, claim._id);
}
