/** The process between Kafka and the rest: what comes in, and what goes out. */
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { stopClaimsOf } from '../api/claims/stop.ts';
import { beat } from '../beat.ts';
import { streamsConfig } from '../config.ts';
import { DomainError } from '../domain/errors.ts';
import { endOnFatal } from '../fatal.ts';
import { createClaimFeed } from '../store/claim-feed.ts';
import { connect, isOutage } from '../store/connection.ts';
import { openStore } from '../store/index.ts';
import { connectionOptions } from '../temporal/connection.ts';
import { createClaimRuns } from '../temporal/runs.ts';
import { runStreams } from './run.ts';

endOnFatal('streams');
const config = streamsConfig();
const log = pino({ level: config.LOG_LEVEL, base: { process: 'streams' } });

const database = await connect(config.MONGODB_URI, { appName: 'laurel-streams' });
const store = await openStore(database, undefined, {
  ttlDays: config.ACTIVITY_TTL_DAYS,
  gauges: config.GAUGES,
});
// Lazy: activities are counted while Temporal is away.
const temporal = Connection.lazy(connectionOptions(config));
const runs = createClaimRuns(
  new Client({ connection: temporal, namespace: config.TEMPORAL_NAMESPACE }),
);

const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => stopping.abort());
}

let beating: NodeJS.Timeout | undefined;
const onReady = () => {
  const heartbeat = config.STREAMS_HEARTBEAT_FILE;
  if (heartbeat) beating ??= beat(heartbeat, () => !stopping.signal.aborted);
  // Whatever the log's level: whoever started this process waits for the line.
  process.stdout.write(`${JSON.stringify({ process: 'streams', msg: 'streams ready' })}\n`);
};

try {
  await runStreams({
    brokers: config.KAFKA_BROKERS,
    store,
    feed: createClaimFeed(database),
    onUserLeft: (userId) => stopClaimsOf({ claims: store.claims, runs }, userId),
    isPassing: (error) =>
      isOutage(error) || (error instanceof DomainError && error.code === 'unavailable'),
    onFailure: (err) => log.warn({ err }, 'tried again'),
    onReady,
    now: () => new Date(),
    signal: stopping.signal,
  });
} finally {
  clearInterval(beating);
  await Promise.allSettled([temporal.close(), database.close()]);
}
log.info('streams stopped');
