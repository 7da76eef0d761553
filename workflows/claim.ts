/**
 * One claim, from validation to its end. Begin at `runFromRecord`: it is the claim's whole story.
 * Most claims end in the run's first activity. Everything that must last is on the claim's record,
 * so a run that is lost is continued by the next.
 */
import { CancellationScope, CancelledFailure, condition, workflowInfo } from '@temporalio/workflow';
import type { Advanced, AdvanceRequest } from '../activities/advance.ts';
import type { ParkingOutcome } from '../activities/parking.ts';
import type { Ended } from '../activities/read-claim.ts';
import type { Reason, StepName } from '../domain/claims/claim.ts';
import { local, localAdvance } from './activity-calls.ts';
import { checkCondition } from './check-condition.ts';
import {
  type Halt,
  listen,
  newRun,
  openLines,
  type Run,
  refOf,
  takeOver,
  takeUnrecordedSteps,
  type Wakes,
} from './claim-run.ts';
import { createCompensations } from './compensations.ts';
import type { ClaimInput, ClaimOutcome, ClaimRef } from './contract.ts';
import { fulfill } from './fulfillment.ts';
import { park, waitParked } from './parking.ts';
import { releaseHolds, revokeLines, stillGiven, takeBack, type Undoing, undo } from './undo.ts';
import { show } from './visibility.ts';

/**
 * Where the claim goes next. `END`: it has ended. `SETTLE`: everything is granted. `UNDO`: for a
 * reason. `FOLLOW`: another run has changed the claim, so its record is read again.
 */
type Direction =
  | { go: 'END'; end: Ended }
  | { go: 'SETTLE' }
  | { go: 'UNDO'; reason: Reason }
  | { go: 'FOLLOW' };

/** Where the claim goes after a wait or a step that ended in this way. */
const DIRECTION_FOR = {
  OVERTAKEN: { go: 'FOLLOW' },
  USER_NOT_ACTIVE: { go: 'UNDO', reason: 'USER_NOT_ACTIVE' },
  ABORT: { go: 'UNDO', reason: 'ABORTED_BY_ADMIN' },
} as const satisfies Record<Exclude<ParkingOutcome, 'RETRY'>, Direction>;

/** The length of a run's history, in events, during its first workflow task. */
const FIRST_TASK_EVENTS = 3;

/**
 * Grants or refuses one claim, exactly once. A cancellation from Temporal's Web UI does not
 * interrupt it: the claim reads it between the steps, where it means the same as an admin's abort.
 */
export async function claim(input: ClaimInput): Promise<ClaimOutcome> {
  const wakes = listen();
  const end = await CancellationScope.nonCancellable(() => runToEnd(input, wakes));
  if (wakes.cancelled && end.state === 'FAILED') {
    throw new CancelledFailure('The claim was undone, as its run was cancelled.');
  }
  return { claimId: input.claimId, ...end };
}

/** Runs the claim from its record, again whenever another run has changed the record. */
async function runToEnd(input: ClaimInput, wakes: Wakes): Promise<Ended> {
  // A longer history shows that a workflow task was lost: its activity may have run already.
  const isAlone = input.isAlone === true && workflowInfo().historyLength <= FIRST_TASK_EVENTS;
  // Lets the SDK read the rest of the first workflow task: a cancellation may be in it.
  await Promise.resolve();
  for (let isFirst = isAlone; ; isFirst = false) {
    const end = await runFromRecord(input, wakes, isFirst);
    if (end) return end;
  }
}

/** Runs the claim from its record to its end. Null if the record must be read again. */
async function runFromRecord(
  input: ClaimInput,
  wakes: Wakes,
  isFirst: boolean,
): Promise<Ended | null> {
  const undoing: Undoing = { kept: [], isAsked: false, isOvertaken: false };
  const compensations = createCompensations();
  compensations.register(() => releaseHolds(run, undoing));
  compensations.register(() => revokeLines(run, undoing));

  const ref = refOf(input);
  const { isHeld = false } = input;
  const advanced = await advance(ref, { isFirst, isHeld, mayGoOn: !wakes.cancelled, met: null });
  if (!advanced.left) return advanced.end;
  const run = newRun(ref, advanced.left, wakes);
  const direction = await directionAfter(run, advanced, undoing);
  if (direction.go === 'END') return direction.end;
  if (direction.go === 'SETTLE') return await settle(run);
  if (direction.go === 'FOLLOW') return null;
  return await undo(run, direction.reason, compensations, undoing);
}

/** All steps in one activity, as far as they go at once. */
async function advance(
  ref: ClaimRef,
  how: Pick<AdvanceRequest, 'isFirst' | 'isHeld' | 'mayGoOn' | 'met'>,
): Promise<Advanced> {
  return await localAdvance.advance({ ...ref, ...how });
}

/** Where to go after `advance`. A claim that has ended may have a grant to take back first. */
async function directionAfter(
  run: Run,
  { end, left }: Advanced,
  undoing: Undoing,
): Promise<Direction> {
  if (!end) return await directionFromRecord(run, left.refused, undoing);
  if (left) await takeBack(run);
  return { go: 'END', end };
}

/** Where to go from what the record says: its fate first, then its parking, then a refusal. */
async function directionFromRecord(
  run: Run,
  refused: Reason | null,
  undoing: Undoing,
): Promise<Direction> {
  const { state, fate, fateReason, parking } = run.view;
  if (fate === 'GRANT') return { go: 'SETTLE' };
  if (state === 'NEEDS_ATTENTION' && parking) {
    const outcome = await waitParked(run, parking.number, parking.reason);
    if (outcome === 'OVERTAKEN') return { go: 'FOLLOW' };
    if (fate === null) {
      return outcome === 'RETRY' ? await goForward(run, undoing) : DIRECTION_FOR[outcome];
    }
    if (outcome === 'ABORT') undoing.kept.push(...(await stillGiven(run, parking.lineIds)));
  } else if (parking?.isGivenUp) {
    // The run that read the abort was lost before the end. The admin is not asked again.
    undoing.kept.push(...(await stillGiven(run, parking.lineIds)));
  }
  if (fate === 'UNDO') return { go: 'UNDO', reason: fateReason ?? 'INTERNAL' };
  if (refused) return { go: 'UNDO', reason: refused };
  return await goForward(run, undoing);
}

/** Goes on with S4 if a provider may have been asked, else with S2. */
async function goForward(run: Run, undoing: Undoing): Promise<Direction> {
  if (run.view.asked) {
    await restProvider(run);
    return await fulfillOrPark(run, run.isResumed);
  }
  const stopped = await checkOrPark(run);
  if (stopped) return stopped;
  const mayGoOn = !run.wakes.cancelled;
  const met = run.unrecordedSteps;
  // The API holds no units of a claim with a condition.
  const advanced = await advance(run.ref, { isFirst: false, isHeld: false, mayGoOn, met });
  if (advanced.left) takeOver(run, advanced.left);
  return await directionAfter(run, advanced, undoing);
}

/** Waits as long as the provider asked for, unless a signal comes. */
async function restProvider({ restMs, wakes }: Run): Promise<void> {
  const isWoken = () => wakes.cancelled || wakes.userLeft || wakes.callbacks > 0;
  if (restMs > 0) await condition(isWoken, restMs);
}

/** S2, repeated after each parking that is retried. Null if the condition is met. */
async function checkOrPark(run: Run): Promise<Direction | null> {
  for (;;) {
    if (run.wakes.cancelled) return DIRECTION_FOR.ABORT;
    const s2 = await checkCondition(run);
    if (s2.end === 'MET') return null;
    if (s2.end === 'NOT_MET') return { go: 'UNDO', reason: 'CONDITION_NOT_MET' };
    if (s2.end === 'USER_NOT_ACTIVE' || s2.end === 'OVERTAKEN') return DIRECTION_FOR[s2.end];
    const outcome = await afterHalt(run, 'S2_CONDITIONS', s2);
    if (outcome !== 'RETRY') return DIRECTION_FOR[outcome];
  }
}

/** S4, repeated after each parking that is retried. A repetition begins with a lookup. */
async function fulfillOrPark(run: Run, isResumed: boolean): Promise<Direction> {
  for (let resumed = isResumed; ; resumed = true) {
    if (run.wakes.cancelled) return DIRECTION_FOR.ABORT;
    const s4 = await fulfill(run, resumed);
    if (s4.end === 'GRANTED') return { go: 'SETTLE' };
    if (s4.end === 'REFUSED') return { go: 'UNDO', reason: 'FULFILLMENT_REFUSED' };
    const outcome = await afterHalt(run, 'S4_FULFIL', s4);
    if (outcome !== 'RETRY') return DIRECTION_FOR[outcome];
  }
}

/** Parks the claim, or finds out why S2 or S4 was stopped. `RETRY`: for no reason that holds. */
async function afterHalt(run: Run, step: StepName, halt: Halt): Promise<ParkingOutcome> {
  if (halt.end === 'STOPPED') {
    return run.wakes.cancelled ? 'ABORT' : await local.whyStopped(run.ref);
  }
  const { reason, detail } = halt;
  return await park(run, { reason, detail, step, lineIds: openLines(run) });
}

/**
 * S5. Null if another run has undone the claim. Read from its record again, the claim is then
 * undone further, or what this run asked for is taken back.
 */
async function settle(run: Run): Promise<Ended | null> {
  const { ref, grantedAt } = run;
  const end = await local.settle({ ...ref, grantedAt, since: takeUnrecordedSteps(run) });
  if (end && run.parkings > 0) show('GRANTED', null);
  return end;
}
