/**
 * A worker that stops dead, claim by claim: from the point on where the test wants the process
 * killed, nothing more happens for that claim. Once all have come to theirs, the test kills it.
 */
import { NativeConnection, Worker } from '@temporalio/worker';
import type { ActivityDeps } from '../activities/deps.ts';
import { createActivities } from '../activities/index.ts';
import { workerConfig } from '../config.ts';
import { connect } from '../store/connection.ts';
import { openStore } from '../store/index.ts';
import { connectionOptions } from '../temporal/connection.ts';
import { activityDeps } from '../worker/deps.ts';
import { installLogger } from '../worker/log.ts';
import { CLAIM_QUEUE, FULFILLMENT_QUEUE } from '../workflows/contract.ts';
import { testBundle } from './bundle.ts';
import type { CrashOrders, Told } from './crash-points.ts';
import type { Call } from './interpose.ts';

/** Every claim that is stopped holds a slot of whatever it was stopped in. */
const SLOTS = 400;

const orders: CrashOrders = JSON.parse(process.env.CRASH_AT ?? '{}');
const dead = new Set<string>();

const say = (told: Told) => process.stdout.write(`${JSON.stringify(told)}\n`);
const claimIn = (args: unknown): string => /clm_[0-9a-f]{40}/.exec(JSON.stringify(args))?.[0] ?? '';

/** Never comes back: for this claim the process is dead. */
async function die(claimId: string): Promise<never> {
  if (!dead.has(claimId)) say({ claimId, reached: orders[claimId] as string });
  dead.add(claimId);
  return await new Promise<never>(() => {});
}

/** The same verbs, none of which is called, nor its answer heard, for a claim that is dead. */
function mortal<T extends object>(group: string, verbs: T): T {
  return new Proxy(verbs, {
    get(target, name) {
      const verb: unknown = Reflect.get(target, name);
      if (typeof verb !== 'function') return verb;
      const call = `${group}.${String(name)}`;
      return async (...args: unknown[]) => {
        const claimId = claimIn(args);
        const order = orders[claimId];
        if (dead.has(claimId) || order === `before ${call}`) return await die(claimId);
        if (order === 'nowhere') say({ claimId, call: call as Call });
        const answer = await verb.apply(target, args);
        if (dead.has(claimId) || order === `after ${call}`) return await die(claimId);
        return answer;
      };
    },
  });
}

function mortalDeps(deps: ActivityDeps): ActivityDeps {
  return {
    ...deps,
    claims: mortal('claims', deps.claims),
    entitlements: mortal('entitlements', deps.entitlements),
    stock: mortal('stock', deps.stock),
    provider(name) {
      const provider = deps.provider(name);
      return provider && mortal('provider', provider);
    },
  };
}

const config = workerConfig();
installLogger(config.LOG_LEVEL, 'crash-worker', process.stdout);
const database = await connect(config.MONGODB_URI, { appName: 'crash-worker' });
const connection = await NativeConnection.connect(connectionOptions(config));
const activities = createActivities(mortalDeps(activityDeps(await openStore(database), config)));
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
