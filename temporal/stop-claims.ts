/** Telling a leaver's running claims to stop. */
import type { Claim } from '../store/claims/claim-record.ts';
import type { ClaimStore } from '../store/claims/claims.ts';
import { SIGNALS } from '../workflows/contract.ts';
import type { ClaimRuns } from './runs.ts';

interface StopDeps {
  claims: Pick<ClaimStore, 'openOf'>;
  runs: Pick<ClaimRuns, 'wake'>;
}

/** Claims told side by side: one player has few that are open. */
const AT_ONCE = 8;

/** Players who may wait for their turn; the claims of more are left to reconciliation. */
const LONGEST_LINE = 1_000;

/** Who waits for each client of Temporal: how many, and until when. */
const lines = new WeakMap<object, { waiting: number; end: Promise<unknown> }>();

/** Until S2 or S4 keeps it waiting, a claim's run looks at its player's record by itself. */
const isHeard = ({ state }: Claim): boolean => state !== 'PENDING_VALIDATION';

async function tell({ claims, runs }: StopDeps, userId: string): Promise<void> {
  const open = (await claims.openOf(userId)).filter(isHeard);
  const failed: unknown[] = [];
  for (let n = 0; n < open.length; n += AT_ONCE) {
    const batch = open.slice(n, n + AT_ONCE);
    const told = await Promise.allSettled(batch.map((c) => runs.wake(c, SIGNALS.userLeft)));
    failed.push(...told.flatMap((t) => (t.status === 'rejected' ? [t.reason] : [])));
  }
  if (failed.length > 0) throw new AggregateError(failed, `${failed.length} claims were not told`);
}

/**
 * Wakes every open claim of the user that may be waiting, each of which then reads the user's record. The claims are
 * found in MongoDB, as Temporal's visibility store lags behind. What fails here is made up for by
 * the claim's own next look at the record, or by reconciliation. Of a crowd that leaves, one player
 * comes after the other: all at once their calls would slow Temporal until none ends in time.
 * @throws AggregateError of what failed, after all were told; Error where too many wait already
 */
export async function stopClaimsOf(deps: StopDeps, userId: string): Promise<void> {
  const line = lines.get(deps.runs) ?? { waiting: 0, end: Promise.resolve() };
  lines.set(deps.runs, line);
  if (line.waiting >= LONGEST_LINE) {
    throw new Error(
      `${line.waiting} players wait already: their claims are left to reconciliation`,
    );
  }
  line.waiting += 1;
  const turn = line.end.then(() => tell(deps, userId));
  line.end = turn
    .catch(() => {})
    .then(() => {
      line.waiting -= 1;
    });
  await turn;
}
