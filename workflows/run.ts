/** One run of a claim: what it carries from step to step, the calls it makes, and what can stop it. */
import {
  type ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  defineSignal,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
} from '@temporalio/workflow';
import type { ClaimView, Left } from '../activities/advance.ts';
import type { Activities } from '../activities/index.ts';
import type { Reason, Step } from '../domain/claims/claim.ts';
import {
  type ClaimInput,
  type ClaimRef,
  FAILURE_TYPES,
  type FailureType,
  FULFILLMENT_QUEUE,
  type FulfillmentPolicy,
  SIGNALS,
} from './contract.ts';

/**
 * Steps on our own database: local activities, one marker each. Longer than its database
 * calls take on all but the worst of days, each bounded to seconds by the connection. On those an
 * attempt outlives its timeout and overlaps with the next, which every verb allows for. Tried without end, as a database that
 * is away comes back; past five seconds of backoff the wait becomes a timer on the server, so that
 * an outage does not hold a workflow task.
 */
const LOCAL = {
  startToCloseTimeout: '30 seconds',
  retry: {
    initialInterval: '100 milliseconds',
    backoffCoefficient: 2,
    maximumInterval: '30 seconds',
  },
  localRetryThreshold: '5 seconds',
} as const;

export const books = proxyLocalActivities<Activities>(LOCAL);

/** The longest pause between attempts at a provider. */
export const LONGEST_BACKOFF_MS = 60_000;

/** What an attempt does beside its two calls to the provider: reads of two documents, 3 s each at most. */
export const ATTEMPT_MARGIN_MS = 10_000;

/** How the pauses between attempts at a provider grow. */
export function backoffOf(policy: FulfillmentPolicy) {
  return {
    initialInterval: policy.initialIntervalMs,
    backoffCoefficient: 2,
    maximumInterval: Math.max(LONGEST_BACKOFF_MS, policy.initialIntervalMs),
  };
}

/** The one activity that every run begins with; its name and this stand in the Web UI. */
export const advancing = proxyLocalActivities<Pick<Activities, 'advance'>>({
  ...LOCAL,
  summary: 'S1 to S5, as far as they go at once',
});

/** Calls to a provider over HTTP: activities of their own. */
function callsTo(policy: FulfillmentPolicy) {
  const options = {
    taskQueue: policy.limited?.queue ?? FULFILLMENT_QUEUE,
    // A lookup and a grant.
    startToCloseTimeout: 2 * (policy.timeoutMs + (policy.limited?.waitMs ?? 0)) + ATTEMPT_MARGIN_MS,
    // What was asked must be known before anything is undone.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  } as const;
  const backoff = backoffOf(policy);
  return {
    forward: proxyActivities<Activities>({
      ...options,
      retry: { ...backoff, maximumAttempts: policy.maxAttempts },
    }),
    poll: proxyActivities<Activities>({ ...options, retry: { maximumAttempts: 1 } }),
    back: proxyActivities<Activities>({ ...options, retry: backoff }),
  };
}

/** Signals that came and the cancellation from the Web UI, until somebody looks. */
export interface Wakes {
  cancelled: boolean;
  userLeft: boolean;
  decided: boolean;
  /** How many callbacks came. Counted, so that one that comes while we ask is not taken as answered. */
  callbacks: number;
  /** Called when the claim may have to stop: cancelled, or its player left. */
  onStop: () => void;
}

/** Listens before anything else runs, so that nothing is missed. */
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

export interface Run {
  ref: ClaimRef;
  view: ClaimView;
  policy: FulfillmentPolicy;
  wakes: Wakes;
  calls: ReturnType<typeof callsTo>;
  /** Steps that the record does not tell yet: each write of the record takes them along. */
  untold: Step[];
  /** When each line's grant was confirmed, by line. */
  grantedAt: Record<string, string>;
  /** Whether S4 begins with a lookup. */
  isResumed: boolean;
  /** For how long the provider is to be left alone before S4 goes on. In milliseconds. */
  restMs: number;
  /** Lines of which a request may still be under way to the provider. */
  mayStillArrive: Set<string>;
  /** The latest time that was read off our own clock, ISO 8601. */
  latest: string;
  /** How many callbacks had come when the provider was last asked about a line. */
  heard: Record<string, number>;
  /** Attempts at the line that took the most, in the S4 that runs. */
  attempts: number;
  /** How often the claim has been parked. */
  parkings: number;
}

/** A run of the claim, from where its first activity left it. */
export function newRun(input: ClaimInput, left: Left, wakes: Wakes): Run {
  const { claimId, userId, eventId } = input;
  const run: Run = {
    ref: { claimId, userId, eventId },
    view: left.view,
    policy: left.policy,
    wakes,
    calls: callsTo(left.policy),
    untold: [],
    grantedAt: {},
    isResumed: false,
    restMs: 0,
    mayStillArrive: new Set(),
    latest: '',
    heard: {},
    attempts: 0,
    parkings: left.view.parking?.number ?? 0,
  };
  take(run, left);
  return run;
}

/** Takes over what the one activity has left of the claim. */
export function take(run: Run, { view, untold, isResumed, restMs }: Left): void {
  run.view = view;
  run.untold = untold;
  run.isResumed = isResumed;
  run.restMs = restMs;
  note(run, untold.at(-1)?.endedAt ?? '');
  // An attempt before, or another run, may have asked for any of them: its requests may be under way.
  if (isResumed) for (const lineId of view.lineIds) run.mayStillArrive.add(lineId);
}

/** The provider is about to be asked about the line, which answers every callback so far. */
export function hear(run: Run, lineId: string): void {
  run.heard[lineId] = run.wakes.callbacks;
}

/** Whether a callback came since the provider was last asked about the line. */
export function hasNews(run: Run, lineId: string): boolean {
  return run.wakes.callbacks > (run.heard[lineId] ?? 0);
}

/** The lines whose grant is not confirmed yet. */
export function openLines(run: Run): string[] {
  return run.view.lineIds.filter((lineId) => !(lineId in run.grantedAt));
}

/** The untold steps, which the caller is about to write. */
export function tell(run: Run): Step[] {
  return run.untold.splice(0);
}

/** Takes note of a time that an activity read off our clock. */
export function note(run: Run, at: string): void {
  if (at > run.latest) run.latest = at;
}

/**
 * The time for a step's story. The workflow's own clock stands still within a task, so that it lags
 * behind the local activities that ran in it; a story never runs backwards.
 */
export function moment(run: Run): string {
  note(run, new Date().toISOString());
  return run.latest;
}

/** What is shown of a mistake of ours: the log has its words, which are not for players. */
const MISTAKE = 'Something went wrong on our side. The log says what.';

/**
 * Why a spent activity that asks providers parks the claim. Only what a provider's answer came to is
 * the provider's; any other failure is ours.
 * @param silence what it means that the activity did not end in time
 */
export function parkingOf<S extends Reason>(
  { cause }: ActivityFailure,
  silence: S,
): { reason: S | FailureType; detail: string } {
  if (!(cause instanceof ApplicationFailure)) {
    return { reason: silence, detail: cause?.message ?? 'It did not end in time.' };
  }
  const type = FAILURE_TYPES.find((known) => known === cause.type);
  if (type === undefined) return { reason: 'INTERNAL', detail: MISTAKE };
  return { reason: type, detail: cause.message };
}
