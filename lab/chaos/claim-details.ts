/** What each system knows about the claims that differ, for a person to compare. */
import { parseGrantId } from '../../domain/claims/claim.ts';
import type { Difference } from './checks.ts';
import type { Runs } from './claim-runs.ts';
import type { Facts } from './facts.ts';

/** Most claims that are printed. The rest is in `facts.json`. */
const MAX_CLAIMS = 10;

/** The records, grants and run statuses of the claims that differ, as text. Empty without differences. */
export async function details(
  facts: Facts,
  differences: readonly Difference[],
  runs: Pick<Runs, 'statusOf'>,
): Promise<string> {
  const ids = new Set(differences.flatMap(({ claimId }) => (claimId === null ? [] : [claimId])));
  const texts = [...ids].slice(0, MAX_CLAIMS).map((claimId) => ofClaim(facts, claimId, runs));
  return (await Promise.all(texts)).join('\n');
}

async function ofClaim(
  facts: Facts,
  claimId: string,
  runs: Pick<Runs, 'statusOf'>,
): Promise<string> {
  const record = facts.claims.find((claim) => claim._id === claimId);
  const isIts = (grantId: string) => parseGrantId(grantId)?.claimId === claimId;
  const status = record && (await runs.statusOf(record).catch((error: Error) => error.message));
  const sides = {
    record: record ?? null,
    run: status ?? null,
    told: facts.stories.filter((story) => story.told.some((told) => told.claimId === claimId)),
    ledger: facts.ledger.filter((grant) => isIts(grant.grantId)),
    shown: facts.shown.filter((grant) => isIts(grant.grantId)),
    holds: facts.buckets.filter((b) => b.holds.some(isIts)).map((b) => b._id),
  };
  const lines = Object.entries(sides).map(([side, known]) => `  ${side}: ${JSON.stringify(known)}`);
  return [claimId, ...lines].join('\n');
}
