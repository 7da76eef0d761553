/** The worker process: its connections, the workers over them, and its end. */
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { workerConfig } from '../config.ts';
import { endOnFatal } from '../fatal.ts';
import { connect } from '../store/connection.ts';
import { openStore } from '../store/index.ts';
import { connectionOptions } from '../temporal/connection.ts';
import { installLogger } from './log.ts';
import { runWorkers } from './run.ts';

endOnFatal('worker');
const config = workerConfig();
const log = installLogger(config.LOG_LEVEL);

const database = await connect(config.MONGODB_URI, { appName: 'laurel-worker' });
const activityRules = { ttlDays: config.ACTIVITY_TTL_DAYS, gauges: config.GAUGES };
const store = await openStore(database, undefined, activityRules);
const temporal = await Connection.connect(connectionOptions(config));
const client = new Client({ connection: temporal, namespace: config.TEMPORAL_NAMESPACE });
const native = await NativeConnection.connect(connectionOptions(config));

const workers = await runWorkers({ config, log, store, activityRules, temporal, client, native });
process.once('SIGTERM', workers.stop);
process.once('SIGINT', workers.stop);
// Whatever the log's level: whoever started this process waits for the line.
process.stdout.write(`${JSON.stringify({ process: 'worker', msg: 'worker ready' })}\n`);

try {
  await workers.ended;
} finally {
  await Promise.allSettled([native.close(), temporal.close(), database.close()]);
}
log.info('worker stopped');
