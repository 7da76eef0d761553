/**
 * Parking: the claim's run waits until a person decides, its player leaves or its provider calls.
 */
import { condition } from '@temporalio/workflow';
import type { ParkingOutcome } from '../activities/parking.ts';
import type { Reason, StepName } from '../domain/claims/claim.ts';
import { local } from './activity-calls.ts';
import {
  hasNewCallback,
  openLines,
  type Run,
  takeUnrecordedSteps,
  traceAfterParking,
} from './claim-run.ts';
import { clearParking, describeParking, show } from './visibility.ts';

interface Awaited {
  outcome: ParkingOutcome;
  /** Whether it was read from the record. If not, a callback or a cancellation ended the wait. */
  isDecided: boolean;
}

/**
 * Waits for an outcome of this parking. The record is read before the first wait, as the signal of
 * a decision may have been lost. While the claim goes forward, a provider's callback counts as a
 * retry: a retry begins with a lookup.
 */
async function awaitOutcome(run: Run, number: number, isUndoing: boolean): Promise<Awaited> {
  const { wakes } = run;
  // The cancellation that began the undoing does not also abort the parking of that undoing.
  const isSpent = isUndoing && wakes.cancelled;
  const isCancelled = () => wakes.cancelled && !isSpent;
  const isCalledBack = () =>
    !isUndoing && openLines(run).some((lineId) => hasNewCallback(run, lineId));
  for (;;) {
    wakes.decided = false;
    wakes.userLeft = false;
    const outcome = await local.readVerdict({ ...run.ref, number });
    if (outcome !== null) return { outcome, isDecided: true };
    if (isCancelled()) return { outcome: 'ABORT', isDecided: false };
    if (isCalledBack()) return { outcome: 'RETRY', isDecided: false };
    await condition(() => wakes.decided || wakes.userLeft || isCancelled() || isCalledBack());
    traceAfterParking(run, number);
  }
}

/**
 * Waits for an outcome and ends the parking on the record. If an admin decided while a retry
 * without a decision was about to end the parking, the admin's decision counts.
 */
async function leave(run: Run, number: number, isUndoing: boolean): Promise<ParkingOutcome> {
  for (;;) {
    const { outcome, isDecided } = await awaitOutcome(run, number, isUndoing);
    const unparks = outcome === 'RETRY' || (isUndoing && outcome === 'ABORT');
    // Any other outcome takes the claim's fate next. Only one run can take it, so it needs no
    // guard.
    if (!unparks) return outcome;
    if (await local.unpark({ ...run.ref, number, isDecided })) return outcome;
  }
}

/** Waits at a parking that is on the record, until it ends. */
export async function waitParked(
  run: Run,
  number: number,
  reason: Reason,
): Promise<ParkingOutcome> {
  const isUndoing = reason === 'COMPENSATION_FAILED';
  run.parkings = number;
  show('NEEDS_ATTENTION', reason);
  describeParking(reason);
  const outcome = await leave(run, number, isUndoing);
  // Also where the decision was there before the wait.
  traceAfterParking(run, number);
  clearParking();
  const goesForward = outcome === 'RETRY' && !isUndoing;
  const forward = run.view.asked ? 'FULFILLING' : 'CHECKING_CONDITIONS';
  show(goesForward ? forward : 'COMPENSATING', goesForward ? null : reason);
  return outcome;
}

/** Parks the claim with the steps and the grants so far, and waits until the parking ends. */
export async function park(
  run: Run,
  why: { reason: Reason; detail: string; step: StepName; lineIds: string[] },
): Promise<ParkingOutcome> {
  const { ref, grantedAt } = run;
  const number = run.parkings + 1;
  const request = { ...ref, number, ...why, since: takeUnrecordedSteps(run), grantedAt };
  const isParked = await local.park(request);
  return isParked ? await waitParked(run, number, why.reason) : 'OVERTAKEN';
}
