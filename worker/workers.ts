/** The workers of one process: for claims, for calls to providers, for each provider with a queue of its own, for upkeep. */
import { log } from '@temporalio/activity';
import {
  type ActivityInterceptors,
  type NativeConnection,
  Worker,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import type { Activities } from '../activities/index.ts';
import type { UpkeepActivities } from '../activities/upkeep.ts';
import type { ProviderLimit } from '../domain/provider-limit.ts';
import { levelOf } from '../store/mongodb/connection.ts';
import {
  CLAIM_QUEUE,
  FULFILLMENT_QUEUE,
  providerQueue,
  UPKEEP_QUEUE,
} from '../workflows/contract.ts';
import { traceActivity } from './activity-traces.ts';

interface WorkerDeps {
  connection: NativeConnection;
  namespace: string;
  workflowBundle: WorkflowBundleOption;
  activities: Activities;
  upkeep: UpkeepActivities;
  /** Every provider in the configuration, by name, with its limit if it has one. */
  providers?: Record<string, { limit?: ProviderLimit | undefined }>;
}

/** Logs an error whenever MongoDB refuses an activity: it may refuse until a person fixes it. */
const LOG_REFUSALS: ActivityInterceptors = {
  inbound: {
    async execute(input, next) {
      try {
        return await next(input);
      } catch (error) {
        if (levelOf(error) === 'error') log.error('MongoDB refuses; it is tried again', { error });
        throw error;
      }
    },
  },
};

/**
 * How long running activities get to end when the process is told to stop, in milliseconds. A call to
 * a provider (ten seconds) fits. An activity that does not end is tried again by another worker.
 */
const SHUTDOWN_GRACE_MS = 12_000;

/** After this, in milliseconds, the worker stops whatever still runs. A supervisor grants 20 s. */
const SHUTDOWN_FORCE_MS = 15_000;

/**
 * How many workflows are cached in memory. Each takes some hundred KiB. Without this limit the SDK
 * sizes the cache by the heap, and in a small container takes more memory than there is.
 */
const CACHED_WORKFLOWS = 500;

/** How many calls one process makes to a provider at once, unless the provider's limit is lower. */
const CALLS_AT_ONCE = 100;

/**
 * Makes calls over a provider's limit wait at the server, whose queue is fair between events. These
 * settings are only close to the limit, as one activity can be two calls and a worker does not know
 * of the others. `providers/call-limiter.ts` keeps the limit itself.
 */
function settingsFor(limit: ProviderLimit | undefined) {
  const { callsPerS, callsAtOnce = CALLS_AT_ONCE } = limit ?? {};
  const atOnce = Math.min(callsAtOnce, CALLS_AT_ONCE);
  return {
    maxConcurrentActivityTaskExecutions: atOnce,
    maxConcurrentActivityTaskPolls: Math.min(atOnce, 2),
    ...(callsPerS !== undefined && { maxTaskQueueActivitiesPerSecond: callsPerS }),
  };
}

/**
 * Makes the workers; they poll once `run()` is called. Only what waits at the server is queued fairly
 * between events. So a worker has few slots, and takes no more workflow tasks than it can work on.
 */
export async function createWorkers(deps: WorkerDeps): Promise<Worker[]> {
  const { connection, namespace, workflowBundle } = deps;
  const shared = {
    connection,
    namespace,
    interceptors: { activity: [traceActivity, () => LOG_REFUSALS] },
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
    shutdownForceTime: SHUTDOWN_FORCE_MS,
  };
  return await Promise.all([
    Worker.create({
      ...shared,
      taskQueue: CLAIM_QUEUE,
      workflowBundle,
      activities: deps.activities,
      maxCachedWorkflows: CACHED_WORKFLOWS,
      maxConcurrentWorkflowTaskExecutions: 20,
      maxConcurrentLocalActivityExecutions: 100,
    }),
    Worker.create({
      ...shared,
      taskQueue: FULFILLMENT_QUEUE,
      activities: deps.activities,
      maxConcurrentActivityTaskExecutions: 100,
    }),
    Worker.create({
      ...shared,
      taskQueue: UPKEEP_QUEUE,
      workflowBundle,
      activities: deps.upkeep,
      maxCachedWorkflows: 10,
      maxConcurrentActivityTaskExecutions: 4,
    }),
    // Also those without a limit: calls may still wait in the queue of one that had a limit before.
    ...Object.entries(deps.providers ?? {}).map(([name, { limit }]) =>
      Worker.create({
        ...shared,
        taskQueue: providerQueue(name),
        activities: deps.activities,
        ...settingsFor(limit),
      }),
    ),
  ]);
}
