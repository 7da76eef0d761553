/** The only way to connect to MongoDB: concerns, timeouts, and the meaning of its errors. */
import mongoose, { mongo } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';
import { createWorkQueue, type WorkQueue } from '../../domain/work-queue.ts';
import { traceCommands } from '../../tracing/mongodb.ts';
import { tracer } from '../../tracing/spans.ts';
import { mendDriver } from './driver-close.ts';

/** Majority with journal: an acknowledged write survives any one crash. */
export const WRITE_CONCERN = { w: 'majority', journal: true } as const;

/**
 * How long a call may wait for a primary, for a connection, and for its answer, each in
 * milliseconds. Together, and with the driver's one retry, they are shorter than the timeout of any
 * activity. So no attempt writes after Temporal gave it up. Why not the driver's `timeoutMS`:
 * `docs/decisions/0005`.
 */
export const DATABASE_TIMEOUT_MS = 3_000;

/**
 * Opens a connection. Resolves once a primary is reached. Where tracing is on, its commands are spans
 * of whoever sends them. Indexes are built by `openStore` and
 * `migrate`, never by mongoose itself.
 * @param options.maxPoolSize how many connections are opened at most; 50 unless given
 * @param options.socketTimeoutMs how long a call may wait for its answer, in milliseconds, for work
 *   that takes longer than any on a claim's path; `DATABASE_TIMEOUT_MS` unless given
 */
export async function connect(
  uri: string,
  options: { appName: string; maxPoolSize?: number; socketTimeoutMs?: number },
): Promise<mongoose.Connection> {
  mendDriver();
  const tracing = tracer();
  const connection = await mongoose
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
      ...(tracing && { monitorCommands: true }),
    })
    .asPromise()
    .catch((error: Error) => {
      // The driver throws DNS errors of a `mongodb+srv` address as they are.
      if (!('syscall' in error)) throw error;
      throw new mongo.MongoNetworkError(error.message, { cause: error });
    });
  if (tracing) traceCommands(connection.getClient(), tracing);
  return connection;
}

/** How long a transaction is tried again, in milliseconds; the driver's default is minutes. */
const TRANSACTION_PATIENCE_MS = 15_000;

const TRANSACTION = {
  readConcern: { level: 'snapshot' },
  writeConcern: WRITE_CONCERN,
  readPreference: 'primary',
} as const;

/** One queue of transactions for each client. */
const queues = new WeakMap<object, WorkQueue>();

/**
 * Runs `work` in one transaction (snapshot reads, majority writes). Where MongoDB asks for it,
 * `work` runs again from its start. Never on a claim's path. A process runs one transaction at a
 * time: all changes by staff write the audit log's head, and in parallel they would only make each
 * other start again.
 * @param patienceMs how long it is tried again, in milliseconds; 15 seconds unless given
 * @throws DomainError `unavailable` after that time
 */
export async function inTransaction<T>(
  connection: mongoose.Connection,
  work: (session: mongoose.ClientSession) => Promise<T>,
  patienceMs: number = TRANSACTION_PATIENCE_MS,
): Promise<T> {
  const client = connection.getClient();
  const queue = queues.get(client) ?? createWorkQueue({ atOnce: 1 });
  queues.set(client, queue);
  return await queue(() => {
    const startedAtMs = performance.now();
    return client.withSession(async (session) => {
      const workInTime = async () => {
        if (performance.now() - startedAtMs < patienceMs) return await work(session);
        const detail = 'Too much is being changed at once. Try again.';
        throw new DomainError('unavailable', detail, { retryAfterS: 1 });
      };
      try {
        return await session.withTransaction(workInTime, TRANSACTION);
      } catch (error) {
        // A transaction that ends without a commit has not waited until what it has read would
        // survive a crash. What it refused for might still be lost, or not be visible to the next
        // reader. A read in the same session waits for all that.
        if (error instanceof DomainError) {
          const events = client.db(connection.name).collection('events');
          await events.findOne({}, { session, projection: { _id: 1 } });
        }
        throw error;
      }
    });
  });
}

/**
 * Codes of a write refused for its own content: a duplicate key, a failed validator, a document
 * that is too large.
 */
const CODES_OF_CONTENT = new Set([11000, 121, 10334, 17419, 17420]);

/** Codes in an election, at a shutdown, or where a call took too long. They pass. */
const PASSING_CODES = new Set([
  6, 7, 50, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436,
]);

/** Labels of the server and the driver: the same call may succeed later. */
const PASSING_LABELS = ['RetryableWriteError', 'TransientTransactionError'];

/** The error inside the driver's wrapper for a failed bulk write. */
function undressed(error: unknown): unknown {
  const inside = error instanceof mongo.MongoBulkWriteError ? error.errorResponse : undefined;
  return inside instanceof mongo.MongoError ? inside : error;
}

/** The reasons for each refused write; empty where anything else failed too. */
function refusalsIn(error: unknown): { code: number; message: string }[] {
  if (!(error instanceof mongo.MongoServerError)) return [];
  if (!(error instanceof mongo.MongoBulkWriteError)) {
    return [{ code: Number(error.code), message: error.message }];
  }
  if (error.result.getWriteConcernError() !== undefined) return [];
  return [error.writeErrors]
    .flat()
    .map(({ code, errmsg }) => ({ code: Number(code), message: errmsg ?? '' }));
}

/** Whether the write's own content is the reason for its failure. */
function isOfContent(error: unknown): boolean {
  // The driver checks its arguments before it sends anything.
  if (error instanceof mongo.MongoInvalidArgumentError) return true;
  const refusals = refusalsIn(error);
  return refusals.length > 0 && refusals.every(({ code }) => CODES_OF_CONTENT.has(code));
}

/**
 * What an error says about MongoDB. It goes by the class of the error, never by a number or a name
 * that other libraries use too.
 * @returns `AWAY`: the server was not reached, or has no primary for now; that passes. `REFUSES`:
 *   the server is there and refuses, or the driver is used wrongly; a person must look. In both
 *   cases nobody knows whether the call had an effect. Null: the error is not MongoDB's, or the
 *   write's own content was refused (duplicate key, too large).
 */
export function databaseTrouble(error: unknown): 'AWAY' | 'REFUSES' | null {
  if (error instanceof mongoose.Error.MongooseServerSelectionError) return 'AWAY';
  const raised = undressed(error);
  if (!(raised instanceof mongo.MongoError) || isOfContent(raised)) return null;
  return isPassing(raised) ? 'AWAY' : 'REFUSES';
}

function isPassing(raised: mongo.MongoError): boolean {
  if (PASSING_LABELS.some((label) => raised.hasErrorLabel(label))) return true;
  if (raised instanceof mongo.MongoServerError) return PASSING_CODES.has(Number(raised.code));
  // Wrong use of the driver is a mistake of ours, except on a closed connection.
  const isClosed =
    raised instanceof mongo.MongoNotConnectedError ||
    raised instanceof mongo.MongoTopologyClosedError;
  return isClosed || !(raised instanceof mongo.MongoAPIError);
}

/** Whether an error is the database's, and not the request's, ours, or another server's. */
export function isOfDatabase(error: unknown): boolean {
  return databaseTrouble(error) !== null;
}

/**
 * The log level for an error that is retried. What a person must repair at the database is an
 * error, so that it does not look like an outage forever.
 */
export function levelOf(error: unknown): 'warn' | 'error' {
  return databaseTrouble(error) === 'REFUSES' ? 'error' : 'warn';
}

/** MongoDB's code where a command took longer than its `maxTimeMS`. */
export const TIME_IS_UP = 50;

/** Whether the MongoDB server answered with one of these codes; others' codes do not count. */
export function isAnswer(error: unknown, ...codes: number[]): boolean {
  return error instanceof mongo.MongoServerError && codes.includes(Number(error.code));
}

/** The index in a message: `… collection: laurel.users index: username dup key: …`. */
const PLACE_OF_DUPLICATE = / collection: [^.]+\.(\S+) index: (\S+) /;

/**
 * Whether all failed writes failed at that unique index of that collection, and nothing else
 * failed.
 * @param index the index's name; the one on `_id` unless given
 */
export function isDuplicateKey(
  error: unknown,
  { collectionName }: { collectionName: string },
  index = '_id_',
): boolean {
  const refusals = refusalsIn(error);
  const isThere = ({ code, message }: { code: number; message: string }) => {
    const [, inCollection, ofIndex] = PLACE_OF_DUPLICATE.exec(message) ?? [];
    return code === 11000 && inCollection === collectionName && ofIndex === index;
  };
  return refusals.length > 0 && refusals.every(isThere);
}
