/**
 * The collection `progress_days`: what the activities of a player, metric, key and UTC day come to,
 * by the quarter of an hour. It stays when the activities themselves have expired.
 *
 * A quarter has two parts. What came in time is folded in later, and counted anew each time that is
 * done; what came too late for that was added as it came. Neither touches the other.
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

/** The amounts of one quarter of an hour, and the states: null where no value was given. */
export interface Quarter {
  /** Its first and last activity: a day that starts within the quarter parts them. */
  first: Date;
  last: Date;
  sum: number;
  highest: number | null;
  /** `sentAt` is `at` unless the time as sent was ahead of our clock. */
  latest: { at: Date; sentAt: Date; value: number } | null;
}

/** By the quarter's number in the day. */
type Quarters = Record<string, Quarter>;

interface StoredDay {
  _id: string;
  userId: string;
  metric: string;
  key: string | null;
  /** Days since the epoch, UTC. */
  day: number;
  folded?: Quarters;
  late?: Quarters;
}

/** One quarter of an hour of a player's, as it is read: perhaps one of two parts. */
export interface QuarterValue extends Quarter {
  metric: string;
  key: string | null;
  startMs: number;
}

/** Days of some metrics: `fromDay` until before `untilDay`. */
export interface DayRange {
  metric: string;
  /** Null for all keys; null among them for activities without one. */
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

/** Only a key may hold spaces, and stands last. */
const idOf = (userId: string, day: number, metric: string, key: string | null): string =>
  `${userId} ${day} ${metric} ${key ?? ''}`;

/** What activities come to together: of a quarter of an hour, or of a part of one. */
export const TOGETHER = {
  first: { $min: '$at' },
  last: { $max: '$at' },
  sum: { $sum: { $ifNull: ['$value', 1] } },
  highest: { $max: '$value' },
  // Documents are compared field by field, in this order, as `laterOf` does.
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

/** More than one player has: all in one answer, as each further one would be another read. */
export const ALL_AT_ONCE = 100_000;

export type ProgressDayStore = ReturnType<typeof createProgressDayStore>;

export function createProgressDayStore(connection: Connection) {
  const model = connection.model<StoredDay>('ProgressDay', schema);
  const collection = connection.collection<StoredDay>('progress_days');
  const state = connection.model<State>('ProgressState', stateSchema);

  return {
    model,

    /** Adds events that came too late to be folded; in the transaction that keeps them. */
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

    /** Counts what came in time for that day, and puts it in the place of what was counted before. */
    async fold(day: number): Promise<void> {
      await connection
        .collection('activity_events')
        .aggregate(foldPipeline(day), { allowDiskUse: true })
        .toArray();
    },

    /** The day, since the epoch, before which all days are folded; null where none is. */
    async foldedBefore(): Promise<number | null> {
      return (await state.findById('fold').lean())?.foldedBefore ?? null;
    },

    /** Says that all days before that one are folded. It never goes back. */
    async setFoldedBefore(day: number): Promise<void> {
      await state.updateOne({ _id: 'fold' }, { $max: { foldedBefore: day } }, { upsert: true });
    },

    /** The day, since the epoch, before which IDs may have expired that a longer TTL would still keep. */
    async forgottenBefore(): Promise<number> {
      return (await state.findById('expiry').lean())?.forgottenBefore ?? 0;
    },

    /** Says that IDs of days before that one may have expired. It never goes back. */
    async setForgottenBefore(day: number): Promise<void> {
      await state.updateOne(
        { _id: 'expiry' },
        { $max: { forgottenBefore: day } },
        { upsert: true },
      );
    },

    /** A player's quarters of an hour on those days. */
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
 * Of two states the later one. Those ahead of our clock that came together are of one moment: of them
 * the one sent as later, and else the higher, so that order does not matter.
 */
export function laterOf(a: Quarter['latest'], b: Quarter['latest']): Quarter['latest'] {
  if (!a || !b) return a ?? b;
  const byTime = a.at.getTime() - b.at.getTime();
  const bySender = a.sentAt.getTime() - b.sentAt.getTime();
  return (byTime || bySender || a.value - b.value) < 0 ? b : a;
}

function additionsOf(quarters: Map<number, Quarter>): object {
  const $inc: Record<string, number> = {};
  const $min: Record<string, Date> = {};
  const $max: Record<string, unknown> = {};
  for (const [number, { first, last, sum, highest, latest }] of quarters) {
    $inc[`late.${number}.sum`] = sum;
    $min[`late.${number}.first`] = first;
    $max[`late.${number}.last`] = last;
    if (highest !== null) $max[`late.${number}.highest`] = highest;
    // Compared field by field, in the order that it was made in: as `laterOf` does.
    if (latest) $max[`late.${number}.latest`] = latest;
  }
  return { $inc, $min, $max };
}

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
