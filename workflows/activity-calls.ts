/** How a claim's workflow calls activities: timeouts, retries, queues, and what failures mean. */
import { ApplicationFailure } from '@temporalio/common';
import { proxyActivities, proxyLocalActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { Reason } from '../domain/claims/claim.ts';
import {
  FAILURE_TYPES,
  type FailureType,
  FIRST_POLL_MS,
  FULFILLMENT_QUEUE,
  type FulfillmentPolicy,
} from './contract.ts';

/**
 * Steps on our own database are local activities: each costs one marker in the history. An attempt
 * gets 30 seconds, which is longer than its database calls take on nearly every day. If they do
 * take longer, two attempts overlap; every activity allows for that. Retries have no limit, as a
 * database comes back. After five seconds of backoff the wait becomes a timer on the server, so
 * that an outage holds no workflow task.
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

/** The local activities: steps on our own database. */
export const local = proxyLocalActivities<Activities>(LOCAL);

/** The local activity that every run begins with, with a summary for the Web UI. */
export const localAdvance = proxyLocalActivities<Pick<Activities, 'advance'>>({
  ...LOCAL,
  summary: 'S1 to S5, as far as they go at once',
});

/** The longest pause between two attempts at a provider, in milliseconds. */
const LONGEST_BACKOFF_MS = 60_000;

/**
 * What an attempt needs beside its two calls to the provider, in milliseconds: two reads of our
 * own, of at most three seconds each, and some room.
 */
export const ATTEMPT_MARGIN_MS = 10_000;

/** The pause after a failed call of ours, doubled: at most the longest backoff. In milliseconds. */
export function nextPauseMs(pauseMs: number): number {
  return Math.min(2 * pauseMs, LONGEST_BACKOFF_MS);
}

/** Makes a call again and again, with growing pauses, while it fails for our own database. */
export async function untilAnswered<T extends { state: string }>(
  call: () => Promise<T | { state: 'DATABASE_AWAY' }>,
): Promise<Exclude<T, { state: 'DATABASE_AWAY' }>> {
  for (let pauseMs = FIRST_POLL_MS; ; pauseMs = nextPauseMs(pauseMs)) {
    const answer = await call();
    if (answer.state !== 'DATABASE_AWAY') return answer as Exclude<T, { state: 'DATABASE_AWAY' }>;
    await sleep(pauseMs);
  }
}

/** How the pauses between attempts at a provider grow: they double, up to the longest backoff. */
export function backoffOf(policy: FulfillmentPolicy) {
  return {
    initialInterval: policy.initialIntervalMs,
    backoffCoefficient: 2,
    maximumInterval: Math.max(LONGEST_BACKOFF_MS, policy.initialIntervalMs),
  };
}

/**
 * The activities that call a claim's provider over HTTP.
 * @returns `forward`: retried as often as the policy says. `poll`: tried once. `back`: retried
 *   without a limit, as what was granted must be taken back.
 */
export function callsTo(policy: FulfillmentPolicy) {
  const options = {
    taskQueue: policy.limited?.queue ?? FULFILLMENT_QUEUE,
    // An attempt makes two calls: a lookup and a grant.
    startToCloseTimeout: 2 * (policy.timeoutMs + (policy.limited?.waitMs ?? 0)) + ATTEMPT_MARGIN_MS,
    // Before anything is undone, it must be known what was asked for.
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

/** What staff see of a mistake of ours. The details are in the log, as they are not for players. */
const MISTAKE = 'Something went wrong on our side. The log says what.';

/**
 * The reason to park a claim whose attempts are used up. Only a failure that stands for a
 * provider's answer is the provider's; any other is a mistake of ours.
 * @param failure the `ActivityFailure`; its cause says what happened
 * @param onTimeout the reason where the activity did not end in time
 */
export function parkingReasonOf<S extends Reason>(
  { cause }: { cause?: Error | undefined },
  onTimeout: S,
): { reason: S | FailureType; detail: string } {
  if (!(cause instanceof ApplicationFailure)) {
    return { reason: onTimeout, detail: cause?.message ?? 'It did not end in time.' };
  }
  const type = FAILURE_TYPES.find((known) => known === cause.type);
  if (type === undefined) return { reason: 'INTERNAL', detail: MISTAKE };
  return { reason: type, detail: cause.message };
}
