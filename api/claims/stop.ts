/** Telling a leaver's running claims to stop. */
import type { ClaimStore } from '../../store/claims.ts';
import type { ClaimRuns } from '../../temporal/runs.ts';
import { SIGNALS } from '../../workflows/contract.ts';

/** Claims told side by side: one player has few that are open. */
const AT_ONCE = 8;

/**
 * Wakes every open claim of the user, each of which then reads the user's record. The claims are
 * found in MongoDB, as Temporal's visibility store lags behind. What fails here is made up for by
 * the claim's own next look at the record, or by reconciliation.
 * @throws AggregateError of what failed, after all were told
 */
export async function stopClaimsOf(
  deps: { claims: ClaimStore; runs: Pick<ClaimRuns, 'wake'> },
  userId: string,
): Promise<void> {
  const open = await deps.claims.openOf(userId);
  const failed: unknown[] = [];
  for (let n = 0; n < open.length; n += AT_ONCE) {
    const batch = open.slice(n, n + AT_ONCE);
    const told = await Promise.allSettled(batch.map((c) => deps.runs.wake(c, SIGNALS.userLeft)));
    failed.push(...told.flatMap((t) => (t.status === 'rejected' ? [t.reason] : [])));
  }
  if (failed.length > 0) throw new AggregateError(failed, `${failed.length} claims were not told`);
}
