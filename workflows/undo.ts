/** Undoing a claim: its fate first, then each compensation, then its end. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  log,
  sleep,
} from '@temporalio/workflow';
import type { Ended } from '../activities/read-claim.ts';
import type { Reason, StepOutcome } from '../domain/claims/claim.ts';
import { local, untilAnswered } from './activity-calls.ts';
import { noteTime, type Run, stepTime, takeUnrecordedSteps } from './claim-run.ts';
import type { Compensations } from './compensations.ts';
import { CHECK_VALID_MS } from './contract.ts';
import { park } from './parking.ts';
import { show } from './visibility.ts';

/** What the compensations of one claim share. */
export interface Undoing {
  /** Lines that the provider does not take back and an admin gave up on: they stay granted. */
  kept: string[];
  /** Whether a provider may have been asked, as of the moment when the fate was taken. */
  isAsked: boolean;
  /** Another run has changed the claim: the rest is left to it. */
  isOvertaken: boolean;
}

/** Room for clocks that differ and for queues in the network, in milliseconds. */
const LATE_REQUEST_MARGIN_MS = 1_000;

/** Revokes all the lines at once. @returns the provider's answer for each line */
async function revokeAll(run: Run, lineIds: readonly string[]) {
  const { ref, calls } = run;
  return await Promise.all(
    lineIds.map(async (lineId) => {
      const answer = await calls.back.revokeLine({ ...ref, lineId });
      noteTime(run, answer.at);
      run.attempts = Math.max(run.attempts, answer.attempts);
      return { lineId, ...answer };
    }),
  );
}

/**
 * Revokes the lines. If the provider has never seen a line, our request for it may still arrive:
 * the run waits until that is over, and asks once more.
 * @returns the lines that the provider refuses to take back
 */
async function revoke(run: Run, lineIds: readonly string[]) {
  const answers = await revokeAll(run, lineIds);
  const neverSeen = answers.filter(({ state }) => state === 'NEVER_SEEN');
  const late = neverSeen.map(({ lineId }) => lineId).filter((id) => run.mayStillArrive.has(id));
  if (late.length > 0) {
    await sleep(CHECK_VALID_MS + run.policy.timeoutMs + LATE_REQUEST_MARGIN_MS);
    answers.push(...(await revokeAll(run, late)));
  }
  const refused = answers.filter((answer) => answer.state === 'REFUSED');
  return refused.map(({ lineId, detail }) => ({ lineId, detail }));
}

function addStep(run: Run, startedAt: string, outcome: StepOutcome, detail: string | null): void {
  const { attempts } = run;
  const endedAt = stepTime(run);
  const step = { step: 'UNDO_FULFIL', outcome, startedAt, endedAt, attempts, detail } as const;
  run.unrecordedSteps.push(step);
}

/**
 * The lines that the player still has, of those that could not be taken back when the claim was
 * parked. An earlier run, reset or lost since, may have taken some of them back after all. If the
 * provider gives no answer, the player still has the line.
 */
export async function stillGiven(run: Run, lineIds: readonly string[]): Promise<string[]> {
  const { ref, calls } = run;
  const isTakenBack = async (lineId: string): Promise<boolean> => {
    try {
      const { state } = await untilAnswered(() => calls.poll.lookupLine({ ...ref, lineId }));
      // A grant that was revoked is reported as refused, too.
      return state === 'REFUSED';
    } catch (error) {
      if (error instanceof ActivityFailure) return false;
      throw error;
    }
  };
  const takenBack = await CancellationScope.nonCancellable(() =>
    Promise.all(lineIds.map(isTakenBack)),
  );
  return lineIds.filter((_, i) => !takenBack[i]);
}

/**
 * The compensation of S4: revokes every line. If the provider refuses, the claim is parked until it
 * agrees or an admin gives up. Does nothing if no provider was asked.
 */
export async function revokeLines(run: Run, undoing: Undoing): Promise<void> {
  if (!undoing.isAsked) return;
  if (undoing.kept.length > 0) {
    addStep(run, stepTime(run), 'FAILED', `Kept: ${undoing.kept.join(', ')}`);
    return;
  }
  for (let left = run.view.lineIds; ; ) {
    const startedAt = stepTime(run);
    run.attempts = 0;
    const refused = await revoke(run, left);
    left = refused.map(({ lineId }) => lineId);
    if (left.length === 0) {
      addStep(run, startedAt, 'OK', null);
      return;
    }
    const detail = refused.map((r) => `${r.lineId}: ${r.detail}`).join(' ');
    addStep(run, startedAt, 'PARKED', detail);
    const why = { reason: 'COMPENSATION_FAILED', detail, step: 'UNDO_FULFIL' } as const;
    const outcome = await park(run, { ...why, lineIds: left });
    if (outcome === 'RETRY') continue;
    if (outcome === 'OVERTAKEN') undoing.isOvertaken = true;
    else undoing.kept.push(...left);
    addStep(run, stepTime(run), 'FAILED', detail);
    return;
  }
}

/** The compensation of S3: gives the holds back, unless another run does it. */
export async function releaseHolds(run: Run, undoing: Undoing): Promise<void> {
  if (undoing.isOvertaken) return;
  run.unrecordedSteps.push(await local.releaseHolds({ ...run.ref, kept: undoing.kept }));
}

/**
 * Takes back what this run may have asked for, after another run has undone the claim: our request
 * may have come after that run's `DELETE`. The claim is final and cannot be parked any more, so a
 * line that the provider does not take back is only logged.
 */
export async function takeBack(run: Run): Promise<void> {
  if (!run.view.mayBeAsked) return;
  for (const lineId of run.view.lineIds) run.mayStillArrive.add(lineId);
  const refused = await revoke(run, run.view.lineIds);
  if (refused.length > 0) log.error('A grant of a claim that ended without one stays', { refused });
}

/**
 * Undoes the claim for that reason.
 * @returns its end; null if the record must be read again: the claim is granted, or another run has
 *   changed it
 */
export async function undo(
  run: Run,
  reason: Reason,
  compensations: Compensations,
  undoing: Undoing,
): Promise<Ended | null> {
  const { view, mayStillArrive } = run;
  const begun = await local.beginUndo(run.ref, reason, takeUnrecordedSteps(run));
  if (begun.fate === 'GRANT') return null;
  undoing.isAsked = begun.isAsked;
  if (begun.isAsked && !view.mayBeAsked) {
    // Another run has asked the provider meanwhile: its requests may be under way.
    for (const lineId of view.lineIds) mayStillArrive.add(lineId);
  }
  await compensations.run();
  if (undoing.isOvertaken) return null;
  const since = takeUnrecordedSteps(run);
  const end = await local.finishUndo({ ...run.ref, kept: undoing.kept, since });
  if (end.state === 'GRANTED') {
    throw ApplicationFailure.nonRetryable('An undone claim cannot end granted', 'INTERNAL');
  }
  show(end.state, end.reason);
  return end;
}
