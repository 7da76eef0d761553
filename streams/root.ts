/** The process between Kafka and the rest: what comes in, and what goes out. */
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { DomainError } from '../domain/errors.ts';
import { streamsConfig } from '../process/config.ts';
import { endOnFatal } from '../process/fatal.ts';
import { startHeartbeat } from '../process/heartbeat.ts';
import { logOutput } from '../process/log-output.ts';
import type { Stopping } from '../process/shutdown.ts';
import { createClaimFeed } from '../store/claims/claim-feed.ts';
import { openStoreOfProcess } from '../store/index.ts';
import { isOfDatabase, levelOf } from '../store/mongodb/connection.ts';
import { openDatabase } from '../store/mongodb/database.ts';
import { connectionOptions } from '../temporal/connection-options.ts';
import { createClaimRuns } from '../temporal/runs.ts';
import { stopClaimsOf } from '../temporal/stop-claims.ts';
import { runStreams } from './run.ts';

/** As long as a look past an hour of a busy game's activities may take, in milliseconds. */
const FEED_PATIENCE_MS = 1_800_000;

/**
 * How long the streams may take to stop: inside the 20 s that a supervisor grants. A look at the
 * changes that is under way, or a timer that the client forgot, must not hold us up.
 */
const STOP_WITHIN_MS = 15_000;

/** Carries records in and out until it is told to stop. */
export async function runStreamsProcess(stopping: Stopping): Promise<void> {
  endOnFatal('streams');
  const config = streamsConfig();
  const log = pino({ level: config.LOG_LEVEL, base: { process: 'streams' } }, logOutput('streams'));

  const database = await openDatabase(config.MONGODB_URI, { appName: 'laurel-streams' });
  const activityRules = {
    ttlDays: config.ACTIVITY_TTL_DAYS,
    gauges: config.GAUGES,
  };
  const store = await openStoreOfProcess(database, activityRules, {
    uri: config.MONGODB_URI,
    build: config.MIGRATE_AT_START === 'on',
    log,
  });
  // Changes of claims lie far apart where activities pour in, and MongoDB does not answer before the next.
  const feedDatabase = await openDatabase(config.MONGODB_URI, {
    appName: 'laurel-feed',
    maxPoolSize: 4,
    socketTimeoutMs: FEED_PATIENCE_MS,
  });
  // Lazy: activities are counted while Temporal is away.
  const temporal = Connection.lazy(connectionOptions(config));
  const runs = createClaimRuns(
    new Client({ connection: temporal, namespace: config.TEMPORAL_NAMESPACE }),
  );

  let beating: NodeJS.Timeout | undefined;
  const onReady = (isMoving: () => boolean) => {
    const heartbeat = config.STREAMS_HEARTBEAT_FILE;
    if (heartbeat)
      beating ??= startHeartbeat(heartbeat, () => !stopping.signal.aborted && isMoving());
    // Whatever the log's level: whoever started this process waits for the line.
    process.stdout.write(`${JSON.stringify({ process: 'streams', msg: 'streams ready' })}\n`);
  };

  const carry = async () => {
    try {
      await runStreams({
        brokers: config.KAFKA_BROKERS,
        prefix: config.KAFKA_PREFIX,
        store,
        feed: createClaimFeed(feedDatabase),
        onUserLeft: (userId) => stopClaimsOf({ claims: store.claims, runs }, userId),
        isPassing: (error) =>
          isOfDatabase(error) || (error instanceof DomainError && error.code === 'unavailable'),
        onFailure: (err) => log[levelOf(err)]({ err }, 'tried again'),
        onReady,
        now: () => new Date(),
        signal: stopping.signal,
      });
    } finally {
      clearInterval(beating);
      await Promise.allSettled([temporal.close(), feedDatabase.close(), database.close()]);
    }
    log.info('streams stopped');
  };
  const ended = carry();
  stopping.inOrder({ withinMs: STOP_WITHIN_MS, stop: () => ended });
  await ended;
}
