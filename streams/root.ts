/** The streams process: it carries Kafka's records into the store, and claims' changes out. */
import { Client, Connection } from '@temporalio/client';
import { type Logger, pino } from 'pino';
import { Registry } from 'prom-client';
import { DomainError } from '../domain/errors.ts';
import { streamsConfig } from '../process/config.ts';
import { endOnFatal } from '../process/fatal.ts';
import { startHeartbeat } from '../process/heartbeat.ts';
import { logOutput } from '../process/log-output.ts';
import { createRegistry } from '../process/metrics/registry.ts';
import { serveMetrics } from '../process/metrics/serve-metrics.ts';
import type { Stopping } from '../process/shutdown.ts';
import { createClaimFeed } from '../store/claims/claim-feed.ts';
import { openStoreOfProcess } from '../store/index.ts';
import { isOfDatabase, levelOf } from '../store/mongodb/connection.ts';
import { openDatabase } from '../store/mongodb/database.ts';
import { connectionOptions } from '../temporal/connect.ts';
import { createClaimRuns } from '../temporal/runs.ts';
import { stopClaimsOf } from '../temporal/stop-claims.ts';
import { runStreams } from './run.ts';

/**
 * How long one read of the change stream may take, in milliseconds. Skipping an hour of a busy
 * game's player events takes that long.
 */
const FEED_PATIENCE_MS = 1_800_000;

/**
 * How long the streams may take to stop, in milliseconds: less than the 20 s that the supervisor
 * allows. A read of the change stream or a forgotten timer of the client must not delay the stop.
 */
const STOP_WITHIN_MS = 15_000;

/** Runs the streams until they are to stop. @throws SetupError where the database is unfit */
export async function runStreamsProcess(stopping: Stopping): Promise<void> {
  endOnFatal('streams');
  const config = streamsConfig();
  const log = pino({ level: config.LOG_LEVEL, base: { process: 'streams' } }, logOutput('streams'));
  const metrics = await openMetrics(config, log);
  const connections = await connectAll(config, log);
  const ended = carryRecords({ config, log, stopping, connections, metrics });
  stopping.inOrder({ withinMs: STOP_WITHIN_MS, stop: () => ended });
  await ended;
}

/** Serves metrics where `METRICS_PORT` says. @throws SetupError if nothing can listen there */
async function openMetrics({ METRICS_PORT: port, HOST: hostname }: StreamsConfig, log: Logger) {
  if (port === undefined) return { registry: new Registry(), close: () => {} };
  const registry = createRegistry('streams');
  const served = await serveMetrics({ registry, port, hostname });
  log.info({ port: served.port }, 'metrics are served');
  return { registry, close: served.close };
}

type StreamsConfig = ReturnType<typeof streamsConfig>;
type Connections = Awaited<ReturnType<typeof connectAll>>;

async function connectAll(config: StreamsConfig, log: Logger) {
  const database = await openDatabase(config.MONGODB_URI, { appName: 'laurel-streams' });
  const playerEventRules = { ttlDays: config.ACTIVITY_TTL_DAYS, gauges: config.GAUGES };
  const store = await openStoreOfProcess(database, playerEventRules, {
    uri: config.MONGODB_URI,
    build: config.MIGRATE_AT_START === 'on',
    log,
  });
  // MongoDB answers a read of the change stream only when it finds a claim's change. With many
  // player events in between that takes long, so the feed has a connection of its own.
  const feedDatabase = await openDatabase(config.MONGODB_URI, {
    appName: 'laurel-feed',
    maxPoolSize: 4,
    socketTimeoutMs: FEED_PATIENCE_MS,
  });
  // Lazy, so that player events are counted during an outage of Temporal.
  const temporal = Connection.lazy(connectionOptions(config));
  const client = new Client({ connection: temporal, namespace: config.TEMPORAL_NAMESPACE });
  return {
    store,
    feedDatabase,
    runs: createClaimRuns(client),
    close: () => Promise.allSettled([temporal.close(), feedDatabase.close(), database.close()]),
  };
}

interface Carrying {
  config: StreamsConfig;
  log: Logger;
  stopping: Stopping;
  connections: Connections;
  metrics: Awaited<ReturnType<typeof openMetrics>>;
}

async function carryRecords({
  config,
  log,
  stopping,
  connections,
  metrics,
}: Carrying): Promise<void> {
  const { store, feedDatabase, runs, close } = connections;
  let beating: NodeJS.Timeout | undefined;
  const onReady = (isMoving: () => boolean) => {
    const heartbeat = config.STREAMS_HEARTBEAT_FILE;
    if (heartbeat)
      beating ??= startHeartbeat(heartbeat, () => !stopping.signal.aborted && isMoving());
    // Written at every log level: whoever started this process waits for this line.
    process.stdout.write(`${JSON.stringify({ process: 'streams', msg: 'streams ready' })}\n`);
  };
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
      metrics: metrics.registry,
      now: () => new Date(),
      signal: stopping.signal,
    });
  } finally {
    clearInterval(beating);
    await close();
    metrics.close();
  }
  log.info('streams stopped');
}
