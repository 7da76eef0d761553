/**
 * The indexes that the stores cannot do without: which are missing, and building them over a
 * connection that has the time. On a collection of millions that takes minutes, and any other call
 * of ours is given up after seconds.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Connection, mongo } from 'mongoose';
import { SetupError } from '../../domain/errors.ts';
import { connect, databaseTrouble, isAnswer } from './connection.ts';

export interface WantedIndex {
  collection: string;
  key: mongo.IndexSpecification;
  options: mongo.CreateIndexesOptions & { name: string };
}

/** How the server answers where the collection was never written to. */
const NAMESPACE_NOT_FOUND = 26;

/** The same fields have an index already, of another name or with other options. */
export const INDEX_OPTIONS_CONFLICT = 85;

/** Of a unique index: two documents have the same key. */
const DUPLICATE_KEY = 11000;

/** A day: longer than any index of ours takes, in milliseconds. */
const BUILD_PATIENCE_MS = 86_400_000;

/** How often a build tells how far it is, and a start that waits looks again, in milliseconds. */
const LOOK_EVERY_MS = 5_000;

/** As people and messages call it. */
export const nameOf = ({ collection, options }: WantedIndex) => `${collection}.${options.name}`;

/** The indexes of every model of the connection. */
export function indexesOfModels(connection: Connection): WantedIndex[] {
  return Object.values(connection.models).flatMap(({ schema, collection }) =>
    schema.indexes().map(([key, options]) => ({
      collection: collection.collectionName,
      key: key as mongo.IndexSpecification,
      // As the server itself would call it.
      options: {
        ...(options as object),
        name: options.name ?? Object.entries(key).flat().join('_'),
      },
    })),
  );
}

/**
 * Those that are not there, or are still being built.
 * @throws SetupError where one of that name is there and is another: a name alone keeps nothing unique
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

/** When documents expire is left out: that may change, by `collMod`. */
function assertSame(wanted: WantedIndex, found: BuiltIndex): void {
  const { collection, key, options } = wanted;
  const factsOf = (fields: object, of: mongo.CreateIndexesOptions) => ({
    // In their order, which decides what an index is good for.
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
  // Without that flag an index counts as there from the first moment of its build on.
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
  /** Told how far an index is that takes long, and which were built; warned of what is waited for. */
  log: { info(line: string): void; warn(line: string): void };
  /** How often it is told and looked again, in milliseconds; five seconds. */
  everyMs?: number;
}

/**
 * Builds those indexes over a connection of its own: collections side by side, one index of each at a
 * time. One that another process builds already is waited for, and one that is there is left as it
 * is: safe to repeat, and to do from many processes at once.
 * @throws SetupError where one cannot be built as the data are
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

/** One that takes long tells every few seconds how far it is, and when it is there. */
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
    // Else another process was quicker, and its index may differ in what can be changed later.
    if (!(await builtIn(connection, collection)).has(options.name)) throw inTheWay(index, error);
  }
}

/** What is said where the fields of a wanted index have another one. */
export function inTheWay(index: WantedIndex, cause: unknown): SetupError {
  const fields = Object.keys(index.key).join(', ');
  return new SetupError(
    `The index ${nameOf(index)} cannot be built: ${index.collection} has another one on ${fields} that is not Laurel's. Drop that one, and start again.`,
    { cause },
  );
}

/** `42 % `, or nothing where the server does not say: it needs the right to see others' operations. */
async function progressOf(connection: Connection, collection: string): Promise<string> {
  try {
    const [found] = await connection
      .getClient()
      .db('admin')
      .aggregate<{ progress: { done: number; total: number } }>([
        { $currentOp: { allUsers: true, idleConnections: false } },
        { $match: { 'command.createIndexes': collection, 'command.$db': connection.name } },
        { $match: { 'progress.total': { $gt: 0 } } },
      ])
      .toArray();
    if (!found) return '';
    return `${Math.floor((100 * found.progress.done) / found.progress.total)} %, `;
  } catch {
    return '';
  }
}

export interface EnsureOptions extends BuildOptions {
  /** False leaves it to `npm run migrate`, and waits until that was done. */
  build: boolean;
}

/** Resolves once every index is there: nothing may be accepted before. @throws SetupError */
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
