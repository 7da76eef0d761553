/**
 * One claim, from validation to its end. Read `live`: it is the claim's story. Most claims end in its
 * first activity. Everything that lasts stands on the claim's record; a run that is lost is taken up
 * by the next.
 */
import { CancellationScope, CancelledFailure, condition, workflowInfo } from '@temporalio/workflow';
import type { Advanced, AdvanceRequest } from '../activities/advance.ts';
import type { Ended } from '../activities/claim-and-steps.ts';
import type { Reason, StepName } from '../domain/claims/claim.ts';
import { createCompensations } from './compensations.ts';
import { type Check, checkCondition } from './conditions.ts';
import type { ClaimInput, ClaimOutcome } from './contract.ts';
import { type Fulfillment, fulfil } from './fulfillment.ts';
import { park, type Way, waitParked } from './parking.ts';
import {
  advancing,
  books,
  listen,
  newRun,
  openLines,
  type Run,
  take,
  tell,
  type Wakes,
} from './run.ts';
import { releaseHolds, revokeLines, stillGiven, takeBack, type Undoing, undo } from './undo.ts';
import { show } from './visibility.ts';

/** What the steps came to: over, grant it, undo it for a reason, or follow what another run decided. */
type Verdict =
  | { go: 'END'; end: Ended }
  | { go: 'SETTLE' }
  | { go: 'UNDO'; reason: Reason }
  | { go: 'FOLLOW' };

/** Events of a history in whose first workflow task the run is. */
const FIRST_TASK_EVENTS = 3;

/**
 * Grants or refuses one claim, exactly once. The body is not cancellable: a cancellation from
 * Temporal's Web UI is heard between the steps, where it means what an admin's abort means.
 */
export async function claim(input: ClaimInput): Promise<ClaimOutcome> {
  const wakes = listen();
  const end = await CancellationScope.nonCancellable(() => follow(input, wakes));
  if (wakes.cancelled && end.state === 'FAILED') {
    throw new CancelledFailure('The claim was undone, as its run was cancelled.');
  }
  return { claimId: input.claimId, ...end };
}

/** Runs from the record, anew whenever another run turns out to have moved it on. */
async function follow(input: ClaimInput, wakes: Wakes): Promise<Ended> {
  // A task that was lost, or only prolonged, has left its trace in the history.
  const isAlone = input.isAlone === true && workflowInfo().historyLength <= FIRST_TASK_EVENTS;
  // A cancellation that came with the run's first task is heard once this task has been read whole.
  await Promise.resolve();
  for (let isFirst = isAlone; ; isFirst = false) {
    const end = await live(input, wakes, isFirst);
    if (end) return end;
  }
}

/** One telling of the claim, from what its record says to its end; null where it must be told anew. */
async function live(input: ClaimInput, wakes: Wakes, isFirst: boolean): Promise<Ended | null> {
  const undoing: Undoing = { kept: [], isAsked: false, isOvertaken: false };
  const compensations = createCompensations();
  compensations.register(() => releaseHolds(run, undoing));
  compensations.register(() => revokeLines(run, undoing));

  const advanced = await advance(input, { isFirst, mayGoOn: !wakes.cancelled, met: null });
  if (!advanced.left) return advanced.end;
  const run = newRun(input, advanced.left, wakes);
  const verdict = await goOnFrom(run, advanced, undoing);
  switch (verdict.go) {
    case 'END':
      return verdict.end;
    case 'SETTLE':
      return await settle(run);
    case 'FOLLOW':
      return null;
    case 'UNDO':
      return await undo(run, verdict.reason, compensations, undoing);
  }
}

/** All steps in one activity, as far as they go at once. */
async function advance(
  { claimId, userId, eventId, isHeld = false }: ClaimInput,
  how: Pick<AdvanceRequest, 'isFirst' | 'mayGoOn' | 'met'>,
): Promise<Advanced> {
  return await advancing.advance({ claimId, userId, eventId, isHeld, ...how });
}

/** What is left to be done once the activity came as far as it could. */
async function goOnFrom(run: Run, { end, left }: Advanced, undoing: Undoing): Promise<Verdict> {
  if (!end) return await decide(run, left.refused, undoing);
  if (left) await takeBack(run);
  return { go: 'END', end };
}

/** Where the record says this claim stands, and what comes of it. */
async function decide(run: Run, refused: Reason | null, undoing: Undoing): Promise<Verdict> {
  const { state, fate, fateReason, parking } = run.view;
  if (fate === 'GRANT') return { go: 'SETTLE' };
  if (state === 'NEEDS_ATTENTION' && parking) {
    const way = await waitParked(run, parking.number, parking.reason);
    if (way === 'OVERTAKEN') return { go: 'FOLLOW' };
    if (fate === null) return way === 'RETRY' ? await goOn(run, undoing) : verdictFor(way);
    if (way === 'ABORT') undoing.kept.push(...(await stillGiven(run, parking.lineIds)));
  } else if (parking?.isGivenUp) {
    // The run that heard it was lost on its way to the end: an admin is not to be asked again.
    undoing.kept.push(...(await stillGiven(run, parking.lineIds)));
  }
  if (fate === 'UNDO') return { go: 'UNDO', reason: fateReason ?? 'INTERNAL' };
  if (refused) return { go: 'UNDO', reason: refused };
  return await goOn(run, undoing);
}

/** Forward from where the record says the claim stands: S4 once a provider may have been asked. */
async function goOn(run: Run, undoing: Undoing): Promise<Verdict> {
  if (run.view.asked) {
    await rest(run);
    return await fulfilOrPark(run, run.isResumed);
  }
  const kept = await checkOrPark(run);
  if (kept) return kept;
  // The API holds nothing for a claim that may still be refused for its condition.
  const mayGoOn = !run.wakes.cancelled;
  const advanced = await advance(run.ref, { isFirst: false, mayGoOn, met: run.untold });
  if (advanced.left) take(run, advanced.left);
  return await goOnFrom(run, advanced, undoing);
}

/** Leaves the provider alone as its answer to the first try says, unless there is something new. */
async function rest({ restMs, wakes }: Run): Promise<void> {
  const isNews = () => wakes.cancelled || wakes.userLeft || wakes.callbacks > 0;
  if (restMs > 0) await condition(isNews, restMs);
}

/** S2, as often as it takes; null where the condition holds and the claim goes on. */
async function checkOrPark(run: Run): Promise<Verdict | null> {
  for (;;) {
    if (run.wakes.cancelled) return verdictFor('ABORT');
    const s2 = await checkCondition(run);
    switch (s2.end) {
      case 'MET':
        return null;
      case 'NOT_MET':
        return { go: 'UNDO', reason: 'CONDITION_NOT_MET' };
      case 'USER_NOT_ACTIVE':
      case 'OVERTAKEN':
        return verdictFor(s2.end);
    }
    const way =
      s2.end === 'STOPPED' ? await whyStopped(run) : await parkAt(run, 'S2_CONDITIONS', s2);
    if (way !== 'RETRY') return verdictFor(way);
  }
}

/** S4, as often as it takes: a parked claim that is retried begins it with a lookup. */
async function fulfilOrPark(run: Run, isResumed: boolean): Promise<Verdict> {
  for (let resumed = isResumed; ; resumed = true) {
    if (run.wakes.cancelled) return verdictFor('ABORT');
    const s4 = await fulfil(run, resumed);
    if (s4.end === 'GRANTED') return { go: 'SETTLE' };
    if (s4.end === 'REFUSED') return { go: 'UNDO', reason: 'FULFILLMENT_REFUSED' };
    const way = s4.end === 'STOPPED' ? await whyStopped(run) : await parkAt(run, 'S4_FULFIL', s4);
    if (way !== 'RETRY') return verdictFor(way);
  }
}

type Parking = (Check | Fulfillment) & { end: 'PARK' };

async function parkAt(run: Run, step: StepName, { reason, detail }: Parking): Promise<Way> {
  return await park(run, { reason, detail, step, lineIds: openLines(run) });
}

/** What stopped S4: the cancellation, the player, another run; or a false alarm. */
async function whyStopped(run: Run): Promise<Way> {
  return run.wakes.cancelled ? 'ABORT' : await books.whyStopped(run.ref);
}

function verdictFor(way: Exclude<Way, 'RETRY'>): Verdict {
  switch (way) {
    case 'OVERTAKEN':
      return { go: 'FOLLOW' };
    case 'USER_NOT_ACTIVE':
      return { go: 'UNDO', reason: 'USER_NOT_ACTIVE' };
    case 'ABORT':
      return { go: 'UNDO', reason: 'ABORTED_BY_ADMIN' };
  }
}

/**
 * S5; null where another run has undone the claim. Told anew, it is undone or taken back with what
 * this run has asked for.
 */
async function settle(run: Run): Promise<Ended | null> {
  const { ref, grantedAt } = run;
  const end = await books.settle({ ...ref, grantedAt, since: tell(run) });
  if (end && run.parkings > 0) show('GRANTED', null);
  return end;
}
