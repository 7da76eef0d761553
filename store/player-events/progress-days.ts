/**
 * The collection `progress_days`: the player events of one player, metric, key and UTC day, summed
 * up by quarter of an hour. It stays when the events themselves have expired.
 *
 * A quarter has two parts. Events that came in time are folded in later, and are counted anew by
 * each fold. Late events are added on arrival. Neither part changes the other.
 */
import { type ClientSession, type Connection, Schema } from 'mongoose';
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

export interface StoredDay {
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

// For the index alone: the server itself writes most of these documents.
const schema = new Schema<StoredDay>({ _id: String }, { collection: 'progress_days' });
schema.index({ userId: 1, metric: 1, day: 1 }, { name: 'player' });

interface State {
  _id: string;
  foldedBefore?: number;
  forgottenBefore?: number;
}

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
  const state = connection.collection<State>('progress_state');

  return {
    model,

    /** Adds late events, in the transaction that keeps them. */
    async addLate(events: readonly PlayerEvent[], session: ClientSession): Promise<void> {
      const days = Map.groupBy(events, ({ userId, metric, key = null, at }) =>
        idOf(userId, dayOf(at.getTime()), metric, key),
      );
      const writes = [...days].map(([_id, ofDay]) => ({
        updateOne: { filter: { _id }, update: additionsOf(ofDay), upsert: true },
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
      return (await state.findOne({ _id: 'fold' }))?.foldedBefore ?? null;
    },

    /** Records that all days before that one are folded. The number never gets smaller. */
    async setFoldedBefore(day: number): Promise<void> {
      await state.updateOne({ _id: 'fold' }, { $max: { foldedBefore: day } }, { upsert: true });
    },

    /** The day before which event IDs may have expired that a longer TTL would still keep. */
    async forgottenBefore(): Promise<number> {
      return (await state.findOne({ _id: 'expiry' }))?.forgottenBefore ?? 0;
    },

    /** Records that event IDs of days before that one may have expired. It only grows. */
    async setForgottenBefore(day: number): Promise<void> {
      const $max = { forgottenBefore: day };
      await state.updateOne({ _id: 'expiry' }, { $max }, { upsert: true });
    },

    /** A player's days, at most `most` of them. @param last the ID behind which to read on */
    async pageOf(userId: string, last: string | undefined, most: number): Promise<StoredDay[]> {
      // No user's ID contains a space, so these are all IDs that begin with this one.
      const own = { $gt: last ?? `${userId} `, $lt: `${userId}!` };
      return await collection.find({ _id: own }, { sort: { _id: 1 }, limit: most }).toArray();
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
      const options = { hint: 'player', batchSize: ALL_AT_ONCE };
      return (await collection.find({ $or }, options).toArray()).flatMap(quartersOf);
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

/** The update that adds late events of one player, metric, key and day to that day. */
function additionsOf(events: PlayerEvent[]): object {
  const { userId, metric, key = null, at: someTime } = events[0] as PlayerEvent;
  const $setOnInsert = { userId, metric, key, day: dayOf(someTime.getTime()) };
  const $inc: Record<string, number> = {};
  const $min: Record<string, Date> = {};
  const $max: Record<string, unknown> = {};
  for (const [number, ofQuarter] of Map.groupBy(events, ({ at }) => quarterOf(at.getTime()))) {
    const timesMs = ofQuarter.map(({ at }) => at.getTime());
    const states = ofQuarter.flatMap(({ at, sentAt = at, value }) =>
      value === undefined ? [] : [{ at, sentAt, value }],
    );
    $inc[`late.${number}.sum`] = ofQuarter.reduce((sum, { value = 1 }) => sum + value, 0);
    $min[`late.${number}.first`] = new Date(Math.min(...timesMs));
    $max[`late.${number}.last`] = new Date(Math.max(...timesMs));
    if (states.length === 0) continue;
    $max[`late.${number}.highest`] = Math.max(...states.map(({ value }) => value));
    // MongoDB compares documents field by field in the order they were built, as `laterOf` does.
    $max[`late.${number}.latest`] = states.reduce<Quarter['latest']>(laterOf, null);
  }
  return { $inc, $min, $max, $setOnInsert };
}

/** Sums up the day's events that are not late, and merges them into `progress_days`. */
function foldPipeline(day: number): object[] {
  const sinceStartMs = { $subtract: [{ $toLong: '$at' }, day * DAY_MS] };
  const number = { $toString: { $floor: { $divide: [sinceStartMs, QUARTER_MS] } } };
  const group = { userId: '$userId', metric: '$metric', key: { $ifNull: ['$key', null] } };
  const { userId, metric, key } = { userId: '$_id.userId', metric: '$_id.metric', key: '$_id.key' };
  const v = { first: '$first', last: '$last', sum: '$sum', highest: '$highest', latest: '$latest' };
  return [
    { $match: { day: new Date(day * DAY_MS), late: { $ne: true } } },
    { $group: { _id: { ...group, number }, ...TOGETHER } },
    { $group: { _id: { userId, metric, key }, folded: { $push: { k: '$_id.number', v } } } },
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
