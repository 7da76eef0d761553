/** All that is known of the claims that differ: each side's word, for a person to compare. */
import { parseGrantId } from '../../domain/claims/claim.ts';
import type { Difference } from './checks.ts';
import type { Facts } from './facts.ts';
import type { Runs } from './claim-runs.ts';

/** With more, the rest is in the facts. */
const MAX_CLAIMS = 10;

/** The claims' records, and grants, and how their runs stand; empty without differences. */
export async function details(
  facts: Facts,
  differences: readonly Difference[],
  runs: Pick<Runs, 'statusOf'>,
): Promise<string> {
  const ids = new Set(differences.flatMap(({ claimId }) => (claimId === null ? [] : [claimId])));
  const told = [...ids].slice(0, MAX_CLAIMS).map((claimId) => ofClaim(facts, claimId, runs));
  return (await Promise.all(told)).join('\n');
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
  const lines = Object.entries(sides).map(([side, word]) => `  ${side}: ${JSON.stringify(word)}`);
  return [claimId, ...lines].join('\n');
}
