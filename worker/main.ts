/** The worker process: everything it is made of, wired once. */
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { createUpkeepActivities } from '../activities/upkeep.ts';
import { beat } from '../beat.ts';
import { workerConfig } from '../config.ts';
import { endOnFatal } from '../fatal.ts';
import { connect } from '../store/connection.ts';
import { openStore } from '../store/index.ts';
import { createBulkRuns } from '../temporal/bulk-runs.ts';
import { connectionOptions } from '../temporal/connection.ts';
import { registerSearchAttributes, scheduleReconciliation } from '../temporal/namespace.ts';
import { createClaimRuns } from '../temporal/runs.ts';
import { workflowBundle } from './bundle.ts';
import { activityDeps, upkeepDeps } from './deps.ts';
import { keepFolding } from './folding.ts';
import { keepNamespace } from './keep-namespace.ts';
import { installLogger } from './log.ts';
import { createWorkers } from './workers.ts';

endOnFatal('worker');
const config = workerConfig();
const log = installLogger(config.LOG_LEVEL);
const namespace = config.TEMPORAL_NAMESPACE;

const database = await connect(config.MONGODB_URI, { appName: 'laurel-worker' });
const activityRules = { ttlDays: config.ACTIVITY_TTL_DAYS, gauges: config.GAUGES };
const store = await openStore(database, undefined, activityRules);
const temporal = await Connection.connect(connectionOptions(config));
const client = new Client({ connection: temporal, namespace });
await registerSearchAttributes(temporal, namespace);

const running = { runs: createClaimRuns(client), bulkRuns: createBulkRuns(client) };
const upkeep = upkeepDeps(store, running, {
  onMended: (kind, id) => log.warn({ kind, id }, 'reconciliation mended something'),
  onFailure: (claimId, err) => log.error({ claimId, err }, 'reconciliation could not tend a claim'),
});
const native = await NativeConnection.connect(connectionOptions(config));
const workers = await createWorkers({
  connection: native,
  namespace,
  workflowBundle: await workflowBundle(),
  activities: createActivities(activityDeps(store, config)),
  upkeep: createUpkeepActivities(upkeep),
});

const ran = Promise.all(workers.map((worker) => worker.run()));
await scheduleReconciliation(client, config.RECONCILE_INTERVAL_MS);
const keeping = keepNamespace({
  connection: temporal,
  client,
  namespace,
  intervalMs: config.RECONCILE_INTERVAL_MS,
  onRemade: () => log.warn('the schedule of reconciliation was gone, and was made again'),
  onFailure: (err) => log.warn({ err }, 'the schedule of reconciliation could not be looked at'),
});

const stop = () => {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);

const folding = keepFolding(config.MONGODB_URI, activityRules, (err) => {
  log.warn({ err }, 'days of activities are not folded yet');
});

const heartbeat = config.WORKER_HEARTBEAT_FILE;
const isRunning = () => workers.every((worker) => worker.getState() === 'RUNNING');
const beating = heartbeat && beat(heartbeat, isRunning);
// Whatever the log's level: whoever started this process waits for the line.
process.stdout.write(`${JSON.stringify({ process: 'worker', msg: 'worker ready' })}\n`);

try {
  await ran;
} finally {
  clearInterval(beating);
  clearInterval(folding);
  clearInterval(keeping);
  await Promise.allSettled([native.close(), temporal.close(), database.close()]);
}
log.info('worker stopped');
