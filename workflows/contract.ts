/**
 * What clients, workers and workflows agree on: queues, workflow types, signals, inputs, outcomes.
 */
import type { FinalState, Reason, Step } from '../domain/claims/claim.ts';

/** The task queue of claims' workflows and their local activities. */
export const CLAIM_QUEUE = 'laurel-claims';
/**
 * The task queue of calls to providers over HTTP. Of its own, so that it can be limited or paused.
 */
export const FULFILLMENT_QUEUE = 'laurel-fulfillment';
/** The task queue of calls to one provider that has a limit. */
export const providerQueue = (name: string): string => `${FULFILLMENT_QUEUE}-${name}`;
/**
 * The task queue of reconciliation and bulk actions. Of its own, so that a hot event never delays
 * it.
 */
export const UPKEEP_QUEUE = 'laurel-upkeep';

export const CLAIM_WORKFLOW = 'claim';
export const BULK_WORKFLOW = 'bulk';
export const RECONCILE_WORKFLOW = 'reconcile';
export const RECONCILE_SCHEDULE = 'laurel-reconcile';

/** Signals to a claim. Each only wakes it: the claim then reads MongoDB or asks the provider. */
export const SIGNALS = {
  /** An admin's decision on a parked claim is on its record. */
  decided: 'decided',
  /** The player may no longer be active. */
  userLeft: 'userLeft',
  /** The provider has called back about a grant. */
  providerCallback: 'providerCallback',
} as const;
export type ClaimSignal = (typeof SIGNALS)[keyof typeof SIGNALS];

/** Search attributes, all of type keyword. A worker registers them when it starts. */
export const SEARCH_ATTRIBUTES = ['ClaimState', 'EventId', 'UserId', 'Reason'] as const;

/**
 * A claim's place in its trace, which every activity is told. It is plain data: no code of a tracing
 * library is in the workflow's sandbox.
 */
interface ClaimTrace {
  /** The W3C `traceparent` of the request that recorded the claim. */
  traceparent: string;
  /** When the run began, or went on after its last parking, in milliseconds since the epoch. */
  beganAtMs: number;
  /** The number of the last parking. What comes after it has a trace of its own. */
  parking?: number;
}

/** The IDs by which every store finds a claim: the record by its player, the stock by its event. */
export interface ClaimRef {
  claimId: string;
  userId: string;
  eventId: string;
  /** Absent where tracing was off when the claim was recorded. */
  trace?: ClaimTrace;
}

/** What the request that recorded a claim knows about it. Absent if another starts the run. */
export interface RunStart {
  /** The request holds the claim's units. */
  isHeld: boolean;
  /** No other run of the claim can have begun before this one. */
  isAlone: boolean;
}

export interface ClaimInput extends Omit<ClaimRef, 'trace'>, Partial<RunStart> {
  /** As on the claim's record. */
  traceparent?: string;
}

export interface BulkInput {
  operationId: string;
}

/** The result of a claim's run, as the Web UI shows it. */
export interface ClaimOutcome {
  claimId: string;
  state: FinalState;
  reason: Reason | null;
  /** Each step with its times. */
  steps: Pick<Step, 'step' | 'outcome' | 'startedAt' | 'endedAt'>[];
}

/**
 * How long a check of a claim is valid, in milliseconds: a grant is asked for only within this
 * time. So a run that undoes the claim knows when another run's last request has been sent.
 */
export const CHECK_VALID_MS = 2_000;

/**
 * The first pause before a pending grant is looked up, and before a call is tried again that failed
 * for our own database. It doubles each time. In milliseconds.
 */
export const FIRST_POLL_MS = 1_000;

/**
 * How long the first try at a provider may take, in milliseconds. Short, as it holds a workflow
 * task.
 */
export const FIRST_TRY_MS = 2_000;

/** Timeouts and attempts of calls to providers. All times are in milliseconds. */
export interface FulfillmentPolicy {
  /** The timeout of one call to a provider. */
  timeoutMs: number;
  /** The attempts before a claim is parked. */
  maxAttempts: number;
  /** The first pause between attempts. It doubles, up to a minute. */
  initialIntervalMs: number;
  /** How long a grant may stay `PENDING` before the claim is parked. */
  pendingTimeoutMs: number;
  /** Present if the claim's provider has a limit. */
  limited?: LimitedQueue;
  /** Present if the claim's condition asks a single provider, and that one has a limit. */
  limitedCheck?: LimitedQueue;
}

/** The task queue of a provider with a limit. `waitMs`: how long a call may wait for a slot. */
export interface LimitedQueue {
  queue: string;
  waitMs: number;
}

/**
 * The `type` of each failure that activities throw on purpose. Any other failure is a mistake of
 * ours.
 */
export const FAILURE_TYPES = [
  'FULFILLMENT_UNAVAILABLE',
  'FULFILLMENT_UNKNOWN',
  'INTERNAL',
] as const;
export type FailureType = (typeof FAILURE_TYPES)[number];
