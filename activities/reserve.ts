/** S3: a hold on every line with a stock. */
import { holdsOf } from '../domain/claims/holds.ts';
import { StockBusy } from '../domain/claims/stock-busy.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import type { ActivityDeps } from './deps.ts';

/**
 * Holds line after line; the first that is sold out ends it. Null where everything is held.
 * @param isLikely the holds probably lie there already
 */
export async function firstSoldOut(
  { claims, stock }: Pick<ActivityDeps, 'claims' | 'stock'>,
  claim: Claim,
  { isLikely }: { isLikely: boolean },
): Promise<string | null> {
  for (const hold of holdsOf(claim)) {
    const reserved = await stock.reserve(hold, { isLikely }).catch(async (error: unknown) => {
      // It may take long from here on: the player is shown where the claim stands.
      if (error instanceof StockBusy) await claims.showReserving(claim);
      throw error;
    });
    if (reserved === 'SOLD_OUT') return hold.rewardId;
  }
  return null;
}
