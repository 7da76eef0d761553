/** How a claim's workflow calls activities: timeouts, retries and queues. */
import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { FULFILLMENT_QUEUE, type FulfillmentPolicy } from './contract.ts';

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
