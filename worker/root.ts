/** The worker process: its connections, the workers over them, and its end. */
import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { workerConfig } from '../process/config.ts';
import { endOnFatal } from '../process/fatal.ts';
import { logOutput } from '../process/log-output.ts';
import type { Stopping } from '../process/shutdown.ts';
import { openStoreOfProcess } from '../store/index.ts';
import { openDatabase } from '../store/mongodb/database.ts';
import { connectBy, connectTemporal } from '../temporal/connect.ts';
import { installLogger } from './log.ts';
import { runWorkers } from './run.ts';

/** In milliseconds. Activities get 15 s to end (`shutdownForceTime`); the rest is to close connections. */
const STOP_WITHIN_MS = 18_000;

/** Runs the worker process until it is told to stop. */
export async function runWorker(stopping: Stopping): Promise<void> {
  endOnFatal('worker');
  const config = workerConfig();
  const log = installLogger(config.LOG_LEVEL, 'worker', logOutput('worker'));

  const database = await openDatabase(config.MONGODB_URI, { appName: 'laurel-worker' });
  const playerEventRules = { ttlDays: config.ACTIVITY_TTL_DAYS, gauges: config.GAUGES };
  const store = await openStoreOfProcess(database, playerEventRules, {
    uri: config.MONGODB_URI,
    build: config.MIGRATE_AT_START === 'on',
    log,
  });
  const temporal = await connectTemporal(config);
  const client = new Client({ connection: temporal, namespace: config.TEMPORAL_NAMESPACE });
  const native = await connectBy((options) => NativeConnection.connect(options), config);

  const workers = await runWorkers({
    config,
    log,
    store,
    playerEventRules,
    temporal,
    client,
    native,
  });
  const ended = workers.ended.finally(async () => {
    await Promise.allSettled([native.close(), temporal.close(), database.close()]);
    log.info('worker stopped');
  });
  stopping.inOrder({
    withinMs: STOP_WITHIN_MS,
    async stop() {
      workers.stop();
      await ended;
    },
  });
  // Not through the log, whose level may hide it: whoever started this process waits for this line.
  process.stdout.write(`${JSON.stringify({ process: 'worker', msg: 'worker ready' })}\n`);

  await ended;
}
