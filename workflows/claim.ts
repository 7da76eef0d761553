/**
 * One claim, from validation to its end. Read `live` and `goForward`: they are the claim's story.
 * Everything that lasts stands on the claim's record; a run that is lost is taken up by the next.
 */
import { CancellationScope, CancelledFailure } from '@temporalio/workflow';
import type { Validation } from '../activities/validate.ts';
import { isFinal, type Reason, type StepName } from '../domain/claim.ts';
import { createCompensations } from './compensations.ts';
import { type Check, checkCondition } from './conditions.ts';
import type { ClaimInput, ClaimOutcome } from './contract.ts';
import { type Fulfilment, fulfil } from './fulfilment.ts';
import { park, type Way, waitParked } from './parking.ts';
import { books, callsTo, listen, note, openLines, type Run, tell, type Wakes } from './run.ts';
import {
  giveBackEntitlement,
  releaseHolds,
  revokeLines,
  stillGiven,
  type Undoing,
  undo,
} from './undo.ts';
import { show } from './visibility.ts';

/** What the steps came to: grant it, undo it for a reason, or follow what another run decided. */
type Verdict = { go: 'SETTLE' } | { go: 'UNDO'; reason: Reason } | { go: 'FOLLOW' };

/**
 * Grants or refuses one claim, exactly once. The body is not cancellable: a cancellation from
 * Temporal's Web UI is heard between the steps, where it means what an admin's abort means.
 */
export async function claim({ claimId, isShort }: ClaimInput): Promise<ClaimOutcome> {
  const wakes = listen();
  const outcome = await CancellationScope.nonCancellable(
    async () => (isShort && (await goShort(claimId, wakes))) || (await follow(claimId, wakes)),
  );
  if (wakes.cancelled && outcome.state === 'FAILED') {
    throw new CancelledFailure('The claim was undone, as its run was cancelled.');
  }
  return outcome;
}

function granted(claimId: string): ClaimOutcome {
  return { claimId, state: 'GRANTED', reason: null };
}

/** All steps in one activity; null where it came to no grant, and the long way goes on. */
async function goShort(claimId: string, wakes: Wakes): Promise<ClaimOutcome | null> {
  // A cancellation that came with the run's first task is heard once this task has been read whole.
  await Promise.resolve();
  const isGranted = !wakes.cancelled && (await books.grantShort(claimId));
  return isGranted ? granted(claimId) : null;
}

/** Runs from the record, anew whenever another run turns out to have moved it on. */
async function follow(claimId: string, wakes: Wakes): Promise<ClaimOutcome> {
  for (;;) {
    const outcome = await live(claimId, wakes);
    if (outcome) return outcome;
  }
}

/** One telling of the claim, from what its record says to its end; null where it must be told anew. */
async function live(claimId: string, wakes: Wakes): Promise<ClaimOutcome | null> {
  const undoing: Undoing = { kept: [], isAsked: false, isOvertaken: false };
  const compensations = createCompensations();

  compensations.register(() => giveBackEntitlement(run, undoing));
  const { view, policy, step, refused } = await books.validate(claimId);
  const run = newRun(claimId, { view, policy, step }, wakes);
  if (isFinal(view.state)) return { claimId, state: view.state, reason: view.reason };

  compensations.register(() => releaseHolds(run, undoing));
  compensations.register(() => revokeLines(run, undoing));
  const verdict = await decide(run, refused, undoing);
  if (verdict.go === 'SETTLE') return await settle(run);
  if (verdict.go === 'FOLLOW') return null;
  return await undo(run, verdict.reason, compensations, undoing);
}

function newRun(
  claimId: string,
  { view, policy, step }: Pick<Validation, 'view' | 'policy' | 'step'>,
  wakes: Wakes,
): Run {
  return {
    claimId,
    view,
    policy,
    wakes,
    calls: callsTo(view.provider, policy),
    untold: step ? [step] : [],
    grantedAt: {},
    isAsking: view.asked,
    // An earlier run may have asked for any of them, and its requests may be under way.
    mayStillArrive: new Set(view.asked ? view.lineIds : []),
    latest: step?.endedAt ?? '',
    heard: {},
    attempts: 0,
    parkings: view.parking?.number ?? 0,
  };
}

/** Where the record says this claim stands, and what comes of it. */
async function decide(run: Run, refused: Reason | null, undoing: Undoing): Promise<Verdict> {
  const { state, fate, fateReason, parking } = run.view;
  if (fate === 'GRANT') return { go: 'SETTLE' };
  if (state === 'NEEDS_ATTENTION' && parking) {
    const way = await waitParked(run, parking.number, parking.reason);
    if (way === 'OVERTAKEN') return { go: 'FOLLOW' };
    if (fate === null) return way === 'RETRY' ? await goOn(run) : verdictFor(way);
    if (way === 'ABORT') undoing.kept.push(...(await stillGiven(run, parking.lineIds)));
  } else if (parking?.isGivenUp) {
    // The run that heard it was lost on its way to the end: an admin is not to be asked again.
    undoing.kept.push(...(await stillGiven(run, parking.lineIds)));
  }
  if (fate === 'UNDO') return { go: 'UNDO', reason: fateReason ?? 'INTERNAL' };
  if (refused) return { go: 'UNDO', reason: refused };
  return await goOn(run);
}

/** Forward from where the record says the claim stands: S4 once a provider may have been asked. */
async function goOn(run: Run): Promise<Verdict> {
  return run.isAsking ? await fulfilOrPark(run, true) : await goForward(run);
}

/** S2 to S4 of a claim that passed its validation. */
async function goForward(run: Run): Promise<Verdict> {
  const kept = await checkOrPark(run);
  if (kept) return kept;

  const reserved = await books.reserve(run.claimId, run.untold);
  switch (reserved.state) {
    case 'OVERTAKEN':
      return { go: 'FOLLOW' };
    case 'SOLD_OUT':
    case 'USER_NOT_ACTIVE':
      run.untold.push(reserved.step);
      return { go: 'UNDO', reason: reserved.state };
    case 'HELD':
      note(run, reserved.at);
      tell(run);
      run.isAsking = true;
  }
  return await fulfilOrPark(run, false);
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

type Parking = (Check | Fulfilment) & { end: 'PARK' };

async function parkAt(run: Run, step: StepName, { reason, detail }: Parking): Promise<Way> {
  return await park(run, { reason, detail, step, lineIds: openLines(run) });
}

/** What stopped S4: the cancellation, the player, another run; or a false alarm. */
async function whyStopped(run: Run): Promise<Way> {
  return run.wakes.cancelled ? 'ABORT' : await books.whyStopped(run.claimId);
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

/** S5; null where the claim turned out to be undone by another run. */
async function settle(run: Run): Promise<ClaimOutcome | null> {
  const { claimId, grantedAt } = run;
  const settled = await books.settle({ claimId, grantedAt, since: tell(run) });
  if (settled.state === 'UNDONE') return null;
  if (run.parkings > 0) show('GRANTED', null);
  return granted(claimId);
}
