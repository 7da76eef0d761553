/**
 * API and worker in one process: a claim's run begins in the process that started it, without a
 * detour over the server's queue. For small installations, and for the quickest claims; apart, each
 * can be scaled and restarted alone.
 */
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { serveApi } from '../api/serve.ts';
import { gracefully } from '../api/shutdown.ts';
import { apiConfig, workerConfig } from '../config.ts';
import { endOnFatal } from '../fatal.ts';
import { connect } from '../store/connection.ts';
import { openStore } from '../store/index.ts';
import { connectionOptions } from '../temporal/connection.ts';
import { createClaimRuns } from '../temporal/runs.ts';
import { installLogger } from '../worker/log.ts';
import { runWorkers } from '../worker/run.ts';

/** The driver's connections for both parts. */
const MAX_POOL_SIZE = 100;

endOnFatal('combined');
const config = { ...workerConfig(), ...apiConfig() };
const log = installLogger(config.LOG_LEVEL, 'combined');
const namespace = config.TEMPORAL_NAMESPACE;

const database = await connect(config.MONGODB_URI, {
  appName: 'laurel-combined',
  maxPoolSize: MAX_POOL_SIZE,
});
const activityRules = { ttlDays: config.ACTIVITY_TTL_DAYS, gauges: config.GAUGES };
const store = await openStore(database, undefined, activityRules);
const temporal = await Connection.connect(connectionOptions(config));
const client = new Client({ connection: temporal, namespace });
// The SDK starts a workflow eagerly only over the connection of the worker that is to run it.
const native = await NativeConnection.connect(connectionOptions(config));
const runs = createClaimRuns(new Client({ connection: native, namespace }), { isEager: true });
const checkTemporal = () => temporal.healthService.check({});

const workers = await runWorkers({ config, log, store, activityRules, temporal, client, native });
const api = await serveApi({ config, log, database, store, client, runs, checkTemporal });
// Both at once: one after the other would take longer than whoever stops us waits.
process.once('SIGTERM', workers.stop);
process.once('SIGINT', workers.stop);
gracefully(api, log, async () => {
  await workers.ended;
  await api.close();
  await Promise.allSettled([native.close(), temporal.close(), database.close()]);
});

await workers.ended;
