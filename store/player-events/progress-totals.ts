/** What is counted for a player: one total for each metric and key, over all time. */
import type { Connection } from 'mongoose';
import { DAY_MS } from '../../domain/conditions/player-event.ts';
import { DomainError } from '../../domain/errors.ts';
import { isAnswer, TIME_IS_UP } from '../mongodb/connection.ts';
import { laterOf, type Quarter, TOGETHER } from './progress-days.ts';

/** A metric, and a key or none. */
export interface MetricKey {
  metric: string;
  key: string | null;
}

export interface ProgressTotal extends MetricKey {
  /** The values added up; an event without a value counts 1. */
  sum: number;
  /** The highest and the latest value; null where no event had one. */
  highest: number | null;
  latest: number | null;
  /** The time of the last event. */
  lastAt: Date;
}

/** A total as one of the two collections has it. */
interface Part extends Pick<Quarter, 'sum' | 'last' | 'highest' | 'latest'> {
  _id: MetricKey;
}

/**
 * How long the database may add up for one page, in milliseconds: less than a call waits for its
 * answer (`DATABASE_TIMEOUT_MS`).
 */
const SUMMED_FOR_MS = 2_500;

/** When to try again, in seconds. */
const RETRY_AFTER_S = 10;

const OF_KEY = { metric: '$metric', key: { $ifNull: ['$key', null] } } as const;

/** The quarters of a day, of both of its parts. */
const quartersIn = (part: string) => ({ $objectToArray: { $ifNull: [part, {}] } });
const QUARTERS = { $concatArrays: [quartersIn('$folded'), quartersIn('$late')] };

/**
 * The totals, over `progress_days` and `activity_events`.
 * @param foldedBefore the day since the epoch before which the aggregates have everything; later
 *   days are read from the player events. Null where no day is folded
 */
export function createProgressTotals(
  connection: Connection,
  foldedBefore: () => Promise<number | null>,
) {
  async function sumUp(collection: string, stages: object[], hint: string): Promise<Part[]> {
    const options = { hint, maxTimeMS: SUMMED_FOR_MS };
    return await connection
      .collection(collection)
      .aggregate<Part>(stages, options)
      .toArray()
      .catch((cause: unknown) => {
        if (!isAnswer(cause, TIME_IS_UP)) throw cause;
        const detail = 'This player has too much progress to be added up in time.';
        throw new DomainError('unavailable', detail, { cause, retryAfterS: RETRY_AFTER_S });
      });
  }

  /**
   * A page of the player's totals, by metric and then by key; no key comes first.
   * @param from the last total of the page before
   * @returns up to `limit + 1` totals, so that the caller sees whether there are more
   * @throws DomainError `unavailable` where the database needs too long
   */
  return async (
    userId: string,
    from: MetricKey | undefined,
    limit: number,
  ): Promise<ProgressTotal[]> => {
    const horizon = (await foldedBefore()) ?? 0;
    const most = [{ $sort: { _id: 1 } }, { $limit: limit + 1 }];
    const days = [
      { $match: { userId, day: { $lt: horizon }, ...behind(from) } },
      { $project: { metric: 1, key: 1, quarter: QUARTERS } },
      { $unwind: '$quarter' },
      {
        $group: {
          _id: OF_KEY,
          sum: { $sum: '$quarter.v.sum' },
          last: { $max: '$quarter.v.last' },
          highest: { $max: '$quarter.v.highest' },
          // MongoDB compares documents field by field, as `laterOf` does.
          latest: { $max: '$quarter.v.latest' },
        },
      },
    ];
    const events = [
      { $match: { userId, day: { $gte: new Date(horizon * DAY_MS) }, ...behind(from) } },
      { $group: { _id: OF_KEY, ...TOGETHER } },
    ];
    const parts = await Promise.all([
      sumUp('progress_days', [...days, ...most], 'player'),
      sumUp('activity_events', [...events, ...most], 'player'),
    ]);
    const byKey = Map.groupBy(parts.flat(), ({ _id }) => JSON.stringify([_id.metric, _id.key]));
    return [...byKey.values()]
      .map(totalOf)
      .toSorted(byName)
      .slice(0, limit + 1);
  };
}

/** The filter for what comes after a total. */
function behind(from: MetricKey | undefined): object {
  if (!from) return {};
  const { metric, key } = from;
  // Null comes before every string.
  const later = key === null ? { $type: 'string' } : { $gt: key };
  return { metric: { $gte: metric }, $or: [{ metric: { $gt: metric } }, { key: later }] };
}

function totalOf(parts: Part[]): ProgressTotal {
  const { metric, key } = (parts[0] as Part)._id;
  const highest = parts.map((part) => part.highest).filter((value) => value !== null);
  const latest = parts.map((part) => part.latest).reduce(laterOf, null);
  return {
    metric,
    key,
    sum: parts.reduce((sum, part) => sum + part.sum, 0),
    highest: highest.length > 0 ? Math.max(...highest) : null,
    latest: latest?.value ?? null,
    lastAt: new Date(Math.max(...parts.map(({ last }) => last.getTime()))),
  };
}

/** As MongoDB sorts: by the bytes of the texts, and null first. */
function byName(a: MetricKey, b: MetricKey): number {
  const bytes = (text: string | null) => Buffer.from(text ?? '');
  return (
    Buffer.compare(bytes(a.metric), bytes(b.metric)) || Buffer.compare(bytes(a.key), bytes(b.key))
  );
}
