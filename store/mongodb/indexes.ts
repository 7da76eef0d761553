/**
 * The indexes that the stores need: which are missing, and how they are built. On a collection of
 * millions a build takes minutes, and our other calls time out after seconds. So builds use a
 * connection of their own.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Connection, mongo } from 'mongoose';
import { SetupError } from '../../domain/errors.ts';
import { connect, databaseTrouble, isAnswer } from './connection.ts';

/** An index that a store needs. */
export interface WantedIndex {
  collection: string;
  key: mongo.IndexSpecification;
  options: mongo.CreateIndexesOptions & { name: string };
}

/** The server's code where the collection does not exist yet. */
const NAMESPACE_NOT_FOUND = 26;

/** The server's code where the same fields have an index with another name or other options. */
export const INDEX_OPTIONS_CONFLICT = 85;

/** The server's code where two documents have the same key in a unique index. */
const DUPLICATE_KEY = 11000;

/** How long a build may take, in milliseconds: a day, longer than any of our indexes needs. */
const BUILD_PATIENCE_MS = 86_400_000;

/** How often a build reports its progress, and a waiting start looks again, in milliseconds. */
const LOOK_EVERY_MS = 5_000;

/** The index's name in messages. */
export const nameOf = ({ collection, options }: WantedIndex) => `${collection}.${options.name}`;

/** The indexes of every model of the connection. */
export function indexesOfModels(connection: Connection): WantedIndex[] {
  return Object.values(connection.models).flatMap(({ schema, collection }) =>
    schema.indexes().map(([key, options]) => ({
      collection: collection.collectionName,
      key: key as mongo.IndexSpecification,
      // The name that the server would give it.
      options: {
        ...(options as object),
        name: options.name ?? Object.entries(key).flat().join('_'),
      },
    })),
  );
}

/**
 * The indexes that do not exist, or are still being built.
 * @throws SetupError where an index has the right name and other fields or options, as it would not
 *   keep the right fields unique
 */
export async function missingIndexes(
  connection: Connection,
  wanted: readonly WantedIndex[],
): Promise<WantedIndex[]> {
  const there = new Map<string, Map<string, BuiltIndex>>();
  for (const collection of new Set(wanted.map((index) => index.collection))) {
    there.set(collection, await builtIn(connection, collection));
  }
  return wanted.filter((index) => {
    const found = there.get(index.collection)?.get(index.options.name);
    if (found) assertSame(index, found);
    return !found;
  });
}

/** An index as the server lists it. */
type BuiltIndex = mongo.CreateIndexesOptions & { name: string; key: object; buildUUID?: unknown };

/** Compares all options but the expiry, which `collMod` may change. */
function assertSame(wanted: WantedIndex, found: BuiltIndex): void {
  const { collection, key, options } = wanted;
  const factsOf = (fields: object, of: mongo.CreateIndexesOptions) => ({
    // As a list, since the order of the fields matters.
    key: Object.entries(fields).map(([field, order]) => [field, Number(order)]),
    unique: of.unique ?? false,
    sparse: of.sparse ?? false,
    only: of.partialFilterExpression ?? {},
  });
  const [is, shouldBe] = [factsOf(found.key, found), factsOf(key as object, options)];
  if (isDeepStrictEqual(is, shouldBe)) return;
  throw new SetupError(
    `The index ${nameOf(wanted)} is another than this version needs: it is ${JSON.stringify(is)} and must be ${JSON.stringify(shouldBe)}. Drop it (db.${collection}.dropIndex('${options.name}')), and start again or run npm run migrate.`,
  );
}

async function builtIn(
  connection: Connection,
  collection: string,
): Promise<Map<string, BuiltIndex>> {
  // Without this flag the server lists an index from the first moment of its build.
  const command = {
    listIndexes: collection,
    includeBuildUUIDs: true,
    cursor: { batchSize: 1_000 },
  };
  try {
    const answer = await connection.db?.command(command);
    const listed: BuiltIndex[] = answer?.cursor.firstBatch ?? [];
    return new Map(listed.flatMap((index) => (index.buildUUID ? [] : [[index.name, index]])));
  } catch (error) {
    if (isAnswer(error, NAMESPACE_NOT_FOUND)) return new Map();
    throw error;
  }
}

export interface BuildOptions {
  uri: string;
  /**
   * Receives the progress of a long build and the list of built indexes as info, and what is waited
   * for as a warning.
   */
  log: { info(line: string): void; warn(line: string): void };
  /**
   * How often progress is reported and missing indexes are looked for, in milliseconds; five
   * seconds unless given.
   */
  everyMs?: number;
}

/**
 * Builds the indexes over a connection of its own: collections in parallel, the indexes of one
 * collection one after another. Safe to repeat, and to call in many processes at once: it waits for
 * an index that another process builds, and leaves an existing one alone.
 * @throws SetupError where one cannot be built with the data that is there
 */
export async function buildIndexes(
  wanted: readonly WantedIndex[],
  options: BuildOptions,
): Promise<void> {
  const connection = await connect(options.uri, {
    appName: 'laurel-indexes',
    socketTimeoutMs: BUILD_PATIENCE_MS,
  });
  const ofCollection = Map.groupBy(wanted, ({ collection }) => collection);
  try {
    const builds = [...ofCollection.values()].map(async (indexes) => {
      for (const index of indexes) await buildAndTell(connection, index, options);
    });
    await Promise.all(builds);
  } finally {
    await connection.close();
  }
  options.log.info(`${wanted.length} indexes were built: ${wanted.map(nameOf).join(', ')}`);
}

/** Builds one index. A long build reports its progress every few seconds, and its end. */
async function buildAndTell(
  connection: Connection,
  index: WantedIndex,
  { log, everyMs = LOOK_EVERY_MS }: BuildOptions,
): Promise<void> {
  const startedAtMs = performance.now();
  const elapsedS = () => Math.floor((performance.now() - startedAtMs) / 1_000);
  const telling = setInterval(async () => {
    const done = await progressOf(connection, index.collection);
    log.info(`index ${nameOf(index)}: ${done}building it for ${elapsedS()} s`);
  }, everyMs);
  try {
    await build(connection, index);
  } finally {
    clearInterval(telling);
  }
  if (performance.now() - startedAtMs < everyMs) return;
  log.info(`index ${nameOf(index)}: is there, after ${elapsedS()} s`);
}

async function build(connection: Connection, index: WantedIndex): Promise<void> {
  const { collection, key, options } = index;
  try {
    await connection.collection(collection).createIndex(key, options);
  } catch (error) {
    if (isAnswer(error, DUPLICATE_KEY)) {
      throw new SetupError(
        `The index ${nameOf(index)} is to be unique, and two documents of ${collection} have the same ${Object.keys(key).join(', ')}. Remove one of them, and start again.`,
        { cause: error },
      );
    }
    if (!isAnswer(error, INDEX_OPTIONS_CONFLICT)) throw error;
    // Otherwise another process built it first, and its changeable options may differ.
    if (!(await builtIn(connection, collection)).has(options.name)) throw inTheWay(index, error);
  }
}

/** The error for an index whose fields have another index. */
export function inTheWay(index: WantedIndex, cause: unknown): SetupError {
  const fields = Object.keys(index.key).join(', ');
  return new SetupError(
    `The index ${nameOf(index)} cannot be built: ${index.collection} has another one on ${fields} that is not Laurel's. Drop that one, and start again.`,
    { cause },
  );
}

/** `42 %, `; empty where the server does not say, as we may not see others' operations. */
async function progressOf(connection: Connection, collection: string): Promise<string> {
  try {
    const admin = connection.getClient().db('admin');
    const running = admin.aggregate<{ progress: { done: number; total: number } }>([
      { $currentOp: { allUsers: true, idleConnections: false } },
      { $match: { 'command.createIndexes': collection, 'command.$db': connection.name } },
      { $match: { 'progress.total': { $gt: 0 } } },
    ]);
    const [found] = await running.toArray();
    if (!found) return '';
    return `${Math.floor((100 * found.progress.done) / found.progress.total)} %, `;
  } catch {
    return '';
  }
}

export interface EnsureOptions extends BuildOptions {
  /** False: indexes are left to `npm run migrate`, and are only waited for. */
  build: boolean;
}

/**
 * Resolves once every index exists. Nothing may be accepted before. @throws SetupError as
 * `missingIndexes` and `buildIndexes` do
 */
export async function ensureIndexes(
  connection: Connection,
  wanted: readonly WantedIndex[],
  options: EnsureOptions,
): Promise<void> {
  let said = '';
  for (;;) {
    const missing = await missingIndexes(connection, wanted).catch((error: unknown) => {
      // A database that goes away while it is waited for comes back.
      if (said === '' || databaseTrouble(error) !== 'AWAY') throw error;
      return null;
    });
    if (missing?.length === 0) return;
    if (missing && options.build) return await buildIndexes(missing, options);
    const names = missing?.map(nameOf).join(', ') ?? said;
    if (names !== said) {
      options.log.warn(
        `Waiting for ${names}: the database has no such index yet, and MIGRATE_AT_START is off. Run npm run migrate.`,
      );
      said = names;
    }
    await delay(options.everyMs ?? LOOK_EVERY_MS);
  }
}
