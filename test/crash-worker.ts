/**
 * A worker that stops work on each claim at the point where the test wants the process killed. Once
 * all claims have reached their points, the test kills the process.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { ActivityDeps } from '../activities/deps.ts';
import { type Activities, createActivities } from '../activities/index.ts';
import { workerConfig } from '../process/config.ts';
import { openStore } from '../store/index.ts';
import { connect } from '../store/mongodb/connection.ts';
import { connectionOptions } from '../temporal/connect.ts';
import { activityDeps } from '../worker/deps.ts';
import { installLogger } from '../worker/log.ts';
import { CLAIM_QUEUE, FULFILLMENT_QUEUE } from '../workflows/contract.ts';
import { testBundle } from './bundle.ts';
import { type CrashOrders, NOWHERE, type Told } from './crash-points.ts';
import { createMortal } from './mortal.ts';

/** Slots of each kind: a claim that is stopped keeps the slot it was stopped in. */
const SLOTS = 400;

const orders: CrashOrders = JSON.parse(process.env.CRASH_AT ?? '{}');
const dead = new Set<string>();
/** The claim that the running activity works for. Not every call is given the claim's ID. */
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

/** Whether its provider gets a first try is the path's, not the machine's. */
function paced(deps: ActivityDeps): ActivityDeps {
  const isTried = () => orders[running.getStore() ?? '']?.isTried ?? false;
  return { ...deps, pace: { enter: () => (isTried() ? () => {} : null) } };
}

/** The activities, each run with its claim known to all the calls it makes. */
function named(activities: Activities): Activities {
  const wrapped = Object.entries(activities).map(([name, activity]) => [
    name,
    (...args: unknown[]) => running.run(claimIn(args), activity as () => unknown, ...(args as [])),
  ]);
  return Object.fromEntries(wrapped);
}

const config = workerConfig();
installLogger({ level: config.LOG_LEVEL, name: 'crash-worker', output: process.stdout });
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
