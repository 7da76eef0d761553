/** Reading a claim's record and its player: what every activity does first. */
import { isFinal } from '../domain/claims/claim.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import type { ClaimStore } from '../store/claims/claims.ts';
import type { ClaimOutcome, ClaimRef } from '../workflows/contract.ts';
import type { ActivityDeps, Player } from './deps.ts';
import { brokenData } from './failures.ts';

/** How a claim ended, and its steps in short. */
export type Ended = Pick<ClaimOutcome, 'state' | 'reason' | 'steps'>;

/** The end of a final claim. @throws ApplicationFailure (not retried) if the claim is still open */
export function endOf({ state, reason, steps }: Pick<Claim, 'state' | 'reason' | 'steps'>): Ended {
  if (!isFinal(state)) throw brokenData(`A claim that is ${state} has no end.`);
  const inShort = steps.map(({ step, outcome, startedAt, endedAt }) => {
    return { step, outcome, startedAt, endedAt };
  });
  return { state, reason, steps: inShort };
}

/** The claim's record. @throws ApplicationFailure (not retried) if there is none */
export async function recordOf(
  claims: Pick<ClaimStore, 'get'>,
  { claimId, userId }: Pick<ClaimRef, 'claimId' | 'userId'>,
): Promise<Claim> {
  const claim = await claims.get(claimId, userId);
  if (!claim) throw brokenData(`There is no record of claim ${claimId}.`);
  return claim;
}

/** The claim's record and its player, read side by side. @throws as `recordOf` */
export async function claimAndPlayer(
  deps: Pick<ActivityDeps, 'claims' | 'player'>,
  request: Pick<ClaimRef, 'claimId' | 'userId'>,
): Promise<[Claim, Player | null]> {
  return await Promise.all([recordOf(deps.claims, request), deps.player(request.userId)]);
}
