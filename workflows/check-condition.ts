/** S2 at game servers: the event's condition holds for the player, or why the claim does not go on. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  proxyActivities,
  sleep,
} from '@temporalio/workflow';
import type { ConditionCheck } from '../activities/conditions.ts';
import type { Activities } from '../activities/index.ts';
import type { Reason } from '../domain/claims/claim.ts';
import { FULFILLMENT_QUEUE, type FulfillmentPolicy } from './contract.ts';
import {
  ATTEMPT_MARGIN_MS,
  backoffOf,
  books,
  hear,
  LONGEST_BACKOFF_MS,
  moment,
  note,
  openLines,
  parkingOf,
  type Run,
} from './run.ts';

/** How S2 ended: as judged, stopped from outside, moved on by another run, or for a person to decide. */
export type Check =
  | { end: 'MET' | 'NOT_MET' }
  | { end: 'USER_NOT_ACTIVE' | 'OVERTAKEN' }
  | { end: 'STOPPED' }
  | { end: 'PARK'; reason: Reason; detail: string };

const FIRST_PAUSE_MS = 1_000;

/** Game servers are asked as patiently as they are for rewards. */
function checksAt(policy: FulfillmentPolicy) {
  return proxyActivities<Activities>({
    taskQueue: policy.limitedCheck?.queue ?? FULFILLMENT_QUEUE,
    // One call to each provider, all at once; and more of our own reads than an attempt at a line has.
    startToCloseTimeout:
      policy.timeoutMs + (policy.limitedCheck?.waitMs ?? 0) + 2 * ATTEMPT_MARGIN_MS,
    retry: { ...backoffOf(policy), maximumAttempts: policy.maxAttempts },
  });
}

/** Asks the providers, past outages of our own database. */
async function ask({ ref, policy }: Run): Promise<ConditionCheck> {
  const checks = checksAt(policy);
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_BACKOFF_MS)) {
    const check = await checks.checkCondition(ref);
    if (check.state !== 'DATABASE_AWAY') return check;
    await sleep(pauseMs);
  }
}

/** Whatever a provider that is asked a question fails with, nothing is known and nothing was done. */
function parkingFor(failure: ActivityFailure): Check & { end: 'PARK' } {
  const { reason, detail } = parkingOf(failure, 'FULFILLMENT_UNAVAILABLE');
  return {
    end: 'PARK',
    reason: reason === 'INTERNAL' ? reason : 'FULFILLMENT_UNAVAILABLE',
    detail,
  };
}

function endOf(run: Run, check: ConditionCheck): Check {
  switch (check.state) {
    case 'MET':
    case 'NOT_MET':
    case 'USER_NOT_ACTIVE':
      note(run, check.step.endedAt);
      run.untold.push(check.step);
      return { end: check.state };
    case 'OVERTAKEN':
      return { end: 'OVERTAKEN' };
    case 'DATABASE_AWAY':
      throw ApplicationFailure.nonRetryable('A local check ended in an outage', 'INTERNAL');
  }
}

/** S2 where game servers are asked: the wait for them can be cut short. */
export async function checkCondition(run: Run): Promise<Check> {
  const { ref, policy, wakes } = run;
  await books.showChecking(ref);
  const startedAt = moment(run);
  const tell = (outcome: 'PARKED' | 'STOPPED', attempts: number, detail: string | null) =>
    run.untold.push({
      step: 'S2_CONDITIONS',
      outcome,
      startedAt,
      endedAt: moment(run),
      attempts,
      detail,
    });
  // Callbacks are about grants, and none has been asked for yet.
  for (const lineId of openLines(run)) hear(run, lineId);
  const scope = new CancellationScope({ cancellable: true });
  wakes.onStop = () => scope.cancel();
  wakes.userLeft = false; // Every attempt reads the player's record itself.
  try {
    return endOf(run, await scope.run(() => ask(run)));
  } catch (error) {
    if (isCancellation(error)) {
      tell('STOPPED', 1, null);
      return { end: 'STOPPED' };
    }
    if (!(error instanceof ActivityFailure)) throw error;
    const parking = parkingFor(error);
    tell('PARKED', policy.maxAttempts, parking.detail);
    return parking;
  } finally {
    wakes.onStop = () => {};
  }
}
