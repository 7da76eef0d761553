/**
 * The collection `activity_events`: each activity as it came. Its `_id` makes it count once (see
 * `places.ts`); progress of the last days is read from here.
 */
import type { ClientSession, Connection } from 'mongoose';
import { mongo, Schema } from 'mongoose';
import {
  type ActivityEvent,
  DAY_MS,
  dayOf,
  QUARTER_MS,
} from '../../domain/conditions/player-event.ts';
import { isAnswer, isDuplicateKey, WRITE_CONCERN } from '../mongodb/connection.ts';
import { INDEX_OPTIONS_CONFLICT, inTheWay, type WantedIndex } from '../mongodb/indexes.ts';
import { type Placed, placesOf } from './places.ts';
import { ALL_AT_ONCE, type Quarter, type QuarterValue, TOGETHER } from './progress-days.ts';

interface StoredActivity {
  /** The event's ID; where another sender had it before, with this one's behind it. */
  _id: string;
  /** The game server's user ID; missing where a Kafka record did not say. */
  sender?: string;
  userId: string;
  metric: string;
  key?: string;
  value?: number;
  at: Date;
  /** As sent, where that was ahead of our clock. */
  sentAt?: Date;
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
    sender: String,
    userId: { type: String, required: true },
    metric: { type: String, required: true },
    key: String,
    value: Number,
    at: { type: Date, required: true },
    sentAt: Date,
    day: { type: Date, required: true },
    late: Boolean,
  },
  { collection: 'activity_events', versionKey: false, strict: 'throw' },
);
// By the day and not by the moment, nor by the metric: a third of what each insert costs the server.
schema.index({ userId: 1, day: 1 }, { name: 'player' });

const EXPIRY = 'expiry';

export type ActivityEventStore = ReturnType<typeof createActivityEventStore>;

export function createActivityEventStore(connection: Connection) {
  const model = connection.model<StoredActivity>('ActivityEvent', schema);
  // By the driver where there are many: mongoose would look at each field of each document.
  const collection = connection.collection<StoredActivity>('activity_events');

  const expiryIndex = (expireAfterSeconds: number): WantedIndex => ({
    collection: collection.collectionName,
    key: { day: 1 },
    options: { name: EXPIRY, expireAfterSeconds },
  });

  return {
    model,

    /** The index that lets them go that many seconds after their day began. */
    expiryIndex,

    /**
     * Lets activities go that many seconds after their day began; a change takes effect at once.
     * @param onChange told before a change, with how many seconds it was until then
     * @throws SetupError where another index has its field
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
        // An index without a time lets nothing go.
        await onChange(before.expireAfterSeconds ?? Number.POSITIVE_INFINITY);
        const index = { name: EXPIRY, expireAfterSeconds };
        await connection.db?.command({ collMod: collection.collectionName, index });
      }
    },

    /** Keeps those whose place is free, whatever happens to the others. Answers the others. */
    async add(placed: readonly Placed[]): Promise<Placed[]> {
      if (placed.length === 0) return [];
      // A player's next to each other: the server finds the place in its index once.
      const sorted = placed.toSorted(byPlayer);
      try {
        await collection.insertMany(sorted.map(stored), {
          ordered: false,
          writeConcern: WRITE_CONCERN,
        });
        return [];
      } catch (error) {
        return duplicatesIn(error, collection).map((index) => sorted[index] as Placed);
      }
    },

    /** What is kept and may be one of these events; in a transaction as it sees them. */
    async find(
      events: readonly ActivityEvent[],
      session?: ClientSession,
    ): Promise<StoredActivity[]> {
      const options = { batchSize: ALL_AT_ONCE, ...(session && { session }) };
      return await collection.find(placesOf(events), options).toArray();
    },

    /** Keeps events that are added to the aggregates in the same transaction. */
    async addLate(placed: readonly Placed[], session: ClientSession): Promise<void> {
      const documents = placed.map((one) => ({ ...stored(one), late: true as const }));
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

function stored({ event, _id }: Placed): StoredActivity {
  const { sender, userId, metric, key, value, at, sentAt } = event;
  return {
    _id,
    ...(sender !== undefined && { sender }),
    userId,
    metric,
    ...(key !== undefined && { key }),
    ...(value !== undefined && { value }),
    at,
    ...(sentAt && { sentAt }),
    day: dayStart(at.getTime()),
  };
}

const dayStart = (ms: number): Date => new Date(dayOf(ms) * DAY_MS);

function byPlayer({ event: a }: Placed, { event: b }: Placed): number {
  if (a.userId === b.userId) return 0;
  return a.userId < b.userId ? -1 : 1;
}

/** Which of a bulk's writes met a known `_id`. @throws the error if it says anything else */
function duplicatesIn(error: unknown, collection: { collectionName: string }): number[] {
  const isBulk = error instanceof mongo.MongoBulkWriteError;
  if (!isBulk || !isDuplicateKey(error, collection)) throw error;
  return [error.writeErrors].flat().map(({ index }) => index);
}
