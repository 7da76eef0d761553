/** S4 step by step: asks for every line until its provider has decided, or the claim must stop. */
import {
  ActivityFailure,
  CancellationScope,
  condition,
  isCancellation,
} from '@temporalio/workflow';
import type { Known } from '../activities/grant-line.ts';
import type { Reason, Step, StepOutcome } from '../domain/claims/claim.ts';
import { nextPauseMs, parkingReasonOf, untilAnswered } from './activity-calls.ts';
import {
  type Halt,
  hasNewCallback,
  noteAsked,
  noteTime,
  openLines,
  type Run,
  stepTime,
} from './claim-run.ts';
import { FIRST_POLL_MS } from './contract.ts';

/** How one line ended in S4. `PARK`: a person must decide. */
export type LineEnd =
  | { state: 'GRANTED' | 'STOPPED' }
  | { state: 'REFUSED'; detail: string }
  | { state: 'PARK'; reason: Reason; detail: string };

/** How S4 ended: as its lines did. `GRANTED`: all of them were granted. */
export type Fulfillment = { end: 'GRANTED' } | { end: 'REFUSED' } | Halt;

/** The outcome of the step S4 for each end. */
const STEP_OUTCOME_OF = {
  GRANTED: 'OK',
  STOPPED: 'STOPPED',
  REFUSED: 'REFUSED',
  PARK: 'PARKED',
} as const satisfies Record<Fulfillment['end'], StepOutcome>;

/**
 * How S4 ended. The worst line decides: a stop comes before a refusal, a refusal before a parking,
 * and of several parkings the first line's counts.
 */
export function fulfillmentOf(ends: readonly LineEnd[]): Fulfillment {
  if (ends.some(({ state }) => state === 'STOPPED')) return { end: 'STOPPED' };
  if (ends.some(({ state }) => state === 'REFUSED')) return { end: 'REFUSED' };
  const parked = ends.find((end) => end.state === 'PARK');
  if (parked) return { end: 'PARK', reason: parked.reason, detail: parked.detail };
  return { end: 'GRANTED' };
}

/** How long a line may stay pending in all, however often its provider changes its answer. */
interface Patience {
  endsAtMs: number;
  /** The pause before the next lookup, in milliseconds. */
  pauseMs: number;
}

/**
 * Looks a pending line up until it is decided or the time is over. A callback is looked up at once.
 */
async function awaitOutcome(run: Run, lineId: string, patience: Patience): Promise<Known> {
  // If the last lookup failed for our own database, there is one more, even after the time is over.
  let isUnasked = false;
  for (;;) {
    const leftMs = patience.endsAtMs - Date.now();
    if (leftMs <= 0 && !isUnasked) return { state: 'PENDING', at: stepTime(run) };
    const waitMs = leftMs > 0 ? Math.min(patience.pauseMs, leftMs) : patience.pauseMs;
    const isCalledBack = await condition(() => hasNewCallback(run, lineId), waitMs);
    if (!isCalledBack) patience.pauseMs = nextPauseMs(patience.pauseMs);
    noteAsked(run, lineId);
    try {
      const known = await run.calls.poll.lookupLine({ ...run.ref, lineId });
      isUnasked = known.state === 'DATABASE_AWAY';
      if (known.state === 'DATABASE_AWAY') continue;
      noteTime(run, known.at);
      if (known.state !== 'PENDING') return known;
    } catch (error) {
      // A lookup without an answer changes nothing; the next one comes later.
      isUnasked = false;
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    }
  }
}

async function grantLine(run: Run, lineId: string, isResumed: boolean): Promise<LineEnd> {
  let patience: Patience | undefined;
  let resumed = isResumed;
  for (;;) {
    const answer = await untilAnswered(() => {
      noteAsked(run, lineId);
      const asked = run.calls.forward.grantLine({ ...run.ref, lineId, resumed });
      // From now on the provider may have been asked, even if our own database fails.
      resumed = true;
      return asked;
    });
    noteTime(run, answer.at);
    run.attempts = Math.max(run.attempts, answer.attempts);
    patience ??= { endsAtMs: Date.now() + run.policy.pendingTimeoutMs, pauseMs: FIRST_POLL_MS };
    const known = answer.state === 'PENDING' ? await awaitOutcome(run, lineId, patience) : answer;
    switch (known.state) {
      case 'GRANTED':
        run.grantedAt[lineId] = known.at;
        return { state: 'GRANTED' };
      case 'REFUSED':
        if (!('mayStillArrive' in known) || known.mayStillArrive) run.mayStillArrive.add(lineId);
        return { state: 'REFUSED', detail: known.detail };
      case 'PENDING':
        return {
          state: 'PARK',
          reason: 'FULFILLMENT_UNKNOWN',
          detail: `The provider has not decided on ${lineId} in time.`,
        };
      case 'NEVER_SEEN':
        // The provider has forgotten a grant that it called pending: ask again, with the same ID.
        continue;
      case 'STOPPED':
        if (known.mayStillArrive) run.mayStillArrive.add(lineId);
        return { state: 'STOPPED' };
    }
  }
}

/** How a line ends, failures and cancellations included. */
async function endOf(run: Run, lineId: string, resumed: boolean): Promise<LineEnd> {
  try {
    return await grantLine(run, lineId, resumed);
  } catch (error) {
    // An attempt that was cut short may have sent a request, which may still arrive.
    run.mayStillArrive.add(lineId);
    if (isCancellation(error)) return { state: 'STOPPED' };
    if (error instanceof ActivityFailure) {
      run.attempts = run.policy.maxAttempts;
      // After our own timeout it is not known whether the provider granted the line.
      return { state: 'PARK', ...parkingReasonOf(error, 'FULFILLMENT_UNKNOWN') };
    }
    throw error;
  }
}

function stepOf(run: Run, startedAt: string, fulfillment: Fulfillment, ends: LineEnd[]): Step {
  const details = ends.flatMap((end) => ('detail' in end ? [end.detail] : []));
  return {
    step: 'S4_FULFIL',
    outcome: STEP_OUTCOME_OF[fulfillment.end],
    startedAt,
    endedAt: stepTime(run),
    attempts: run.attempts,
    detail: details.length > 0 ? details.join(' ') : null,
  };
}

/**
 * Asks for every line that is not granted yet, all at once. A claim that must stop waits for the
 * attempts under way, to learn what they did.
 * @param resumed each line begins with a lookup
 */
export async function fulfill(run: Run, resumed: boolean): Promise<Fulfillment> {
  const startedAt = stepTime(run);
  run.attempts = 0;
  const open = openLines(run);
  const scope = new CancellationScope({ cancellable: true });
  run.wakes.onStop = () => scope.cancel();
  run.wakes.userLeft = false; // Every attempt reads the player's status itself.
  const ends = await scope.run(() => Promise.all(open.map((id) => endOf(run, id, resumed))));
  run.wakes.onStop = () => {};
  // A claim that was stopped stops, even if the attempts under way have granted every line.
  const fulfillment: Fulfillment = scope.consideredCancelled
    ? { end: 'STOPPED' }
    : fulfillmentOf(ends);
  run.unrecordedSteps.push(stepOf(run, startedAt, fulfillment, ends));
  return fulfillment;
}
