/** Parking: the claim waits in its workflow until a person decides, or its player leaves. */
import { condition } from '@temporalio/workflow';
import type { Verdict } from '../activities/parking.ts';
import type { Reason, StepName } from '../domain/claims/claim.ts';
import { books, hasNews, openLines, type Run, tell } from './run.ts';
import { clearParking, describeParking, show } from './visibility.ts';

/** `OVERTAKEN`: another run has moved the claim on; its record is to be followed. */
export type Way = Exclude<Verdict, null> | 'OVERTAKEN';

/** `isDecided`: by an admin or by the record, as against a callback or a cancellation. */
interface Word {
  way: Way;
  isDecided: boolean;
}

/**
 * Waits for a word on this parking. The record is read before the first wait too: what was decided
 * may stand there with its signal lost. A provider's callback counts as a retry while going forward,
 * as that begins by asking the provider.
 */
async function verdictOn(run: Run, number: number, isUndoing: boolean): Promise<Word> {
  const { ref, wakes } = run;
  // The cancellation that began an undoing is not also an abort of what it gets stuck on.
  const isSpent = isUndoing && wakes.cancelled;
  const isCancelled = () => wakes.cancelled && !isSpent;
  const isCalledBack = () => !isUndoing && openLines(run).some((lineId) => hasNews(run, lineId));
  for (;;) {
    wakes.decided = false;
    wakes.userLeft = false;
    const verdict = await books.readVerdict({ ...ref, number });
    if (verdict !== null) return { way: verdict, isDecided: true };
    if (isCancelled()) return { way: 'ABORT', isDecided: false };
    if (isCalledBack()) return { way: 'RETRY', isDecided: false };
    await condition(() => wakes.decided || wakes.userLeft || isCancelled() || isCalledBack());
  }
}

/**
 * Waits for a word and moves the record on by it. A retry without a decision gives way to one that
 * an admin wrote meanwhile: that is read, and followed.
 */
async function leave(run: Run, number: number, isUndoing: boolean): Promise<Way> {
  for (;;) {
    const { way, isDecided } = await verdictOn(run, number, isUndoing);
    const movesOn = way === 'RETRY' || (isUndoing && way === 'ABORT');
    // Any other way takes the claim's fate next, which only one can.
    if (!movesOn) return way;
    if (await books.unpark({ ...run.ref, number, isDecided })) return way;
  }
}

/** Waits at a parking that is on the record, then moves the claim on. */
export async function waitParked(run: Run, number: number, reason: Reason): Promise<Way> {
  const isUndoing = reason === 'COMPENSATION_FAILED';
  run.parkings = number;
  show('NEEDS_ATTENTION', reason);
  describeParking(reason);
  const way = await leave(run, number, isUndoing);
  clearParking();
  const goesForward = way === 'RETRY' && !isUndoing;
  const forward = run.view.asked ? 'FULFILLING' : 'CHECKING_CONDITIONS';
  show(goesForward ? forward : 'COMPENSATING', goesForward ? null : reason);
  return way;
}

/** Parks the claim with what is known so far, and waits. */
export async function park(
  run: Run,
  why: { reason: Reason; detail: string; step: StepName; lineIds: string[] },
): Promise<Way> {
  const { ref, grantedAt } = run;
  const number = run.parkings + 1;
  const request = { ...ref, number, ...why, since: tell(run), grantedAt };
  const isParked = await books.park(request);
  return isParked ? await waitParked(run, number, why.reason) : 'OVERTAKEN';
}
