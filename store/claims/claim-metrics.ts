/** Measures how long claims take, from their acceptance to their end. */
import { Histogram, type Registry } from 'prom-client';
import { type FinalState, isFinal, type Reason } from '../../domain/claims/claim.ts';
import type { Claim } from './claim-record.ts';
import type { ClaimStore } from './claims.ts';

/**
 * In seconds: from a claim that ends at once to one that waits for its provider, or for a person,
 * for days.
 */
const BUCKETS_S = [
  0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400, 604_800,
];

type Ended = Pick<Claim, 'acceptedAt' | 'snapshot'> & { state: FinalState; reason: Reason | null };

/**
 * The same store, with a histogram of the ends that it writes. A process counts the ends that it
 * writes itself: a worker most of them, an API those of claims that get no units.
 * @param now our clock
 */
export function observeClaimEnds(
  registry: Registry,
  claims: ClaimStore,
  now: () => Date = () => new Date(),
): ClaimStore {
  const durations = new Histogram({
    name: 'laurel_claim_duration_seconds',
    help: 'Claims that ended, from acceptance to end. A granted claim has the reason "".',
    labelNames: ['provider', 'state', 'reason'],
    buckets: BUCKETS_S,
    registers: [registry],
  });

  function ended({ acceptedAt, snapshot, state, reason }: Ended): void {
    const labels = { provider: snapshot.provider, state, reason: reason ?? '' };
    // The API's clock, which wrote the acceptance, may be ahead of this one.
    durations.observe(labels, Math.max(now().getTime() - acceptedAt.getTime(), 0) / 1_000);
  }

  /** Counts the claim that a guarded write has ended. */
  function countEnd(claim: Claim | null): Claim | null {
    if (claim && isFinal(claim.state)) ended({ ...claim, state: claim.state });
    return claim;
  }

  return {
    ...claims,
    refuse: async (claim, end) => countEnd(await claims.refuse(claim, end)),
    finishUndone: async (claim, end) => countEnd(await claims.finishUndone(claim, end)),
    async grant(claim, lines, steps) {
      const isGranted = await claims.grant(claim, lines, steps);
      // A claim that was granted before counts once.
      if (isGranted && !isFinal(claim.state)) ended({ ...claim, state: 'GRANTED', reason: null });
      return isGranted;
    },
  };
}
