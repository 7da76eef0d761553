/**
 * The buckets that hold stock. In every bucket, at every moment:
 * `stock = available + quantity · holds + granted`.
 */
import type { Connection } from 'mongoose';
import { Schema } from 'mongoose';

export interface StockBucket {
  /** `{eventId}/{rewardId}/{n}` */
  _id: string;
  eventId: string;
  rewardId: string;
  /** The bucket's number in its reward, from 0 on. */
  n: number;
  /** Units that one claim takes. */
  quantity: number;
  /** Units in all. */
  stock: number;
  /** Units that are neither held nor granted. */
  available: number;
  /** Units that were granted. */
  granted: number;
  /** IDs of the holds in this bucket, `{claimId}:{lineId}`. */
  holds: string[];
  /** Counts changes of the stock. Each begins with a write here, which locks the bucket. */
  timesLocked?: number;
}

/**
 * Holds that one bucket may have. Each write indexes the whole array again: a bucket with thousands
 * of holds falls to some fifty writes a second, one with a few hundred costs a tenth more than an
 * empty one.
 */
export const HOLDS_PER_BUCKET = 400;

/** The unique index on holds. */
export const HOLD_INDEX = 'hold';

// Without the fields: every write goes through the driver, which checks none.
const schema = new Schema<StockBucket>(
  { _id: String },
  { collection: 'stock_buckets', versionKey: false, strict: false },
);
schema.index({ eventId: 1, rewardId: 1 }, { name: 'reward' });
// A hold is in one bucket only. The index is partial, as two empty arrays would collide in it.
schema.index(
  { eventId: 1, holds: 1 },
  { name: HOLD_INDEX, unique: true, partialFilterExpression: { holds: { $type: 'string' } } },
);

/** The collection with its indexes. */
export const bucketModel = (connection: Connection) =>
  connection.model<StockBucket>('StockBucket', schema);
