/** A mongod as a replica set of one: transactions and change streams need a replica set. */
import { mkdirSync } from 'node:fs';
import { mongo } from 'mongoose';
import { serverEnvironment } from '../processes/environment.ts';
import { byProbe } from '../processes/readiness.ts';
import type { ServiceSpec } from '../processes/service.ts';

const REPLICA_SET = 'rs0';

/** MongoDB's error code for a member that was never initiated: `NotYetInitialized`. */
const NOT_YET_INITIALIZED = 94;

/**
 * After a crash it reads its journal first; and one that has moved asks for itself at its old
 * address for 30 s if somebody there accepts and says nothing.
 */
const READY_MS = 120_000;

interface MongodOptions {
  binary: string;
  dbPath: string;
  port: number;
  logPath: string;
  /** Lets a test make commands fail. */
  testCommands?: boolean | undefined;
}

/** The address of a mongod of ours; `database` is the one that a client uses unless it names another. */
export function mongodUri(port: number, database = ''): string {
  return `mongodb://127.0.0.1:${port}/${database}?replicaSet=${REPLICA_SET}`;
}

export function mongodSpec(options: MongodOptions): ServiceSpec {
  const { binary, dbPath, port, logPath, testCommands = false } = options;
  mkdirSync(dbPath, { recursive: true, mode: 0o700 });
  const flags = {
    '--replSet': REPLICA_SET,
    '--bind_ip': '127.0.0.1',
    '--port': String(port),
    '--dbpath': dbPath,
    // The defaults are half of the memory and a twentieth of the disk.
    '--wiredTigerCacheSizeGB': '1',
    '--oplogSize': '1024',
  };
  const parameters = [
    // A primary waits 15 s for secondaries to take over when it is told to end; here are none.
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

/** The series of mongod that the data on disk are for, such as `6.0`. */
export async function dataSeriesOf(port: number): Promise<string> {
  return await withAdmin(port, AbortSignal.timeout(10_000), async (admin) => {
    const answer = await admin.command({ getParameter: 1, featureCompatibilityVersion: 1 });
    return String(answer.featureCompatibilityVersion.version);
  });
}

/** Resolves if the mongod is primary; otherwise does what it takes to become so, and rejects. */
async function becomePrimary(port: number, signal: AbortSignal): Promise<void> {
  await withAdmin(port, signal, async (admin) => {
    const hello = await admin.command({ hello: 1 });
    if (hello.isWritablePrimary === true) return;
    if (hello.setName === undefined) await joinOwnSet(admin, `127.0.0.1:${port}`);
    throw new Error('not primary yet');
  });
}

/** A new member is initiated; one whose set knows it by another port is told the new one. */
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
  // Forced, as a member that does not find itself in its own set can elect nobody.
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
