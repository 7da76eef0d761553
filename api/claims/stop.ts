/** Telling a leaver's running claims to stop. */
import type { ClaimStore } from '../../store/claims.ts';
import type { ClaimRuns } from '../../temporal/runs.ts';
import { SIGNALS } from '../../workflows/contract.ts';

/**
 * Wakes every open claim of the user, each of which then reads the user's record. The claims are
 * found in MongoDB, as Temporal's visibility store lags behind. What fails here is made up for by
 * the claim's own next look at the record, or by reconciliation.
 */
export async function stopClaimsOf(
  deps: { claims: ClaimStore; runs: Pick<ClaimRuns, 'wake'> },
  userId: string,
): Promise<void> {
  for (const claim of await deps.claims.openOf(userId)) {
    await deps.runs.wake(claim, SIGNALS.userLeft);
  }
}
