/**
 * The collection `activity_events`: each player event as it was sent. Its `_id` makes it count once
 * (see `places.ts`). Progress of the last days is read from here.
 */
import { type ClientSession, type Connection, mongo, Schema } from 'mongoose';
import {
  DAY_MS,
  dayOf,
  type PlayerEvent,
  QUARTER_MS,
} from '../../domain/conditions/player-event.ts';
import { isAnswer, isDuplicateKey, WRITE_CONCERN } from '../mongodb/connection.ts';
import { INDEX_OPTIONS_CONFLICT, inTheWay, type WantedIndex } from '../mongodb/indexes.ts';
import { type Placed, placesOf, type Taken } from './places.ts';
import { ALL_AT_ONCE, type Quarter, type QuarterValue, TOGETHER } from './progress-days.ts';

/** A player event as the collection has it. */
export interface StoredPlayerEvent extends Taken {
  /** The start of the UTC day of `at`. */
  day: Date;
  /** It was added to its day's aggregates on arrival, so the fold must not count it again. */
  late?: true;
}

/** Player events of some metrics from `fromMs` until before `untilMs`, since the epoch. */
export interface PlayerEventRange {
  metrics: string[];
  fromMs: number;
  untilMs: number;
}

// For the index alone: mongoose would check each field of each document, and there are many.
const schema = new Schema<StoredPlayerEvent>({ _id: String }, { collection: 'activity_events' });
// By day only: without the time and the metric in it, an insert costs the server a third less.
schema.index({ userId: 1, day: 1 }, { name: 'player' });

/** The name of the expiry index. */
const EXPIRY = 'expiry';

export type PlayerEventStore = ReturnType<typeof createPlayerEventStore>;

/** The player events, over the collection `activity_events`. */
export function createPlayerEventStore(connection: Connection) {
  const model = connection.model<StoredPlayerEvent>('PlayerEvent', schema);
  const collection = connection.collection<StoredPlayerEvent>('activity_events');

  const expiryIndex = (expireAfterSeconds: number): WantedIndex => ({
    collection: collection.collectionName,
    key: { day: 1 },
    options: { name: EXPIRY, expireAfterSeconds },
  });

  return {
    model,

    /** The index that removes player events that many seconds after their day began. */
    expiryIndex,

    /**
     * Lets player events expire that many seconds after their day began. A change takes effect at
     * once.
     * @param onChange called before a change, with the number of seconds until then
     * @throws SetupError where the field has another index
     */
    async expireAfter(
      expireAfterSeconds: number,
      onChange: (beforeS: number) => Promise<void>,
    ): Promise<void> {
      const wanted = expiryIndex(expireAfterSeconds);
      try {
        await collection.createIndex(wanted.key, wanted.options);
      } catch (error) {
        if (!isAnswer(error, INDEX_OPTIONS_CONFLICT)) throw error;
        const before = (await collection.indexes()).find(({ name }) => name === EXPIRY);
        if (!before) throw inTheWay(wanted, error);
        // An index without an expiry removes nothing.
        await onChange(before.expireAfterSeconds ?? Number.POSITIVE_INFINITY);
        const index = { name: EXPIRY, expireAfterSeconds };
        await connection.db?.command({ collMod: collection.collectionName, index });
      }
    },

    /** Keeps the events whose place is free. Returns the others. */
    async add(placed: readonly Placed[]): Promise<Placed[]> {
      if (placed.length === 0) return [];
      // Events of one player side by side: the server then finds the place in its index once.
      const sorted = placed.toSorted(byPlayer);
      try {
        await collection.insertMany(sorted.map(stored), {
          ordered: false,
          ignoreUndefined: true,
          writeConcern: WRITE_CONCERN,
        });
        return [];
      } catch (error) {
        return duplicatesIn(error, collection).map((index) => sorted[index] as Placed);
      }
    },

    /** The kept documents that may be one of these events, as the transaction sees them. */
    async find(events: readonly PlayerEvent[], session?: ClientSession): Promise<Taken[]> {
      const options = { batchSize: ALL_AT_ONCE, ...(session && { session }) };
      return await collection.find(placesOf(events), options).toArray();
    },

    /** Keeps events whose aggregates are changed in the same transaction. */
    async addLate(placed: readonly Placed[], session: ClientSession): Promise<void> {
      const documents = placed.map((one) => ({ ...stored(one), late: true as const }));
      await collection.insertMany(documents, { session, ignoreUndefined: true });
    },

    /**
     * A player's events in those ranges, summed up by quarter of an hour. A quarter with a cut in
     * it is returned in parts. The server does the summing, so little is transferred however many
     * events there are.
     * @param cutsMs times in milliseconds since the epoch
     */
    async read(
      userId: string,
      ranges: PlayerEventRange[],
      cutsMs: number[],
    ): Promise<QuarterValue[]> {
      if (ranges.length === 0) return [];
      const $or = ranges.map(({ metrics, fromMs, untilMs }) => ({
        userId,
        metric: { $in: metrics },
        day: { $gte: dayStart(fromMs), $lt: new Date(untilMs) },
        at: { $gte: new Date(fromMs), $lt: new Date(untilMs) },
      }));
      const parts = await collection
        .aggregate<Quarter & { _id: Pick<QuarterValue, 'metric' | 'key'>; startMs: number }>(
          [{ $match: { $or } }, togetherUpTo(cutsMs)],
          { hint: 'player', cursor: { batchSize: ALL_AT_ONCE } },
        )
        .toArray();
      return parts.map(({ _id: { metric, key }, ...quarter }) => ({ metric, key, ...quarter }));
    },

    /** A player's events, day by day, in batches of at most `most`. No cursor stays open. */
    async *pagesOf<T>(
      userId: string,
      most: number,
      shown: (event: StoredPlayerEvent) => T,
    ): AsyncGenerator<T[]> {
      const hint = 'player';
      for (let day = new Date(0); ; ) {
        const next = await collection.findOne(
          { userId, day: { $gt: day } },
          { projection: { day: 1 }, sort: { userId: 1, day: 1 }, hint },
        );
        if (!next) return;
        day = next.day;
        for (let last = ''; ; ) {
          const behind = { userId, day, _id: { $gt: last } };
          const found = await collection
            .find(behind, { sort: { _id: 1 }, hint, limit: most })
            .toArray();
          if (found.length > 0) yield found.map(shown);
          if (found.length < most) break;
          last = found.at(-1)?._id ?? '';
        }
      }
    },

    /** The first day from that time on with a player event; null where there is none. */
    async earliestDay(sinceMs: number): Promise<Date | null> {
      const day = { $gte: new Date(sinceMs) };
      const first = await collection.findOne({ day }, { projection: { day: 1 }, sort: { day: 1 } });
      return first?.day ?? null;
    },
  };
}

/** The stage that sums events up by quarter, with a part of its own between two cuts. */
function togetherUpTo(cutsMs: number[]): object {
  const ms = { $toLong: '$at' };
  const cutsBefore = cutsMs.map((cutMs) => ({ $cond: [{ $gte: [ms, cutMs] }, 1, 0] }));
  const quarter = { $floor: { $divide: [ms, QUARTER_MS] } };
  const part = { quarter, cutsBefore: { $sum: cutsBefore } };
  const _id = { metric: '$metric', key: { $ifNull: ['$key', null] }, ...part };
  return { $group: { _id, startMs: { $min: ms }, ...TOGETHER } };
}

function stored({ event: { id: _, ...content }, _id }: Placed): StoredPlayerEvent {
  return { _id, ...content, day: dayStart(content.at.getTime()) };
}

const dayStart = (ms: number): Date => new Date(dayOf(ms) * DAY_MS);

function byPlayer({ event: a }: Placed, { event: b }: Placed): number {
  if (a.userId === b.userId) return 0;
  return a.userId < b.userId ? -1 : 1;
}

/** Which writes of a bulk found their `_id` taken. @throws the error where it says anything else */
function duplicatesIn(error: unknown, collection: { collectionName: string }): number[] {
  const isBulk = error instanceof mongo.MongoBulkWriteError;
  if (!isBulk || !isDuplicateKey(error, collection)) throw error;
  return [error.writeErrors].flat().map(({ index }) => index);
}
