/** S2 at game servers: asks them whether the player meets the event's condition. */
import {
  ActivityFailure,
  CancellationScope,
  isCancellation,
  proxyActivities,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import {
  ATTEMPT_MARGIN_MS,
  backoffOf,
  local,
  parkingReasonOf,
  untilAnswered,
} from './activity-calls.ts';
import { type Halt, noteAsked, noteTime, openLines, type Run, stepTime } from './claim-run.ts';
import { FULFILLMENT_QUEUE, type FulfillmentPolicy } from './contract.ts';

/**
 * How S2 ended. `OVERTAKEN`: another run has changed the claim.
 */
type ConditionEnd =
  | { end: 'MET' }
  | { end: 'NOT_MET' }
  | { end: 'USER_NOT_ACTIVE' }
  | { end: 'OVERTAKEN' }
  | Halt;

/** The activity that asks game servers, with the same attempts as for rewards. */
function checksAt(policy: FulfillmentPolicy) {
  return proxyActivities<Activities>({
    taskQueue: policy.limitedCheck?.queue ?? FULFILLMENT_QUEUE,
    // One call to each provider, all at once. Twice the margin, as it reads more of our own data.
    startToCloseTimeout:
      policy.timeoutMs + (policy.limitedCheck?.waitMs ?? 0) + 2 * ATTEMPT_MARGIN_MS,
    retry: { ...backoffOf(policy), maximumAttempts: policy.maxAttempts },
  });
}

/** A question changes nothing at a provider, so each of its failures counts as unavailable. */
function parkingFor(failure: ActivityFailure): ConditionEnd & { end: 'PARK' } {
  const { reason, detail } = parkingReasonOf(failure, 'FULFILLMENT_UNAVAILABLE');
  return {
    end: 'PARK',
    reason: reason === 'INTERNAL' ? reason : 'FULFILLMENT_UNAVAILABLE',
    detail,
  };
}

/** Checks the condition at game servers. A signal or a cancellation ends the wait for them. */
export async function checkCondition(run: Run): Promise<ConditionEnd> {
  const { ref, policy, wakes } = run;
  await local.showChecking(ref);
  const startedAt = stepTime(run);
  const addStep = (outcome: 'PARKED' | 'STOPPED', attempts: number, detail: string | null) =>
    run.unrecordedSteps.push({
      step: 'S2_CONDITIONS',
      outcome,
      startedAt,
      endedAt: stepTime(run),
      attempts,
      detail,
    });
  // Callbacks are about grants. None was asked for yet, so callbacks so far say nothing.
  for (const lineId of openLines(run)) noteAsked(run, lineId);
  const scope = new CancellationScope({ cancellable: true });
  wakes.onStop = () => scope.cancel();
  wakes.userLeft = false; // Every attempt reads the player's status itself.
  try {
    const checks = checksAt(policy);
    const check = await scope.run(() => untilAnswered(() => checks.checkCondition(ref)));
    if (check.state !== 'OVERTAKEN') {
      noteTime(run, check.step.endedAt);
      run.unrecordedSteps.push(check.step);
    }
    return { end: check.state };
  } catch (error) {
    if (isCancellation(error)) {
      addStep('STOPPED', 1, null);
      return { end: 'STOPPED' };
    }
    if (!(error instanceof ActivityFailure)) throw error;
    const parking = parkingFor(error);
    addStep('PARKED', policy.maxAttempts, parking.detail);
    return parking;
  } finally {
    wakes.onStop = () => {};
  }
}
