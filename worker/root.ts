/** The worker process: its connections, the workers and timers over them, and its end. */
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { createActivities } from '../activities/index.ts';
import { createUpkeepActivities } from '../activities/upkeep.ts';
import { type WorkerConfig, workerConfig } from '../process/config.ts';
import { endOnFatal } from '../process/fatal.ts';
import { startHeartbeat } from '../process/heartbeat.ts';
import { logOutput } from '../process/log-output.ts';
import { createRegistry } from '../process/metrics/registry.ts';
import { serveMetrics } from '../process/metrics/serve-metrics.ts';
import type { Stopping } from '../process/shutdown.ts';
import { openStoreOfProcess } from '../store/index.ts';
import { levelOf } from '../store/mongodb/connection.ts';
import { openDatabase } from '../store/mongodb/database.ts';
import { createBulkRuns } from '../temporal/bulk-runs.ts';
import { connectBy } from '../temporal/connect.ts';
import {
  ensureReconciliation,
  registerSearchAttributes,
  scheduleReconciliation,
} from '../temporal/namespace.ts';
import { createClaimRuns, TEMPORAL_TIMEOUT_MS } from '../temporal/runs.ts';
import { TRACED_CALLS } from '../temporal/traces.ts';
import { startTracing } from '../tracing/start.ts';
import { workflowBundle } from './bundle.ts';
import { withCoreMetrics } from './core-metrics.ts';
import { activityDeps, upkeepDeps } from './deps.ts';
import { keepFolding } from './folding.ts';
import { installLogger } from './log.ts';
import { createWorkers } from './workers.ts';

/** In milliseconds. Activities get 15 s to end (`shutdownForceTime`); the rest is to close connections. */
const STOP_WITHIN_MS = 18_000;

/** Runs the worker process until it is told to stop. @throws SetupError if it cannot begin */
export async function runWorker(stopping: Stopping): Promise<void> {
  endOnFatal('worker');
  const config = workerConfig();
  const { log, metrics, close: closeMetrics } = await openLogAndMetrics(config);
  const stopTracing = await startTracing(config, 'laurel-worker', (detail) =>
    log.warn({ detail }, 'spans were not delivered and are dropped'),
  );
  const connections = await connectAll(config, log);
  const workers = await prepareWorkers(config, log, connections, metrics);
  // Nothing is awaited between this and `inOrder`, so that the workers can be stopped in order.
  const ran = Promise.all(workers.map((worker) => worker.run()));
  const timers = startTimers(config, log, connections, workers);
  const ended = ran.finally(async () => {
    for (const timer of timers) clearInterval(timer);
    await Promise.all([connections.close(), stopTracing()]);
    closeMetrics();
    log.info('worker stopped');
  });
  stopping.inOrder({
    withinMs: STOP_WITHIN_MS,
    async stop() {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await ended;
    },
  });
  // Not through the log, whose level may hide it: whoever started this process waits for this line.
  process.stdout.write(`${JSON.stringify({ process: 'worker', msg: 'worker ready' })}\n`);

  await ended;
}

/**
 * Installs the log. With `METRICS_PORT`, it serves the process's metrics and those of the SDK there.
 * @throws SetupError if nothing can listen there
 */
async function openLogAndMetrics({ LOG_LEVEL: level, METRICS_PORT: port, HOST }: WorkerConfig) {
  const logging = { level, name: 'worker', output: logOutput('worker') };
  if (port === undefined) {
    return { log: installLogger(logging), metrics: new Registry(), close: () => {} };
  }
  const { installed: log, read: readMore } = await withCoreMetrics((exporter) =>
    installLogger(logging, exporter),
  );
  const metrics = createRegistry('worker');
  const served = await serveMetrics({ registry: metrics, readMore, port, hostname: HOST });
  log.info({ port: served.port }, 'metrics are served');
  return { log, metrics, close: served.close };
}

type Connections = Awaited<ReturnType<typeof connectAll>>;

async function connectAll(config: WorkerConfig, log: Logger) {
  const database = await openDatabase(config.MONGODB_URI, { appName: 'laurel-worker' });
  const playerEventRules = { ttlDays: config.ACTIVITY_TTL_DAYS, gauges: config.GAUGES };
  const store = await openStoreOfProcess(database, playerEventRules, {
    uri: config.MONGODB_URI,
    build: config.MIGRATE_AT_START === 'on',
    slimsClaims: config.CLAIMS_RETENTION_DAYS !== undefined,
    log,
  });
  const temporal = await connectBy((options) => Connection.connect(options), config);
  const client = new Client({
    connection: temporal,
    namespace: config.TEMPORAL_NAMESPACE,
    interceptors: TRACED_CALLS,
  });
  const native = await connectBy((options) => NativeConnection.connect(options), config);
  const close = () => Promise.allSettled([native.close(), temporal.close(), database.close()]);
  return { playerEventRules, store, temporal, client, native, close };
}

/** Prepares the namespace, and makes the workers. They do not poll yet. */
async function prepareWorkers(
  config: WorkerConfig,
  log: Logger,
  connections: Connections,
  metrics: Registry,
) {
  const { store, temporal, client, native } = connections;
  const namespace = config.TEMPORAL_NAMESPACE;
  await registerSearchAttributes(temporal, namespace);
  const running = {
    runs: createClaimRuns(client),
    bulkRuns: createBulkRuns(client),
    claimsRetentionDays: config.CLAIMS_RETENTION_DAYS,
  };
  const upkeep = upkeepDeps(store, running, {
    onMended: (kind, id) => log.warn({ kind, id }, 'reconciliation mended something'),
    onFailure: (claimId, err) =>
      log.error({ claimId, err }, 'reconciliation could not tend a claim'),
  });
  const workers = await createWorkers({
    connection: native,
    namespace,
    workflowBundle: await workflowBundle(),
    activities: createActivities(activityDeps(store, config, metrics)),
    upkeep: createUpkeepActivities(upkeep),
    providers: config.PROVIDERS,
  });
  await scheduleReconciliation(client, config.RECONCILE_INTERVAL_MS);
  return workers;
}

/** What runs beside the workers: two jobs, and the sign of life where there is a file for it. */
function startTimers(
  config: WorkerConfig,
  log: Logger,
  connections: Connections,
  workers: Worker[],
): (NodeJS.Timeout | undefined)[] {
  const heartbeat = config.WORKER_HEARTBEAT_FILE;
  const isRunning = () => workers.every((worker) => worker.getState() === 'RUNNING');
  return [
    keepNamespace(config, log, connections),
    keepFolding(config.MONGODB_URI, connections.playerEventRules, (err) => {
      log[levelOf(err)]({ err }, 'days of activities are not folded yet');
    }),
    heartbeat ? startHeartbeat(heartbeat, isRunning) : undefined,
  ];
}

/**
 * Restores the search attributes and the schedule when they are gone, because Temporal's data were
 * lost or somebody deleted them. Without the search attributes no claim can start. Without the
 * schedule no claim that lost its run is found. It looks as often as reconciliation runs.
 */
function keepNamespace(
  { TEMPORAL_NAMESPACE, RECONCILE_INTERVAL_MS: intervalMs }: WorkerConfig,
  log: Logger,
  { temporal, client }: Connections,
): NodeJS.Timeout {
  const look = async () => {
    await registerSearchAttributes(temporal, TEMPORAL_NAMESPACE);
    if (await ensureReconciliation(client, intervalMs)) {
      log.warn('the schedule of reconciliation was gone, and was made again');
    }
  };
  const boundedLook = () => temporal.withDeadline(Date.now() + TEMPORAL_TIMEOUT_MS, look);
  const onFailure = (err: unknown) =>
    log.warn({ err }, 'the schedule of reconciliation could not be looked at');
  return setInterval(() => void boundedLook().catch(onFailure), intervalMs);
}
