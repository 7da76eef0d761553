/** An admin's decision on a parked claim: first on its record, then as a signal to its run. */
import type { Logger } from 'pino';
import { DomainError } from '../../domain/errors.ts';
import type { Claim, Decision } from '../../store/claims/claim-record.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import type { StaffContext } from '../../store/users/staff.ts';
import type { ClaimRuns } from '../../temporal/runs.ts';
import { SIGNALS } from '../../workflows/contract.ts';
import { noSuchClaim } from '../not-found.ts';

export interface DecideDeps {
  store: { claims: ClaimStore };
  runs: Pick<ClaimRuns, 'wake'>;
  log: Logger;
}

/**
 * Records a decision on a parked claim and wakes its run. The same decision again changes nothing,
 * and the signal is sent again.
 * @returns the claim with the decision
 * @throws DomainError `not_found`; `invalid_transition` if the claim is not parked, or if somebody
 *   decided otherwise
 */
export async function decideClaim(
  deps: DecideDeps,
  staff: StaffContext,
  claimId: string,
  decision: Pick<Decision, 'action' | 'note'>,
): Promise<Claim> {
  const { claims } = deps.store;
  const claim = await claims.get(claimId);
  if (!claim) throw noSuchClaim();
  if (claim.state !== 'NEEDS_ATTENTION' || !claim.parking) {
    const detail = `Only a claim that needs attention can be decided on; this one is ${claim.state}.`;
    throw new DomainError('invalid_transition', detail);
  }
  const { number, decision: earlier } = claim.parking;
  const made = earlier ? null : await claims.decide(staff, claim, number, decision);
  const decided = made ?? (earlier ? claim : await claims.get(claimId, claim.userId));
  // Decided before, or by somebody who was quicker. The same action is no conflict.
  const { parking } = decided ?? claim;
  const isSame = parking?.number === number && parking.decision?.action === decision.action;
  if (!decided || (!made && !isSame)) {
    throw new DomainError('invalid_transition', 'Somebody has decided on this claim already.');
  }
  // The record counts. If the signal is lost, reconciliation sends it again.
  await deps.runs.wake(decided, SIGNALS.decided).catch((err) => {
    deps.log.warn({ err, claimId }, 'decision recorded, but its run was not told yet');
  });
  return decided;
}
