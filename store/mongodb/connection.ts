/** The one way to MongoDB: explicit concerns, bounded calls, and what an outage looks like. */
import mongoose from 'mongoose';
import { DomainError } from '../../domain/errors.ts';
import { createWorkQueue, type WorkQueue } from '../../domain/work-queue.ts';
import { mendDriver } from './driver-close.ts';

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
  mendDriver();
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
    .asPromise()
    .catch((error: Error) => {
      // What the name service says of a `mongodb+srv` address, the driver hands on as it is.
      if (!('syscall' in error)) throw error;
      throw new mongoose.mongo.MongoNetworkError(error.message, { cause: error });
    });
}

/** How long a transaction is begun again, in milliseconds; the driver alone would go on for minutes. */
const TRANSACTION_PATIENCE_MS = 15_000;

/** One queue of transactions for each client. */
const queues = new WeakMap<object, WorkQueue>();

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
  const queue = queues.get(client) ?? createWorkQueue({ atOnce: 1 });
  queues.set(client, queue);
  return await queue(() => transact(client, connection.name, work, patienceMs));
}

async function transact<T>(
  client: mongoose.mongo.MongoClient,
  database: string,
  work: (session: mongoose.ClientSession) => Promise<T>,
  patienceMs: number,
): Promise<T> {
  const startedAtMs = performance.now();
  const workInTime = (session: mongoose.ClientSession) => {
    if (performance.now() - startedAtMs < patienceMs) return work(session);
    const detail = 'Too much is being changed at once. Try again.';
    throw new DomainError('unavailable', detail, { retryAfterS: 1 });
  };
  return await client.withSession(async (session) => {
    try {
      return await session.withTransaction(async () => await workInTime(session), {
        readConcern: { level: 'snapshot' },
        writeConcern: WRITE_CONCERN,
        readPreference: 'primary',
      });
    } catch (error) {
      if (error instanceof DomainError) await outlive(session, client.db(database));
      throw error;
    }
  });
}

/**
 * Resolves once all that the session has seen would survive a crash. A transaction that ends without
 * a commit has waited for none of it, and what it refused for may still be lost, or not be seen by
 * whoever reads next: a read in the same session waits for what came before it.
 */
async function outlive(
  session: mongoose.ClientSession,
  database: mongoose.mongo.Db,
): Promise<void> {
  await database.collection('events').findOne({}, { session, projection: { _id: 1 } });
}

/**
 * What a write is refused for by its own content: a key that is taken, a validator of the
 * collection's, a document that is too large.
 */
const CODES_OF_CONTENT = new Set([11000, 121, 10334, 17419, 17420]);

/** What the server answers in an election, at its shutdown, or where a call took too long: it passes. */
const PASSING_CODES = new Set([
  6, 7, 50, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436,
]);

/** Labels of the server's and the driver's: the same again may succeed. */
const PASSING_LABELS = ['RetryableWriteError', 'TransientTransactionError'];

const {
  MongoAPIError,
  MongoBulkWriteError,
  MongoError,
  MongoInvalidArgumentError,
  MongoNotConnectedError,
  MongoServerError,
  MongoTopologyClosedError,
} = mongoose.mongo;

/** The driver dresses up whatever ends a bulk of writes, and keeps what it was inside. */
function undressed(error: unknown): unknown {
  const inside = error instanceof MongoBulkWriteError ? error.errorResponse : undefined;
  return inside instanceof MongoError ? inside : error;
}

/** What MongoDB said of each write that it refused; empty where anything else went wrong too. */
function refusalsIn(error: unknown): { code: number; message: string }[] {
  if (!(error instanceof MongoServerError)) return [];
  if (!(error instanceof MongoBulkWriteError)) {
    return [{ code: Number(error.code), message: error.message }];
  }
  if (error.result.getWriteConcernError() !== undefined) return [];
  return [error.writeErrors]
    .flat()
    .map(({ code, errmsg }) => ({ code: Number(code), message: errmsg ?? '' }));
}

/** Whether what was to be written is itself the reason that it was not. */
function isOfContent(error: unknown): boolean {
  // The driver looks at what it is given before it sends anything.
  if (error instanceof MongoInvalidArgumentError) return true;
  const refusals = refusalsIn(error);
  return refusals.length > 0 && refusals.every(({ code }) => CODES_OF_CONTENT.has(code));
}

/**
 * What an error says of MongoDB, judged by who raised it: the driver's own classes, never a number or
 * a name that others have too. Nothing is known then of the call, and nobody else is to blame for it.
 * `AWAY`: it was not reached, or has no primary for now; that passes. `REFUSES`: it is there and does
 * not do it, whatever its code, or its driver is misused: a person must look. Null where the error is not the database's: it is
 * somebody else's, or the write's own content was refused (its key is taken, it is too large).
 */
export function databaseTrouble(error: unknown): 'AWAY' | 'REFUSES' | null {
  if (error instanceof mongoose.Error.MongooseServerSelectionError) return 'AWAY';
  const raised = undressed(error);
  if (!(raised instanceof MongoError) || isOfContent(raised)) return null;
  return isPassing(raised) ? 'AWAY' : 'REFUSES';
}

function isPassing(raised: mongoose.mongo.MongoError): boolean {
  if (PASSING_LABELS.some((label) => raised.hasErrorLabel(label))) return true;
  if (raised instanceof MongoServerError) return PASSING_CODES.has(Number(raised.code));
  // The driver is used in a way that it does not allow: a mistake of ours, but for a closed connection.
  const isClosed =
    raised instanceof MongoNotConnectedError || raised instanceof MongoTopologyClosedError;
  return isClosed || !(raised instanceof MongoAPIError);
}

/** Whether an error is the database's, as against one of the request, of ours, or of another server. */
export function isOfDatabase(error: unknown): boolean {
  return databaseTrouble(error) !== null;
}

/**
 * How loud an error is logged that is waited out: what a person must mend at the database is an error,
 * lest it pass for an outage for ever.
 */
export function levelOf(error: unknown): 'warn' | 'error' {
  return databaseTrouble(error) === 'REFUSES' ? 'error' : 'warn';
}

/** Whether MongoDB's server answered with one of those codes: nobody else's numbers count. */
export function isAnswer(error: unknown, ...codes: number[]): boolean {
  return error instanceof MongoServerError && codes.includes(Number(error.code));
}

/** Where a duplicate was found: `… collection: laurel.users index: username dup key: …`. */
const PLACE_OF_DUPLICATE = / collection: [^.]+\.(\S+) index: (\S+) /;

/**
 * Whether writes lost against that unique index of that collection, all that failed of them, and
 * nothing else went wrong.
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
