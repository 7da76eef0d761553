/**
 * The collection `activity_events`: each activity as it came. Its `_id` is the event's own, which
 * is what makes it count once; progress of the last days is read from here.
 */
import type { ClientSession, Connection } from 'mongoose';
import { mongo, Schema } from 'mongoose';
import { type ActivityEvent, DAY_MS, dayOf, QUARTER_MS } from '../domain/activity.ts';
import { isAnswer, isDuplicateKey, WRITE_CONCERN } from './connection.ts';
import { ALL_AT_ONCE, type Quarter, type QuarterValue, TOGETHER } from './progress-days.ts';

export interface StoredActivity {
  _id: string;
  userId: string;
  metric: string;
  key?: string;
  value?: number;
  at: Date;
  /** The beginning of the UTC day of `at`. */
  day: Date;
  /** It was added to its day's aggregates as it came; the fold must not count it again. */
  late?: true;
}

/** Activities of some metrics from one moment until before another, in milliseconds. */
export interface ActivityRange {
  metrics: string[];
  fromMs: number;
  untilMs: number;
}

const schema = new Schema<StoredActivity>(
  {
    _id: { type: String, required: true },
    userId: { type: String, required: true },
    metric: { type: String, required: true },
    key: String,
    value: Number,
    at: { type: Date, required: true },
    day: { type: Date, required: true },
    late: Boolean,
  },
  { collection: 'activity_events', versionKey: false, strict: 'throw' },
);
// By the day and not by the moment, nor by the metric: a third of what each insert costs the server.
schema.index({ userId: 1, day: 1 }, { name: 'player' });

const EXPIRY = 'expiry';

/** The server's `IndexOptionsConflict`: the index is there, and expires after another time. */
const INDEX_OPTIONS_CONFLICT = 85;

export type ActivityEventStore = ReturnType<typeof createActivityEventStore>;

export function createActivityEventStore(connection: Connection) {
  const model = connection.model<StoredActivity>('ActivityEvent', schema);
  // By the driver where there are many: mongoose would look at each field of each document.
  const collection = connection.collection<StoredActivity>('activity_events');

  return {
    model,

    /** Lets activities go that many seconds after their day began; a change takes effect at once. */
    async expireAfter(expireAfterSeconds: number): Promise<void> {
      try {
        await collection.createIndex({ day: 1 }, { name: EXPIRY, expireAfterSeconds });
      } catch (error) {
        if (!isAnswer(error, INDEX_OPTIONS_CONFLICT)) throw error;
        const index = { name: EXPIRY, expireAfterSeconds };
        await connection.db?.command({ collMod: collection.collectionName, index });
      }
    },

    /** Keeps those that are new, whatever happens to the others. Answers how many were. */
    async add(events: readonly ActivityEvent[]): Promise<number> {
      if (events.length === 0) return 0;
      // A player's next to each other: the server finds the place in its index once.
      const documents = events.map(stored).sort(byPlayer);
      try {
        await collection.insertMany(documents, {
          ordered: false,
          writeConcern: WRITE_CONCERN,
        });
        return events.length;
      } catch (error) {
        return events.length - duplicatesIn(error, collection);
      }
    },

    /** Those of the IDs that are here, seen in that transaction. */
    async known(ids: string[], session: ClientSession): Promise<Set<string>> {
      const found = await model
        .find({ _id: { $in: ids } }, { _id: 1 }, { session })
        .lean<{ _id: string }[]>();
      return new Set(found.map(({ _id }) => _id));
    },

    /** Keeps events that are added to the aggregates in the same transaction. */
    async addLate(events: readonly ActivityEvent[], session: ClientSession): Promise<void> {
      const documents = events.map((event) => ({ ...stored(event), late: true as const }));
      await collection.insertMany(documents, { session });
    },

    /**
     * What a player's activities in those ranges come to, by the quarter of an hour; a quarter in
     * which one of the cuts lies (milliseconds since the epoch) is told in parts. Brought together
     * by the server: however much a player does, little comes over.
     */
    async read(userId: string, ranges: ActivityRange[], cutsMs: number[]): Promise<QuarterValue[]> {
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

    /** The first day from that moment on that has an activity; null where there is none. */
    async earliestDay(sinceMs: number): Promise<Date | null> {
      const day = { $gte: new Date(sinceMs) };
      const first = await model
        .findOne({ day }, { day: 1 })
        .sort({ day: 1 })
        .lean<StoredActivity>();
      return first?.day ?? null;
    },
  };
}

function togetherUpTo(cutsMs: number[]): object {
  const ms = { $toLong: '$at' };
  const cutsBefore = cutsMs.map((cutMs) => ({ $cond: [{ $gte: [ms, cutMs] }, 1, 0] }));
  const quarter = { $floor: { $divide: [ms, QUARTER_MS] } };
  const part = { quarter, cutsBefore: { $sum: cutsBefore } };
  const _id = { metric: '$metric', key: { $ifNull: ['$key', null] }, ...part };
  return { $group: { _id, startMs: { $min: ms }, ...TOGETHER } };
}

function stored({ id, userId, metric, key, value, at }: ActivityEvent): StoredActivity {
  return {
    _id: id,
    userId,
    metric,
    ...(key !== undefined && { key }),
    ...(value !== undefined && { value }),
    at,
    day: dayStart(at.getTime()),
  };
}

const dayStart = (ms: number): Date => new Date(dayOf(ms) * DAY_MS);

function byPlayer(a: StoredActivity, b: StoredActivity): number {
  if (a.userId === b.userId) return 0;
  return a.userId < b.userId ? -1 : 1;
}

/** How many of a bulk's writes were of known IDs. @throws the error if it says anything else */
function duplicatesIn(error: unknown, collection: { collectionName: string }): number {
  const isBulk = error instanceof mongo.MongoBulkWriteError;
  if (!isBulk || !isDuplicateKey(error, collection)) throw error;
  return [error.writeErrors].flat().length;
}
