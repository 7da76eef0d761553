/** What clients, workers and workflows agree on by name: queues, workflow types, signals, inputs, outcomes. */
import type { FinalState, Reason, Step } from '../domain/claims/claim.ts';

/** Claims' workflows and their local activities. */
export const CLAIM_QUEUE = 'laurel-claims';
/** Calls to providers over HTTP, on a queue of their own: they can be rate-limited or paused alone. */
export const FULFILLMENT_QUEUE = 'laurel-fulfillment';
/** The same for one provider alone, where it has a limit. */
export const providerQueue = (name: string): string => `${FULFILLMENT_QUEUE}-${name}`;
/** Reconciliation, on a queue of its own so that a hot event never delays it. */
export const UPKEEP_QUEUE = 'laurel-upkeep';

export const CLAIM_WORKFLOW = 'claim';
export const BULK_WORKFLOW = 'bulk';
export const RECONCILE_WORKFLOW = 'reconcile';
export const RECONCILE_SCHEDULE = 'laurel-reconcile';

/** Signals to a claim. Each only wakes it: what counts stands in MongoDB or at the provider. */
export const SIGNALS = {
  /** An admin's decision on a parked claim stands on its record. */
  decided: 'decided',
  /** The player may no longer be active. */
  userLeft: 'userLeft',
  /** The provider says that it knows more about a grant. */
  providerCallback: 'providerCallback',
} as const;
export type ClaimSignal = (typeof SIGNALS)[keyof typeof SIGNALS];

/** Search attributes, all keywords; registered when a worker starts. */
export const SEARCH_ATTRIBUTES = ['ClaimState', 'EventId', 'UserId', 'Reason'] as const;

/** What names a claim to every store: by its player lies the record, by its event the stock. */
export interface ClaimRef {
  claimId: string;
  userId: string;
  eventId: string;
}

/** What the request that recorded a claim knows of it; absent where another starts its run. */
export interface RunStart {
  /** It holds the claim's units. */
  isHeld: boolean;
  /** No other run of the claim can have begun before this one. */
  isAlone: boolean;
}

export interface ClaimInput extends ClaimRef, Partial<RunStart> {}

export interface BulkInput {
  operationId: string;
}

/** What the Web UI shows of a run that is over. */
export interface ClaimOutcome {
  claimId: string;
  state: FinalState;
  reason: Reason | null;
  /** Each step with its times. */
  steps: Pick<Step, 'step' | 'outcome' | 'startedAt' | 'endedAt'>[];
}

/**
 * A grant is asked for at most this long after its claim was seen fit for it, in milliseconds. So
 * whoever undoes a claim knows by when the last request of an attempt that overlaps has been sent.
 */
export const CHECK_VALID_MS = 2_000;

/** A pending grant is asked after, and our own database tried again, from this pause on, doubling. */
export const FIRST_POLL_MS = 1_000;

/** How long the first try at a provider may take, in milliseconds: it holds a workflow task. */
export const FIRST_TRY_MS = 2_000;

/** How patient fulfillment is. All in milliseconds but the attempts. */
export interface FulfillmentPolicy {
  /** One call to a provider. */
  timeoutMs: number;
  /** Attempts before a claim is parked. */
  maxAttempts: number;
  /** Backoff's start; it doubles up to a minute. */
  initialIntervalMs: number;
  /** How long a `PENDING` answer may stay open before the claim is parked. */
  pendingTimeoutMs: number;
  /** Where the claim's provider has a limit. */
  limited?: LimitedQueue;
  /** Where the only provider that its condition asks has one. */
  limitedCheck?: LimitedQueue;
}

/** The queue of a provider with a limit, and how long a call may wait for its turn in milliseconds. */
export interface LimitedQueue {
  queue: string;
  waitMs: number;
}

/** The `type` of a failure that an activity knows: a claim is parked for it. Any other is a mistake. */
export const FAILURE_TYPES = [
  'FULFILLMENT_UNAVAILABLE',
  'FULFILLMENT_UNKNOWN',
  'INTERNAL',
] as const;
export type FailureType = (typeof FAILURE_TYPES)[number];
