/** S3: a hold for every limited line of a claim. */
import { holdsOf } from '../domain/claims/holds.ts';
import { StockBusy } from '../domain/claims/stock-busy.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import type { ActivityDeps } from './deps.ts';

/**
 * Holds the units of one line after the other, until a line is sold out.
 * @param isLikely the holds were probably made by an earlier attempt: they are looked for first
 * @returns the first reward that is sold out; null if everything is held
 * @throws StockBusy if units are left but cannot be held now
 */
export async function firstSoldOut(
  { claims, stock }: Pick<ActivityDeps, 'claims' | 'stock'>,
  claim: Claim,
  { isLikely }: { isLikely: boolean },
): Promise<string | null> {
  for (const hold of holdsOf(claim)) {
    const reserved = await stock.reserve(hold, { isLikely }).catch(async (error: unknown) => {
      // The wait may be long now: the player sees the state.
      if (error instanceof StockBusy) await claims.showReserving(claim);
      throw error;
    });
    if (reserved === 'SOLD_OUT') return hold.rewardId;
  }
  return null;
}
