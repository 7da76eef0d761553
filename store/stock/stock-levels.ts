/** What the buckets of a stock add up to. */
import type { Connection, mongo } from 'mongoose';
import { bucketModel, type StockBucket } from './stock-bucket.ts';

/** The units of one reward: `stock` is what the other three add up to. */
export interface StockLevels {
  rewardId: string;
  stock: number;
  available: number;
  held: number;
  granted: number;
}

interface EventStockLevels extends StockLevels {
  eventId: string;
}

/** A reward, and how many of its units one claim takes. */
export interface RewardUnits {
  rewardId: string;
  quantity: number;
}

/** The bucket's available units, and whether the hold asked about is in it. */
type BucketSnapshot = Pick<StockBucket, 'rewardId' | 'available'> & { hasHold: boolean };

/** Rewards in one answer: with their buckets some ten thousand documents at most. */
const MOST_REWARDS = 1_000;

/** Buckets in a report of those that do not add up: enough for a person to look at. */
const MOST_UNBALANCED = 100;

/** A bucket's held units, as an expression. */
const UNITS_HELD = { $multiply: ['$quantity', { $size: '$holds' }] };

/** The reads of stock, over the collection `stock_buckets`. */
export function createStockLevels(connection: Connection) {
  const { collection } = bucketModel(connection);

  /** What the pipeline makes of the buckets, all seen at one moment. */
  async function atOneMoment<T extends mongo.Document>(pipeline: object[]): Promise<T[]> {
    const client = connection.getClient();
    return await client.withSession({ snapshot: true }, (session) =>
      collection.aggregate<T>(pipeline, { session }).toArray(),
    );
  }

  /** All buckets of the rewards at one moment. @param holdId the hold asked about, if any */
  async function snapshot(
    eventId: string,
    rewardIds: string[],
    holdId = '',
  ): Promise<BucketSnapshot[]> {
    return await atOneMoment<BucketSnapshot>([
      { $match: { eventId, rewardId: { $in: rewardIds } } },
      { $project: { rewardId: 1, available: 1, hasHold: { $in: [holdId, '$holds'] } } },
    ]);
  }

  async function levelsWhere(where: object): Promise<EventStockLevels[]> {
    return await atOneMoment<EventStockLevels>([
      { $match: where },
      {
        $group: {
          _id: { eventId: '$eventId', rewardId: '$rewardId' },
          stock: { $sum: '$stock' },
          available: { $sum: '$available' },
          held: { $sum: UNITS_HELD },
          granted: { $sum: '$granted' },
        },
      },
      { $sort: { _id: -1 } },
      { $limit: MOST_REWARDS },
      { $replaceWith: { $mergeObjects: ['$_id', '$$ROOT'] } },
      { $unset: '_id' },
    ]);
  }

  return {
    snapshot,

    /** The given rewards without enough units for one more claim, all seen at one moment. */
    async soldOut<R extends RewardUnits>(eventId: string, rewards: readonly R[]): Promise<R[]> {
      const rewardIds = rewards.map(({ rewardId }) => rewardId);
      const buckets = await snapshot(eventId, rewardIds);
      return rewards.filter(
        ({ rewardId, quantity }) =>
          !buckets.some((b) => b.rewardId === rewardId && b.available >= quantity),
      );
    },

    /** The levels of each limited reward of the event, at one moment. */
    async levels(eventId: string): Promise<StockLevels[]> {
      const levels = await levelsWhere({ eventId });
      return levels.map(({ eventId: _, ...sums }) => sums);
    },

    /** The same of several events, a thousand rewards at most. */
    async levelsOfEvents(eventIds: string[]): Promise<EventStockLevels[]> {
      return await levelsWhere({ eventId: { $in: eventIds } });
    },

    /** Buckets that do not add up. There must never be one. @param limit how many at most */
    async unbalanced(limit = MOST_UNBALANCED): Promise<StockBucket[]> {
      return await collection
        .find<StockBucket>({
          $expr: { $ne: ['$stock', { $add: ['$available', '$granted', UNITS_HELD] }] },
        })
        .limit(limit)
        .toArray();
    },
  };
}
