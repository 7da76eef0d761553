/** The one way to MongoDB: explicit concerns, bounded calls, and what an outage looks like. */
import mongoose from 'mongoose';
import { DomainError } from '../domain/errors.ts';
import { endWaitsWithSockets } from './driver-close.ts';

/** Majority and journal: what was answered survives any one crash. */
export const WRITE_CONCERN = { w: 'majority', journal: true } as const;

/**
 * How long a call may wait for a primary, for a connection, and for its answer, each in milliseconds.
 * Together shorter than any activity's timeout, so that no attempt of ours writes after Temporal
 * gave it up. (The driver's own `timeoutMS` has no effect any more, as it says itself.)
 */
export const DATABASE_TIMEOUT_MS = 3_000;

/**
 * Opens a connection; resolves once a primary is reached. `socketTimeoutMs` is how long a call may
 * wait for its answer, for work that takes longer than any on a claim's way. Indexes are made by `createStore`, never
 * by mongoose on its own.
 */
export async function connect(
  uri: string,
  options: { appName: string; maxPoolSize?: number; socketTimeoutMs?: number },
): Promise<mongoose.Connection> {
  endWaitsWithSockets();
  return await mongoose
    .createConnection(uri, {
      appName: options.appName,
      maxPoolSize: options.maxPoolSize ?? 50,
      autoIndex: false,
      autoCreate: false,
      bufferCommands: false,
      writeConcern: WRITE_CONCERN,
      readConcern: { level: 'majority' },
      readPreference: 'primary',
      retryWrites: true,
      retryReads: true,
      serverSelectionTimeoutMS: DATABASE_TIMEOUT_MS,
      connectTimeoutMS: DATABASE_TIMEOUT_MS,
      waitQueueTimeoutMS: DATABASE_TIMEOUT_MS,
      socketTimeoutMS: options.socketTimeoutMs ?? DATABASE_TIMEOUT_MS,
    })
    .asPromise();
}

/** How long a transaction is begun again, in milliseconds; the driver alone would go on for minutes. */
const TRANSACTION_PATIENCE_MS = 15_000;

/** The end of the line of transactions over each client. */
const lines = new WeakMap<object, Promise<unknown>>();

/**
 * Runs `work` in one transaction (snapshot reads, majority writes), again from its start where
 * MongoDB asks for it. Never on a claim's way. Those of one process take turns: staff's changes all
 * meet on the audit log's head, and side by side they would only make one another begin again.
 * @throws DomainError `unavailable` after 15 seconds
 */
export async function inTransaction<T>(
  connection: mongoose.Connection,
  work: (session: mongoose.ClientSession) => Promise<T>,
  patienceMs: number = TRANSACTION_PATIENCE_MS,
): Promise<T> {
  const client = connection.getClient();
  const before = lines.get(client) ?? Promise.resolve();
  const turn = before.then(() => transact(client, work, patienceMs));
  lines.set(
    client,
    turn.catch(() => {}),
  );
  return await turn;
}

async function transact<T>(
  client: mongoose.mongo.MongoClient,
  work: (session: mongoose.ClientSession) => Promise<T>,
  patienceMs: number,
): Promise<T> {
  const startedAtMs = performance.now();
  const workInTime = (session: mongoose.ClientSession) => {
    if (performance.now() - startedAtMs < patienceMs) return work(session);
    const detail = 'Too much is being changed at once. Try again.';
    throw new DomainError('unavailable', detail, { retryAfterS: 1 });
  };
  return await client.withSession((session) =>
    session.withTransaction(async () => await workInTime(session), {
      readConcern: { level: 'snapshot' },
      writeConcern: WRITE_CONCERN,
      readPreference: 'primary',
    }),
  );
}

const OUTAGES = new Set([
  'MongoServerSelectionError',
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoOperationTimeoutError',
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoPoolClearedError',
  'MongoPoolClosedError',
  'PoolClearedOnNetworkError',
  'MongoWaitQueueTimeoutError',
  'MongooseServerSelectionError',
]);

/** Server errors of an election or a shutdown: `InterruptedAtShutdown`, `PrimarySteppedDown`, … */
const OUTAGE_CODES = new Set([6, 7, 50, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

/** Of a socket: the driver lets a write to one that the server has just closed through as it is. */
const SOCKET_CODES = new Set(['EPIPE', 'ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'ETIMEDOUT']);

/** Whether an error says that MongoDB is away for now, so that nothing is known of the call. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // The driver dresses up whatever ends a bulk of writes, and keeps what it was in here.
  const isDressed = error instanceof mongoose.mongo.MongoBulkWriteError;
  if (isDressed && isOutage(error.errorResponse)) return true;
  const { code } = error as { code?: unknown };
  if (OUTAGES.has(error.name)) return true;
  return typeof code === 'number' ? OUTAGE_CODES.has(code) : SOCKET_CODES.has(String(code));
}

/** Whether an error is the database's or the driver's, whatever it says: not the fault of our data. */
export function isOfDatabase(error: unknown): boolean {
  return error instanceof mongoose.mongo.MongoError || isOutage(error);
}

/** Whether a write lost against a unique index; with a name, against that one. */
export function isDuplicateKey(error: unknown, index?: string): boolean {
  if (!(error instanceof Error) || (error as { code?: unknown }).code !== 11000) return false;
  return index === undefined || error.message.includes(`index: ${index} `);
}
