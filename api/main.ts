/** The API process: its connections, the API over them, and its end. */
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { apiConfig } from '../config.ts';
import { endOnFatal } from '../fatal.ts';
import { connect } from '../store/connection.ts';
import { openStore } from '../store/index.ts';
import { connectionOptions } from '../temporal/connection.ts';
import { createClaimRuns } from '../temporal/runs.ts';
import { serveApi } from './serve.ts';
import { gracefully } from './shutdown.ts';

endOnFatal('api');
const config = apiConfig();
const log = pino({ level: config.LOG_LEVEL, base: { process: 'api' } });

const database = await connect(config.MONGODB_URI, { appName: 'laurel-api' });
const store = await openStore(database, undefined, {
  ttlDays: config.ACTIVITY_TTL_DAYS,
  gauges: config.GAUGES,
});

// Lazy: claims are accepted while Temporal is away.
const temporal = Connection.lazy(connectionOptions(config));
const client = new Client({ connection: temporal, namespace: config.TEMPORAL_NAMESPACE });
const runs = createClaimRuns(client);
const checkTemporal = () => temporal.healthService.check({});

const api = await serveApi({ config, log, database, store, client, runs, checkTemporal });
gracefully(api, log, async () => {
  await api.close();
  await Promise.allSettled([temporal.close(), database.close()]);
});
