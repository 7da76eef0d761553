/** Compares the game's ledger with Laurel's claims. */
import type { Round } from './round.ts';

interface LedgerGrant {
  grantId: string;
  state: string;
  applied: number;
}

/** Adds to `round.broken` what the game gave twice, or gave without a granted claim, or did not give. */
export async function checkLedger(simulatorUrl: string, round: Round): Promise<void> {
  const response = await fetch(`${simulatorUrl}/control/ledger`);
  const { grants } = (await response.json()) as { grants: LedgerGrant[] };
  const states = new Map(round.claims.map((claim) => [claim.claimId, claim.state]));
  const lines = round.stats.rewards.length;
  const given = new Map<string, number>();
  for (const { grantId, state, applied } of grants) {
    const [claimId = ''] = grantId.split(':');
    const claimState = states.get(claimId);
    if (claimState === undefined) continue;
    if (applied > 1) round.broken.push(`${grantId} was given ${applied} times`);
    if (state !== 'GRANTED') continue;
    given.set(claimId, (given.get(claimId) ?? 0) + 1);
    if (claimState !== 'GRANTED') round.broken.push(`${grantId} was kept by a ${claimState} claim`);
  }
  for (const [claimId, state] of states) {
    if (state === 'GRANTED' && given.get(claimId) !== lines) {
      round.broken.push(`${claimId} is GRANTED, but the game gave ${given.get(claimId) ?? 0}`);
    }
  }
}

/** Adds to `round.broken` if the list of grants does not have every granted line exactly once. */
export function checkGrants(
  listed: readonly { grantId: string; claimId: string }[],
  round: Round,
): void {
  const granted = new Set(round.claims.filter((c) => c.state === 'GRANTED').map((c) => c.claimId));
  const own = listed.filter((grant) => granted.has(grant.claimId));
  const unique = new Set(own.map((grant) => grant.grantId));
  const expected = granted.size * round.stats.rewards.length;
  if (unique.size !== own.length) round.broken.push('a grant is listed twice');
  if (own.length !== expected) round.broken.push(`${own.length} grants listed, not ${expected}`);
}
