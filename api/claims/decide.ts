/** An admin's word on a parked claim: on its record first, then as a signal to its run. */
import type { Logger } from 'pino';
import { DomainError } from '../../domain/errors.ts';
import type { Claim, Decision } from '../../store/claims/claim-record.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import type { StaffContext } from '../../store/users/staff.ts';
import type { ClaimRuns } from '../../temporal/runs.ts';
import { SIGNALS } from '../../workflows/contract.ts';

export interface DecideDeps {
  store: { claims: ClaimStore };
  runs: Pick<ClaimRuns, 'wake'>;
  log: Logger;
}

/**
 * Decides on a claim that is parked. The same decision again is sent again and changes nothing.
 * @throws DomainError `not_found`; `invalid_transition` where it is not parked or decided otherwise
 */
export async function decideClaim(
  deps: DecideDeps,
  staff: StaffContext,
  claimId: string,
  decision: Pick<Decision, 'action' | 'note'>,
): Promise<Claim> {
  const { claims } = deps.store;
  const claim = await claims.get(claimId);
  if (!claim) throw new DomainError('not_found', 'There is no claim with this ID.');
  const decided = await decidedAs(claims, staff, claim, decision);
  // The record is what counts: a signal that is lost is sent again by reconciliation.
  await deps.runs.wake(decided, SIGNALS.decided).catch((err) => {
    deps.log.warn({ err, claimId }, 'decision recorded, but its run was not told yet');
  });
  return decided;
}

async function decidedAs(
  claims: ClaimStore,
  staff: StaffContext,
  claim: Claim,
  decision: Pick<Decision, 'action' | 'note'>,
): Promise<Claim> {
  if (claim.state !== 'NEEDS_ATTENTION' || !claim.parking) {
    const detail = `Only a claim that needs attention can be decided on; this one is ${claim.state}.`;
    throw new DomainError('invalid_transition', detail);
  }
  const { number, decision: earlier } = claim.parking;
  const decided = earlier ? null : await claims.decide(staff, claim, number, decision);
  if (decided) return decided;
  // Decided before, or by somebody who was quicker: no conflict where it is the same word.
  const now = earlier ? claim : await claims.get(claim._id, claim.userId);
  const { parking } = now ?? claim;
  const isSame = parking?.number === number && parking.decision?.action === decision.action;
  if (now && isSame) return now;
  throw new DomainError('invalid_transition', 'Somebody has decided on this claim already.');
}
