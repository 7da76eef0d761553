/** mongod as a replica set with one member, as transactions and change streams need a replica set. */
import { mkdirSync } from 'node:fs';
import { mongo } from 'mongoose';
import { byProbe } from '../processes/readiness.ts';
import { serverEnvironment } from '../processes/server-environment.ts';
import type { ServiceSpec } from '../processes/service.ts';

const REPLICA_SET = 'rs0';

/** MongoDB's error code for a member that was never initiated: `NotYetInitialized`. */
const NOT_YET_INITIALIZED = 94;

/**
 * Longest start: after a crash mongod reads its journal. After a change of its port it may wait 30 s for
 * an answer at its old address.
 */
const READY_MS = 120_000;

interface MongodOptions {
  binary: string;
  dbPath: string;
  port: number;
  logPath: string;
  /** Enables MongoDB's test commands, with which a test makes commands fail. */
  testCommands?: boolean | undefined;
}

/** The connection string of our mongod. @param database the client's default database */
export function mongodUri(port: number, database = ''): string {
  return `mongodb://127.0.0.1:${port}/${database}?replicaSet=${REPLICA_SET}`;
}

/** How to run mongod. It becomes primary before it counts as ready. */
export function mongodSpec(options: MongodOptions): ServiceSpec {
  const { binary, dbPath, port, logPath, testCommands = false } = options;
  mkdirSync(dbPath, { recursive: true, mode: 0o700 });
  const flags = {
    '--replSet': REPLICA_SET,
    '--bind_ip': '127.0.0.1',
    '--port': String(port),
    '--dbpath': dbPath,
    // Gigabytes and megabytes. The defaults are half of the memory and a twentieth of the disk.
    '--wiredTigerCacheSizeGB': '1',
    '--oplogSize': '1024',
  };
  const parameters = [
    // Milliseconds. By default a primary waits 15 s for a secondary to take over: there is none.
    'shutdownTimeoutMillisForSignaledShutdown=100',
    'diagnosticDataCollectionEnabled=false',
    ...(testCommands ? ['enableTestCommands=1'] : []),
  ];
  return {
    name: 'mongod',
    command: {
      file: binary,
      args: [
        ...Object.entries(flags).flat(),
        ...parameters.flatMap((parameter) => ['--setParameter', parameter]),
        '--nounixsocket',
        '--quiet',
      ],
      env: serverEnvironment(),
    },
    logPath,
    ready: byProbe((signal) => becomePrimary(port, signal)),
    readyTimeoutMs: READY_MS,
    stopTimeoutMs: 5_000,
    attempts: 2,
  };
}

/** The series of mongod that the data on disk need, such as `6.0`. */
export async function dataSeriesOf(port: number): Promise<string> {
  return await withAdmin(port, AbortSignal.timeout(10_000), async (admin) => {
    const answer = await admin.command({ getParameter: 1, featureCompatibilityVersion: 1 });
    return String(answer.featureCompatibilityVersion.version);
  });
}

/** Resolves if mongod is primary. Otherwise starts what makes it primary, and rejects. */
async function becomePrimary(port: number, signal: AbortSignal): Promise<void> {
  await withAdmin(port, signal, async (admin) => {
    const hello = await admin.command({ hello: 1 });
    if (hello.isWritablePrimary === true) return;
    if (hello.setName === undefined) await joinOwnSet(admin, `127.0.0.1:${port}`);
    throw new Error('not primary yet');
  });
}

/** Initiates a new replica set, or changes the member's address in an existing one. */
async function joinOwnSet(admin: mongo.Db, host: string): Promise<void> {
  const config = await admin.command({ replSetGetConfig: 1 }).then(
    (answer) => answer.config,
    (error: mongo.MongoServerError) => {
      if (error.code === NOT_YET_INITIALIZED) return undefined;
      throw error;
    },
  );
  if (config === undefined) {
    await admin.command({ replSetInitiate: { _id: REPLICA_SET, members: [{ _id: 0, host }] } });
    return;
  }
  const members = [{ ...config.members[0], host }];
  const moved = { ...config, version: config.version + 1, members };
  // Forced: a member that is not in its own set cannot become primary.
  await admin.command({ replSetReconfig: moved, force: true });
}

async function withAdmin<T>(
  port: number,
  signal: AbortSignal,
  use: (admin: mongo.Db) => Promise<T>,
): Promise<T> {
  const client = new mongo.MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
    serverSelectionTimeoutMS: 1_000,
    connectTimeoutMS: 1_000,
    socketTimeoutMS: 10_000,
  });
  const onAbort = () => void client.close();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await use(client.db('admin'));
  } finally {
    signal.removeEventListener('abort', onAbort);
    await client.close();
  }
}
