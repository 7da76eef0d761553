/**
 * The collection `progress_days`: the player events of one player, metric, key and UTC day, summed
 * up by quarter of an hour. It stays when the events themselves have expired.
 *
 * A quarter has two parts. Events that came in time are folded in later, and are counted anew by
 * each fold. Late events are added on arrival. Neither part changes the other.
 */
import type { ClientSession, Connection } from 'mongoose';
import { Schema } from 'mongoose';
import {
  DAY_MS,
  dayOf,
  type PlayerEvent,
  QUARTER_MS,
  quarterOf,
} from '../../domain/conditions/player-event.ts';

/** The sums of one quarter of an hour, and its states: null where no event had a value. */
export interface Quarter {
  /** Its first and last event: a day that begins within the quarter separates them. */
  first: Date;
  last: Date;
  sum: number;
  highest: number | null;
  /** `sentAt` equals `at` unless the time as sent was ahead of our clock. */
  latest: { at: Date; sentAt: Date; value: number } | null;
}

/** By the number of the quarter in the day. */
type Quarters = Record<string, Quarter>;

interface StoredDay {
  _id: string;
  userId: string;
  metric: string;
  key: string | null;
  /** Days since the epoch, in UTC. */
  day: number;
  folded?: Quarters;
  late?: Quarters;
}

/** A quarter of an hour of one player, as it is read: maybe one of two parts. */
export interface QuarterValue extends Quarter {
  metric: string;
  key: string | null;
  startMs: number;
}

/** Days of one metric, from `fromDay` until before `untilDay`. */
export interface DayRange {
  metric: string;
  /** Null for all keys. A null in the list is for events without a key. */
  keys: (string | null)[] | null;
  fromDay: number;
  untilDay: number;
}

const schema = new Schema<StoredDay>(
  {
    _id: { type: String, required: true },
    userId: { type: String, required: true },
    metric: { type: String, required: true },
    key: { type: String, default: null },
    day: { type: Number, required: true },
    folded: Object,
    late: Object,
  },
  { collection: 'progress_days', versionKey: false, strict: 'throw' },
);
schema.index({ userId: 1, metric: 1, day: 1 }, { name: 'player' });

interface State {
  _id: string;
  foldedBefore?: number;
  forgottenBefore?: number;
}

const stateSchema = new Schema<State>(
  { _id: { type: String, required: true }, foldedBefore: Number, forgottenBefore: Number },
  { collection: 'progress_state', versionKey: false, strict: 'throw' },
);

/** Only a key may contain spaces, so it comes last. */
const idOf = (userId: string, day: number, metric: string, key: string | null): string =>
  `${userId} ${day} ${metric} ${key ?? ''}`;

/** How player events are summed up: those of a quarter of an hour, or of a part of one. */
export const TOGETHER = {
  first: { $min: '$at' },
  last: { $max: '$at' },
  sum: { $sum: { $ifNull: ['$value', 1] } },
  highest: { $max: '$value' },
  // MongoDB compares documents field by field in this order, as `laterOf` does.
  latest: {
    $max: {
      $cond: [
        { $ne: [{ $type: '$value' }, 'missing'] },
        { at: '$at', sentAt: { $ifNull: ['$sentAt', '$at'] }, value: '$value' },
        null,
      ],
    },
  },
};

/**
 * A batch size larger than the documents of any player: everything comes in one answer, as each
 * further one is another read.
 */
export const ALL_AT_ONCE = 100_000;

export type ProgressDayStore = ReturnType<typeof createProgressDayStore>;

/** The aggregates, over `progress_days` and `progress_state`. */
export function createProgressDayStore(connection: Connection) {
  const model = connection.model<StoredDay>('ProgressDay', schema);
  const collection = connection.collection<StoredDay>('progress_days');
  const state = connection.model<State>('ProgressState', stateSchema);

  return {
    model,

    /** Adds late events, in the transaction that keeps them. */
    async addLate(events: readonly PlayerEvent[], session: ClientSession): Promise<void> {
      const writes = [...byDay(events)].map(([_id, { set, quarters }]) => ({
        updateOne: {
          filter: { _id },
          update: { ...additionsOf(quarters), $setOnInsert: set },
          upsert: true,
        },
      }));
      await collection.bulkWrite(writes, { session });
    },

    /** Counts that day's events that came in time, and replaces any earlier count of them. */
    async fold(day: number): Promise<void> {
      await connection
        .collection('activity_events')
        .aggregate(foldPipeline(day), { allowDiskUse: true })
        .toArray();
    },

    /** The day since the epoch before which all days are folded; null where none is. */
    async foldedBefore(): Promise<number | null> {
      return (await state.findById('fold').lean())?.foldedBefore ?? null;
    },

    /** Records that all days before that one are folded. The number never gets smaller. */
    async setFoldedBefore(day: number): Promise<void> {
      await state.updateOne({ _id: 'fold' }, { $max: { foldedBefore: day } }, { upsert: true });
    },

    /** The day before which event IDs may have expired that a longer TTL would still keep. */
    async forgottenBefore(): Promise<number> {
      return (await state.findById('expiry').lean())?.forgottenBefore ?? 0;
    },

    /** Records that event IDs of days before that one may have expired. It only grows. */
    async setForgottenBefore(day: number): Promise<void> {
      await state.updateOne(
        { _id: 'expiry' },
        { $max: { forgottenBefore: day } },
        { upsert: true },
      );
    },

    /** A player's quarters of an hour in those ranges. */
    async read(userId: string, ranges: DayRange[]): Promise<QuarterValue[]> {
      if (ranges.length === 0) return [];
      const $or = ranges.map(({ metric, keys, fromDay, untilDay }) => ({
        userId,
        metric,
        day: { $gte: fromDay, $lt: untilDay },
        ...(keys && { key: { $in: keys } }),
      }));
      const days = await model
        .find({ $or })
        .hint('player')
        .batchSize(ALL_AT_ONCE)
        .lean<StoredDay[]>();
      return days.flatMap(quartersOf);
    },
  };
}

function quartersOf({ metric, key, day, folded = {}, late = {} }: StoredDay): QuarterValue[] {
  return [folded, late].flatMap((quarters) =>
    Object.entries(quarters).map(([number, { highest = null, latest = null, ...quarter }]) => {
      const startMs = day * DAY_MS + Number(number) * QUARTER_MS;
      return { metric, key, startMs, ...quarter, highest, latest };
    }),
  );
}

interface Additions {
  set: Pick<StoredDay, 'userId' | 'metric' | 'key' | 'day'>;
  quarters: Map<number, Quarter>;
}

function byDay(events: readonly PlayerEvent[]): Map<string, Additions> {
  const days = new Map<string, Additions>();
  for (const { userId, metric, key = null, value, at, sentAt = at } of events) {
    const day = dayOf(at.getTime());
    const id = idOf(userId, day, metric, key);
    const { quarters } = getOrAdd(days, id, () => ({
      set: { userId, metric, key, day },
      quarters: new Map<number, Quarter>(),
    }));
    const nothing = () => ({ first: at, last: at, sum: 0, highest: null, latest: null });
    const quarter: Quarter = getOrAdd(quarters, quarterOf(at.getTime()), nothing);
    if (at < quarter.first) quarter.first = at;
    if (at > quarter.last) quarter.last = at;
    quarter.sum += value ?? 1;
    if (value === undefined) continue;
    quarter.highest = Math.max(quarter.highest ?? value, value);
    quarter.latest = laterOf(quarter.latest, { at, sentAt, value });
  }
  return days;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/**
 * The later one of two states. States that were ahead of our clock and came together have one time:
 * of them the one sent as later counts, or else the higher one, so that their order does not
 * matter.
 */
export function laterOf(a: Quarter['latest'], b: Quarter['latest']): Quarter['latest'] {
  if (!a || !b) return a ?? b;
  const byTime = a.at.getTime() - b.at.getTime();
  const bySender = a.sentAt.getTime() - b.sentAt.getTime();
  return (byTime || bySender || a.value - b.value) < 0 ? b : a;
}

/** The update that adds late events to a day. */
function additionsOf(quarters: Map<number, Quarter>): object {
  const $inc: Record<string, number> = {};
  const $min: Record<string, Date> = {};
  const $max: Record<string, unknown> = {};
  for (const [number, { first, last, sum, highest, latest }] of quarters) {
    $inc[`late.${number}.sum`] = sum;
    $min[`late.${number}.first`] = first;
    $max[`late.${number}.last`] = last;
    if (highest !== null) $max[`late.${number}.highest`] = highest;
    // MongoDB compares documents field by field in the order they were built, as `laterOf` does.
    if (latest) $max[`late.${number}.latest`] = latest;
  }
  return { $inc, $min, $max };
}

/** Sums up the day's events that are not late, and merges them into `progress_days`. */
function foldPipeline(day: number): object[] {
  const number = {
    $toString: {
      $floor: { $divide: [{ $subtract: [{ $toLong: '$at' }, day * DAY_MS] }, QUARTER_MS] },
    },
  };
  const group = { userId: '$userId', metric: '$metric', key: { $ifNull: ['$key', null] } };
  const { userId, metric, key } = { userId: '$_id.userId', metric: '$_id.metric', key: '$_id.key' };
  return [
    { $match: { day: new Date(day * DAY_MS), late: { $ne: true } } },
    {
      $group: {
        _id: { ...group, number },
        ...TOGETHER,
      },
    },
    {
      $group: {
        _id: { userId, metric, key },
        folded: {
          $push: {
            k: '$_id.number',
            v: {
              first: '$first',
              last: '$last',
              sum: '$sum',
              highest: '$highest',
              latest: '$latest',
            },
          },
        },
      },
    },
    {
      $project: {
        _id: { $concat: [userId, ` ${day} `, metric, ' ', { $ifNull: [key, ''] }] },
        userId,
        metric,
        key,
        day: { $literal: day },
        folded: { $arrayToObject: '$folded' },
      },
    },
    {
      $merge: {
        into: 'progress_days',
        on: '_id',
        whenMatched: [{ $set: { folded: '$$new.folded' } }],
        whenNotMatched: 'insert',
      },
    },
  ];
}
