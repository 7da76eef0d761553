/** The root of the API process: its connections, the API over them, and how it ends. */
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { apiConfig } from '../process/config.ts';
import { endOnFatal } from '../process/fatal.ts';
import { logOutput } from '../process/log-output.ts';
import type { Stopping } from '../process/shutdown.ts';
import { openStoreOfProcess } from '../store/index.ts';
import { openDatabase } from '../store/mongodb/database.ts';
import { connectionOptions } from '../temporal/connect.ts';
import { createClaimRuns } from '../temporal/runs.ts';
import { TRACED_CALLS } from '../temporal/traces.ts';
import { idsForLog } from '../tracing/spans.ts';
import { startTracing } from '../tracing/start.ts';
import { healthChecks, serveApi } from './serve.ts';
import { listen } from './server/front.ts';

/** Runs the API until the process is told to stop. */
export async function runApi(stopping: Stopping): Promise<void> {
  endOnFatal('api');
  const config = apiConfig();
  const log = pino(
    { level: config.LOG_LEVEL, base: { process: 'api' }, mixin: idsForLog },
    logOutput('api'),
  );
  const stopTracing = await startTracing(config, 'laurel-api', (detail) =>
    log.warn({ detail }, 'spans were not delivered and are dropped'),
  );

  const database = await openDatabase(config.MONGODB_URI, { appName: 'laurel-api' });
  // Lazy, because claims are accepted while Temporal is down.
  const temporal = Connection.lazy(connectionOptions(config));
  const client = new Client({
    connection: temporal,
    namespace: config.TEMPORAL_NAMESPACE,
    interceptors: TRACED_CALLS,
  });
  const runs = createClaimRuns(client);
  const front = await listen(config, healthChecks(database, runs), log);
  const playerEventRules = {
    ttlDays: config.ACTIVITY_TTL_DAYS,
    gauges: config.GAUGES,
    issuers: new Set(config.TRUSTED_ISSUERS.map(({ name }) => name)),
  };
  const store = await openStoreOfProcess(database, playerEventRules, {
    uri: config.MONGODB_URI,
    build: config.MIGRATE_AT_START === 'on',
    log,
  });

  const stop = await serveApi({ config, log, database, store, client, runs, front });
  stopping.inOrder({
    withinMs: front.stopsWithinMs,
    async stop() {
      await stop();
      await Promise.allSettled([temporal.close(), database.close(), stopTracing()]);
      log.info('api stopped');
    },
  });
}
