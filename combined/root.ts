/**
 * API and worker in one process: a claim's run begins in the process that started it, without a
 * detour over the server's queue. For small installations, and for the quickest claims; apart, each
 * can be scaled and restarted alone.
 */
import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { listen } from '../api/front.ts';
import { healthChecks, serveApi } from '../api/serve.ts';
import { apiConfig, workerConfig } from '../config.ts';
import { endOnFatal } from '../fatal.ts';
import { logOutput } from '../log-output.ts';
import type { Stopping } from '../stop.ts';
import { openDatabase } from '../store/database.ts';
import { openStoreOfProcess } from '../store/index.ts';
import { connectBy, connectTemporal } from '../temporal/connect.ts';
import { createClaimRuns } from '../temporal/runs.ts';
import { installLogger } from '../worker/log.ts';
import { runWorkers } from '../worker/run.ts';

/** The driver's connections for both parts. */
const MAX_POOL_SIZE = 100;

/** Activities get 15 s to end (`shutdownForceTime`); the API has ended by then. */
const STOP_WITHIN_MS = 18_000;

/** Serves and works until it is told to stop. */
export async function runCombined(stopping: Stopping): Promise<void> {
  endOnFatal('combined');
  const config = { ...workerConfig(), ...apiConfig() };
  const log = installLogger(config.LOG_LEVEL, 'combined', logOutput('combined'));
  const namespace = config.TEMPORAL_NAMESPACE;

  const database = await openDatabase(config.MONGODB_URI, {
    appName: 'laurel-combined',
    maxPoolSize: MAX_POOL_SIZE,
  });
  const activityRules = { ttlDays: config.ACTIVITY_TTL_DAYS, gauges: config.GAUGES };
  const temporal = await connectTemporal(config);
  const client = new Client({ connection: temporal, namespace });
  const front = await listen(config, healthChecks(database, createClaimRuns(client)), log);
  const store = await openStoreOfProcess(database, activityRules, {
    uri: config.MONGODB_URI,
    build: config.MIGRATE_AT_START === 'on',
    log,
  });
  // The SDK starts a workflow eagerly only over the connection of the worker that is to run it.
  const native = await connectBy((options) => NativeConnection.connect(options), config);
  const runs = createClaimRuns(new Client({ connection: native, namespace }), { isEager: true });

  const workers = await runWorkers({ config, log, store, activityRules, temporal, client, native });
  let stopApi = async () => {};
  stopping.inOrder({
    withinMs: Math.max(STOP_WITHIN_MS, front.stopsWithinMs),
    async stop() {
      // Both at once: one after the other would take longer than whoever stops us waits.
      workers.stop();
      await Promise.all([stopApi(), workers.ended]);
      await Promise.allSettled([native.close(), temporal.close(), database.close()]);
      log.info('combined stopped');
    },
  });

  stopApi = await serveApi({ config, log, database, store, client, runs, front });

  await workers.ended;
}
