/** Parking: the claim waits in its workflow until a person decides, or its player leaves. */
import { condition } from '@temporalio/workflow';
import type { Verdict } from '../activities/parking.ts';
import type { Reason, StepName } from '../domain/claim.ts';
import { books, type Run, tell } from './run.ts';
import { clearParking, describeParking, show } from './visibility.ts';

/** `OVERTAKEN`: another run has moved the claim on; its record is to be followed. */
export type Way = Exclude<Verdict, null> | 'OVERTAKEN';

/**
 * Waits for a word on this parking. The record is read before the first wait too: what was decided
 * may stand there with its signal lost. A provider's callback counts as a retry while going forward,
 * as that begins by asking the provider.
 */
async function verdictOn(run: Run, number: number, isUndoing: boolean): Promise<Way> {
  const { claimId, wakes } = run;
  // The cancellation that began an undoing is not also an abort of what it gets stuck on.
  const isSpent = isUndoing && wakes.cancelled;
  const isCancelled = () => wakes.cancelled && !isSpent;
  const isCalledBack = () => wakes.callback && !isUndoing;
  for (;;) {
    wakes.decided = false;
    wakes.userLeft = false;
    const verdict = await books.readVerdict({ claimId, number });
    if (verdict !== null) return verdict;
    if (isCancelled()) return 'ABORT';
    if (isCalledBack()) return 'RETRY';
    await condition(() => wakes.decided || wakes.userLeft || isCancelled() || isCalledBack());
  }
}

/** Waits at a parking that is on the record, then moves the claim on. */
export async function waitParked(run: Run, number: number, reason: Reason): Promise<Way> {
  const { claimId } = run;
  const isUndoing = reason === 'COMPENSATION_FAILED';
  run.parkings = number;
  show('NEEDS_ATTENTION', reason);
  describeParking(reason);
  const way = await verdictOn(run, number, isUndoing);
  clearParking();
  if (way === 'RETRY' || isUndoing) await books.unpark({ claimId, number });
  const goesForward = way === 'RETRY' && !isUndoing;
  show(goesForward ? 'FULFILLING' : 'COMPENSATING', goesForward ? null : reason);
  return way;
}

/** Parks the claim with what is known so far, and waits. */
export async function park(
  run: Run,
  why: { reason: Reason; detail: string; step: StepName },
): Promise<Way> {
  const { claimId, grantedAt } = run;
  const number = run.parkings + 1;
  run.wakes.callback = false;
  const request = { claimId, number, ...why, since: tell(run), grantedAt };
  const isParked = await books.park(request);
  return isParked ? await waitParked(run, number, why.reason) : 'OVERTAKEN';
}
