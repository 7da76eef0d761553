/** The state of one run of a claim, and the signals that wake it. */
import {
  CancellationScope,
  defineSignal,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Left } from '../activities/advance.ts';
import type { Reason, Step } from '../domain/claims/claim.ts';
import { callsTo } from './activity-calls.ts';
import { type ClaimInput, type ClaimRef, SIGNALS } from './contract.ts';

/** The signals that came, and the cancellation from the Web UI. Whoever handles one resets it. */
export interface Wakes {
  cancelled: boolean;
  userLeft: boolean;
  decided: boolean;
  /** How many callbacks came. A count, so that one that comes during a lookup is not lost. */
  callbacks: number;
  /** Called when the claim may have to stop: it was cancelled, or its player left. */
  onStop: () => void;
}

/** Listens to the signals. Call it before anything else, so that none is missed. */
export function listen(): Wakes {
  const wakes: Wakes = {
    cancelled: false,
    userLeft: false,
    decided: false,
    callbacks: 0,
    onStop: () => {},
  };
  setHandler(defineSignal(SIGNALS.decided), () => {
    wakes.decided = true;
  });
  setHandler(defineSignal(SIGNALS.providerCallback), () => {
    wakes.callbacks += 1;
  });
  setHandler(defineSignal(SIGNALS.userLeft), () => {
    wakes.userLeft = true;
    wakes.onStop();
  });
  CancellationScope.current().cancelRequested.catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
    wakes.cancelled = true;
    wakes.onStop();
  });
  return wakes;
}

/** How S2 or S4 halts: by a signal or a cancellation, or because a person must decide. */
export type Halt = { end: 'STOPPED' } | { end: 'PARK'; reason: Reason; detail: string };

/** What a run carries from step to step. */
export interface Run extends Pick<Left, 'view' | 'policy' | 'isResumed' | 'restMs'> {
  ref: ClaimRef;
  wakes: Wakes;
  calls: ReturnType<typeof callsTo>;
  /** The steps that are not on the record yet. The next write of the record takes them along. */
  unrecordedSteps: Step[];
  /** When each line's grant was confirmed, by line. ISO 8601. */
  grantedAt: Record<string, string>;
  /** The lines for which a request may still be on its way to the provider. */
  mayStillArrive: Set<string>;
  /** The latest time that was read from our own clock. ISO 8601. */
  latestTime: string;
  /** How many callbacks had come when the provider was last asked about each line. */
  callbacksSeen: Record<string, number>;
  /** The most attempts that a line has taken in the S4 or the undoing that runs. */
  attempts: number;
  /** How often the claim was parked. */
  parkings: number;
}

/** What the run tells every activity of its claim. */
export function refOf({ claimId, userId, eventId, traceparent }: ClaimInput): ClaimRef {
  const ids = { claimId, userId, eventId };
  if (traceparent === undefined) return ids;
  return { ...ids, trace: { traceparent, beganAtMs: workflowInfo().startTime.getTime() } };
}

/** A run's state after its first activity. */
export function newRun(ref: ClaimRef, left: Left, wakes: Wakes): Run {
  const run: Run = {
    ...left,
    ref,
    wakes,
    calls: callsTo(left.policy),
    unrecordedSteps: [],
    grantedAt: {},
    mayStillArrive: new Set(),
    latestTime: '',
    callbacksSeen: {},
    attempts: 0,
    parkings: left.view.parking?.number ?? 0,
  };
  takeOver(run, left);
  const { state, parking } = left.view;
  if (parking && state !== 'NEEDS_ATTENTION') traceAfterParking(run, parking.number);
  return run;
}

/** Begins a trace of its own for what follows a parking: that may be days later. */
export function traceAfterParking(run: Run, number: number): void {
  const { trace } = run.ref;
  if (!trace || trace.parking === number) return;
  run.ref = { ...run.ref, trace: { ...trace, beganAtMs: Date.now(), parking: number } };
}

/** Takes over what the activity `advance` has left to do. */
export function takeOver(run: Run, { view, untold, isResumed, restMs }: Left): void {
  run.view = view;
  run.unrecordedSteps = untold;
  run.isResumed = isResumed;
  run.restMs = restMs;
  noteTime(run, untold.at(-1)?.endedAt ?? '');
  // An earlier attempt or another run may have asked for any line: a request may be under way.
  if (isResumed) for (const lineId of view.lineIds) run.mayStillArrive.add(lineId);
}

/** Notes that the provider is asked about the line now. That answers all callbacks so far. */
export function noteAsked(run: Run, lineId: string): void {
  run.callbacksSeen[lineId] = run.wakes.callbacks;
}

/** Whether a callback came since the provider was last asked about the line. */
export function hasNewCallback(run: Run, lineId: string): boolean {
  return run.wakes.callbacks > (run.callbacksSeen[lineId] ?? 0);
}

/** The lines whose grant is not confirmed yet. */
export function openLines(run: Run): string[] {
  return run.view.lineIds.filter((lineId) => !(lineId in run.grantedAt));
}

/** Takes the unrecorded steps out of the run's state. The caller writes them to the record. */
export function takeUnrecordedSteps(run: Run): Step[] {
  return run.unrecordedSteps.splice(0);
}

/** Notes a time that an activity read from our own clock. ISO 8601. */
export function noteTime(run: Run, at: string): void {
  if (at > run.latestTime) run.latestTime = at;
}

/**
 * The time now, for a step on the record. ISO 8601. The workflow's clock stands still during a
 * task, so it may lag behind the local activities of that task. Steps must not run backwards: the
 * later one of the two times counts.
 */
export function stepTime(run: Run): string {
  noteTime(run, new Date().toISOString());
  return run.latestTime;
}
