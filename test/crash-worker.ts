/**
 * A worker that stops dead, claim by claim: from the point on where the test wants the process
 * killed, nothing more happens for that claim. Once all have come to theirs, the test kills it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { ActivityDeps } from '../activities/deps.ts';
import { type Activities, createActivities } from '../activities/index.ts';
import { workerConfig } from '../process/config.ts';
import { openStore } from '../store/index.ts';
import { connect } from '../store/mongodb/connection.ts';
import { connectionOptions } from '../temporal/connection-options.ts';
import { activityDeps } from '../worker/deps.ts';
import { installLogger } from '../worker/log.ts';
import { CLAIM_QUEUE, FULFILLMENT_QUEUE } from '../workflows/contract.ts';
import { testBundle } from './bundle.ts';
import { type CrashOrders, NOWHERE, type Told } from './crash-points.ts';
import { createMortal } from './mortal.ts';

/** Every claim that is stopped holds a slot of whatever it was stopped in. */
const SLOTS = 400;

const orders: CrashOrders = JSON.parse(process.env.CRASH_AT ?? '{}');
const dead = new Set<string>();
/** The claim that an activity runs for: known to every call it makes, whatever that is given. */
const running = new AsyncLocalStorage<string>();

const say = (told: Told) => process.stdout.write(`${JSON.stringify(told)}\n`);
const claimIn = (args: unknown): string => /clm_[0-9a-f]{40}/.exec(JSON.stringify(args))?.[0] ?? '';

const mortal = createMortal({
  claimOf: () => running.getStore(),
  pointOf: (claimId) => orders[claimId]?.point,
  isDead: (claimId) => dead.has(claimId),
  onReached(claimId) {
    dead.add(claimId);
    say({ claimId, reached: orders[claimId]?.point ?? NOWHERE });
  },
  onCall(claimId, call) {
    if (orders[claimId]?.point === NOWHERE) say({ claimId, call });
  },
});

/** Whether its provider gets a first try is the way's, not the machine's. */
function paced(deps: ActivityDeps): ActivityDeps {
  const isTried = () => orders[running.getStore() ?? '']?.isTried ?? false;
  return { ...deps, pace: { enter: () => (isTried() ? () => {} : null) } };
}

/** The activities, each of which tells all it calls for which claim it runs. */
function named(activities: Activities): Activities {
  const wrapped = Object.entries(activities).map(([name, activity]) => [
    name,
    (...args: unknown[]) => running.run(claimIn(args), activity as () => unknown, ...(args as [])),
  ]);
  return Object.fromEntries(wrapped);
}

const config = workerConfig();
installLogger(config.LOG_LEVEL, 'crash-worker', process.stdout);
const database = await connect(config.MONGODB_URI, { appName: 'crash-worker' });
const connection = await NativeConnection.connect(connectionOptions(config));
const deps = activityDeps(await openStore(database), config);
const activities = named(createActivities(mortal.around(paced(deps))));
const shared = { connection, namespace: config.TEMPORAL_NAMESPACE, activities };
const workers = await Promise.all([
  Worker.create({
    ...shared,
    taskQueue: CLAIM_QUEUE,
    workflowBundle: await testBundle(),
    maxCachedWorkflows: SLOTS,
    maxConcurrentWorkflowTaskExecutions: SLOTS,
    maxConcurrentLocalActivityExecutions: SLOTS,
  }),
  Worker.create({
    ...shared,
    taskQueue: FULFILLMENT_QUEUE,
    maxConcurrentActivityTaskExecutions: SLOTS,
  }),
]);
await Promise.all(workers.map((worker) => worker.run()));
