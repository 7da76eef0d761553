/** S4: every line granted by its provider, or the reason why not. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  sleep,
} from '@temporalio/workflow';
import type { Known, LineAnswer } from '../activities/fulfil.ts';
import type { Reason, Step, StepOutcome } from '../domain/claims/claim.ts';
import { FIRST_POLL_MS } from './contract.ts';
import {
  hasNews,
  hear,
  LONGEST_BACKOFF_MS,
  moment,
  note,
  openLines,
  parkingOf,
  type Run,
} from './run.ts';

type LineEnd =
  | { state: 'GRANTED' }
  | { state: 'REFUSED'; detail: string }
  | { state: 'STOPPED' }
  | { state: 'PARK'; reason: Reason; detail: string };

/** How S4 ended: everything granted, stopped from outside, refused for good, or for a person to decide. */
export type Fulfillment =
  | { end: 'GRANTED' }
  | { end: 'STOPPED' }
  | { end: 'REFUSED' }
  | { end: 'PARK'; reason: Reason; detail: string };

/** How long a line may stay undecided, however often its provider changes its mind about it. */
interface Patience {
  endsAtMs: number;
  pauseMs: number;
}

/** Asks after a pending grant until it is decided, a callback being a reason to ask at once. */
async function awaitOutcome(run: Run, lineId: string, patience: Patience): Promise<Known> {
  // While our own database is away the provider is not asked: it is once more, however late.
  let isUnasked = false;
  for (let leftMs = leftOf(patience); leftMs > 0 || isUnasked; leftMs = leftOf(patience)) {
    const waitMs = leftMs > 0 ? Math.min(patience.pauseMs, leftMs) : patience.pauseMs;
    const isNews = await condition(() => hasNews(run, lineId), waitMs);
    if (!isNews) patience.pauseMs = Math.min(2 * patience.pauseMs, LONGEST_BACKOFF_MS);
    hear(run, lineId);
    try {
      const known = await run.calls.poll.lookupLine({ ...run.ref, lineId });
      isUnasked = known.state === 'DATABASE_AWAY';
      if (known.state === 'DATABASE_AWAY') continue;
      note(run, known.at);
      if (known.state !== 'PENDING') return known;
    } catch (error) {
      // One question without an answer says nothing; the next is asked later.
      isUnasked = false;
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    }
  }
  return { state: 'PENDING', at: moment(run) };
}

function leftOf({ endsAtMs }: Patience): number {
  return endsAtMs - Date.now();
}

/** Asks for a line, past outages of our own database, until the provider's word is there. */
async function ask(run: Run, lineId: string, isResumed: boolean): Promise<LineAnswer> {
  let resumed = isResumed;
  for (let pauseMs = FIRST_POLL_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_BACKOFF_MS)) {
    hear(run, lineId);
    const answer = await run.calls.forward.grantLine({ ...run.ref, lineId, resumed });
    if (answer.state !== 'DATABASE_AWAY') {
      note(run, answer.at);
      run.attempts = Math.max(run.attempts, answer.attempts);
      return answer;
    }
    // The attempt may have asked the provider before the database went away.
    resumed = true;
    await sleep(pauseMs);
  }
}

async function grantLine(run: Run, lineId: string, isResumed: boolean): Promise<LineEnd> {
  let patience: Patience | undefined;
  for (let resumed = isResumed; ; resumed = true) {
    const answer = await ask(run, lineId, resumed);
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
        // It forgot a grant it had called pending: ask anew, under the same ID.
        continue;
      case 'STOPPED':
        if (known.mayStillArrive) run.mayStillArrive.add(lineId);
        return { state: 'STOPPED' };
      default:
        throw ApplicationFailure.nonRetryable(`Unexpected answer ${known.state}`, 'INTERNAL');
    }
  }
}

/** A line's end, with what Temporal reports as a failure made into one. */
async function endOf(run: Run, lineId: string, resumed: boolean): Promise<LineEnd> {
  try {
    return await grantLine(run, lineId, resumed);
  } catch (error) {
    // Whatever was cut short may have been asked, and may arrive at the provider yet.
    run.mayStillArrive.add(lineId);
    if (isCancellation(error)) return { state: 'STOPPED' };
    if (error instanceof ActivityFailure) {
      run.attempts = run.policy.maxAttempts;
      // Our own timeout is an unknown outcome, not a failure.
      return { state: 'PARK', ...parkingOf(error, 'FULFILLMENT_UNKNOWN') };
    }
    throw error;
  }
}

/** The worst of the lines decides: a player who left before a refusal, a refusal before a parking. */
function judge(ends: LineEnd[]): Fulfillment {
  if (ends.every((e) => e.state === 'GRANTED')) return { end: 'GRANTED' };
  if (ends.some((e) => e.state === 'STOPPED')) return { end: 'STOPPED' };
  if (ends.some((e) => e.state === 'REFUSED')) return { end: 'REFUSED' };
  const parked = ends.find((e) => e.state === 'PARK');
  if (parked?.state === 'PARK')
    return { end: 'PARK', reason: parked.reason, detail: parked.detail };
  throw ApplicationFailure.nonRetryable('A line ended in no known way', 'INTERNAL');
}

const OUTCOMES: { readonly [E in Fulfillment['end']]: StepOutcome } = {
  GRANTED: 'OK',
  STOPPED: 'STOPPED',
  REFUSED: 'REFUSED',
  PARK: 'PARKED',
};

function stepOf(run: Run, startedAt: string, fulfillment: Fulfillment, ends: LineEnd[]): Step {
  const details = ends.flatMap((e) => ('detail' in e ? [e.detail] : []));
  return {
    step: 'S4_FULFIL',
    outcome: OUTCOMES[fulfillment.end],
    startedAt,
    endedAt: moment(run),
    attempts: run.attempts,
    detail: details.length > 0 ? details.join(' ') : null,
  };
}

/**
 * Asks for every line that is not granted yet, all at once. `resumed` begins each with a lookup.
 * A claim that must stop waits for the attempts under way, and learns what they came to.
 */
export async function fulfil(run: Run, resumed: boolean): Promise<Fulfillment> {
  const startedAt = moment(run);
  run.attempts = 0;
  const open = openLines(run);
  const scope = new CancellationScope({ cancellable: true });
  run.wakes.onStop = () => scope.cancel();
  run.wakes.userLeft = false; // Every attempt reads the player's record itself.
  const ends = await scope.run(() => Promise.all(open.map((id) => endOf(run, id, resumed))));
  run.wakes.onStop = () => {};
  // Told to stop before every grant was confirmed: whatever the attempts under way came to, it stops.
  const fulfillment: Fulfillment = scope.consideredCancelled ? { end: 'STOPPED' } : judge(ends);
  run.untold.push(stepOf(run, startedAt, fulfillment, ends));
  return fulfillment;
}
