/** The way back: fate first, then each compensation, then the end. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  log,
  sleep,
} from '@temporalio/workflow';
import type { Ended } from '../activities/claim-and-steps.ts';
import type { Reason, Step, StepOutcome } from '../domain/claims/claim.ts';
import type { Compensations } from './compensations.ts';
import { CHECK_VALID_MS, FIRST_POLL_MS } from './contract.ts';
import { park } from './parking.ts';
import { books, LONGEST_BACKOFF_MS, moment, note, type Run, tell } from './run.ts';
import { show } from './visibility.ts';

/** What the compensations of one claim found that cannot be undone. */
export interface Undoing {
  /** Lines that the provider will not take back, given up on by an admin: they stay granted. */
  kept: string[];
  /** Whether a provider may have been asked, as the record said when the claim's fate was taken. */
  isAsked: boolean;
  /** Another run has moved the claim on: leave the rest to it. */
  isOvertaken: boolean;
}

/** Added to the longest request that may be under way: clocks and queues on the way. In milliseconds. */
const STALL_MARGIN_MS = 1_000;

interface Refusal {
  lineId: string;
  detail: string;
}

/** Asks for all the lines back at once; those of which the provider has never heard come separately. */
async function revokeAll(run: Run, lineIds: readonly string[]) {
  const { ref, calls } = run;
  const answers = await Promise.all(
    lineIds.map(async (lineId) => {
      const answer = await calls.back.revokeLine({ ...ref, lineId });
      note(run, answer.at);
      run.attempts = Math.max(run.attempts, answer.attempts);
      return { lineId, answer };
    }),
  );
  const refused = answers.flatMap(({ lineId, answer }): Refusal[] =>
    answer.state === 'REFUSED' ? [{ lineId, detail: answer.detail }] : [],
  );
  const neverSeen = answers.filter(({ answer }) => answer.state === 'NEVER_SEEN');
  return { refused, neverSeen: neverSeen.map(({ lineId }) => lineId) };
}

/**
 * Takes the lines back and says which the provider refuses to give. Of a line it has never seen a
 * request may still be under way: that is waited out, and the provider asked once more.
 */
async function revoke(run: Run, lineIds: readonly string[]): Promise<Refusal[]> {
  const first = await revokeAll(run, lineIds);
  const stalled = first.neverSeen.filter((lineId) => run.mayStillArrive.has(lineId));
  if (stalled.length === 0) return first.refused;
  await sleep(CHECK_VALID_MS + run.policy.timeoutMs + STALL_MARGIN_MS);
  const second = await revokeAll(run, stalled);
  return [...first.refused, ...second.refused];
}

function undoStep(run: Run, startedAt: string, outcome: StepOutcome, detail: string | null): Step {
  const endedAt = moment(run);
  return { step: 'UNDO_FULFIL', outcome, startedAt, endedAt, attempts: run.attempts, detail };
}

/**
 * Of lines that could not be taken back when the claim was parked, those that the player still has:
 * an earlier run of this claim, reset or lost since, may have got its provider to take some back
 * after all. A provider that cannot be asked has not.
 */
export async function stillGiven(run: Run, lineIds: readonly string[]): Promise<string[]> {
  const { ref, calls } = run;
  const isTakenBack = async (lineId: string): Promise<boolean> => {
    try {
      for (let pauseMs = FIRST_POLL_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_BACKOFF_MS)) {
        const { state } = await calls.poll.lookupLine({ ...ref, lineId });
        // Of a grant that was revoked, too, the answer is that the player is not to have it.
        if (state !== 'DATABASE_AWAY') return state === 'REFUSED';
        await sleep(pauseMs);
      }
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
 * The compensation of S4: every line revoked, or given up on by an admin. Nothing to do where no
 * provider was ever asked.
 */
export async function revokeLines(run: Run, undoing: Undoing): Promise<void> {
  if (!undoing.isAsked) return;
  if (undoing.kept.length > 0) {
    run.untold.push(undoStep(run, moment(run), 'FAILED', `Kept: ${undoing.kept.join(', ')}`));
    return;
  }
  for (let left = run.view.lineIds; ; ) {
    const startedAt = moment(run);
    run.attempts = 0;
    const refused = await revoke(run, left);
    left = refused.map(({ lineId }) => lineId);
    if (left.length === 0) {
      run.untold.push(undoStep(run, startedAt, 'OK', null));
      return;
    }
    const detail = refused.map((r) => `${r.lineId}: ${r.detail}`).join(' ');
    run.untold.push(undoStep(run, startedAt, 'PARKED', detail));
    const why = { reason: 'COMPENSATION_FAILED', detail, step: 'UNDO_FULFIL' } as const;
    const way = await park(run, { ...why, lineIds: left });
    if (way === 'RETRY') continue;
    if (way === 'OVERTAKEN') undoing.isOvertaken = true;
    else undoing.kept.push(...left);
    run.untold.push(undoStep(run, moment(run), 'FAILED', detail));
    return;
  }
}

export async function releaseHolds(run: Run, undoing: Undoing): Promise<void> {
  if (undoing.isOvertaken) return;
  run.untold.push(await books.releaseHolds({ ...run.ref, kept: undoing.kept }));
}

/**
 * Takes back what this run may have asked for, where another has undone the claim: that one's own
 * requests to revoke may have come before ours to grant. The end is on the record, so what a provider
 * does not take back cannot be parked; it is in the log.
 */
export async function takeBack(run: Run): Promise<void> {
  if (!run.view.mayBeAsked) return;
  for (const lineId of run.view.lineIds) run.mayStillArrive.add(lineId);
  const refused = await revoke(run, run.view.lineIds);
  if (refused.length > 0) log.error('A grant of a claim that ended without one stays', { refused });
}

/**
 * Undoes the claim; null where its record is to be followed anew: it turned out to be granted, which
 * then stands, or another run has moved it on.
 */
export async function undo(
  run: Run,
  reason: Reason,
  compensations: Compensations,
  undoing: Undoing,
): Promise<Ended | null> {
  const { ref, view, mayStillArrive } = run;
  const begun = await books.beginUndo(ref, reason, tell(run));
  if (begun.fate === 'GRANT') return null;
  undoing.isAsked = begun.isAsked;
  if (begun.isAsked && !view.mayBeAsked) {
    // A twin of this run got further than this one knew, and its requests may be under way.
    for (const lineId of view.lineIds) mayStillArrive.add(lineId);
  }
  await compensations.run();
  if (undoing.isOvertaken) return null;
  const end = await books.finishUndo({ ...ref, kept: undoing.kept, since: tell(run) });
  if (end.state === 'GRANTED') {
    throw ApplicationFailure.nonRetryable('An undone claim cannot end granted', 'INTERNAL');
  }
  show(end.state, end.reason);
  return end;
}
