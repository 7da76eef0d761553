/** The workers of one process: claims, calls to providers, calls to each provider alone, upkeep. */
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

export interface WorkerDeps {
  connection: NativeConnection;
  namespace: string;
  workflowBundle: WorkflowBundleOption;
  activities: Activities;
  upkeep: UpkeepActivities;
  /** Every provider in the configuration, with its limit where it has one. */
  providers?: ReadonlyMap<string, ProviderLimit | undefined>;
}

/** MongoDB may refuse until a person mends it: an error each time, whoever tries again. */
const TELL_REFUSALS: ActivityInterceptors = {
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
 * How long activities under way get to end when the process is told to stop, in milliseconds. A call
 * to a provider of ten seconds fits; what does not is repeated elsewhere after its timeout.
 */
const SHUTDOWN_GRACE_MS = 12_000;

/** After this the process stops whatever is left: inside the 20 s that a supervisor grants. */
const SHUTDOWN_FORCE_MS = 15_000;

/**
 * Workflows kept in memory. One of ours takes some hundred KiB; without a bound the SDK sizes the
 * cache by the heap, which in a small container is more than there is.
 */
const CACHED_WORKFLOWS = 500;

/** Calls that one process makes to a provider at once, where its limit does not say less. */
const CALLS_AT_ONCE = 100;

/**
 * What is over a provider's limit waits at the server, where events take turns: it hands out no more
 * calls a second, and a worker takes no more at once. The limit itself is held by the callLimiter, as
 * an attempt can be two calls and a worker knows nothing of the others.
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
 * Makes the workers; they poll once `run()` is called. Fairness between events orders what waits at
 * the server, so a worker takes no more workflow tasks than it can work on: few slots.
 */
export async function createWorkers(deps: WorkerDeps): Promise<Worker[]> {
  const { connection, namespace, workflowBundle } = deps;
  const shared = {
    connection,
    namespace,
    interceptors: { activity: [() => TELL_REFUSALS] },
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
    // All of them, as calls may wait in the queue of one whose limit was taken away.
    ...[...(deps.providers ?? [])].map(([name, limit]) =>
      Worker.create({
        ...shared,
        taskQueue: providerQueue(name),
        activities: deps.activities,
        ...settingsFor(limit),
      }),
    ),
  ]);
}
