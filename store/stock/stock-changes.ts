/**
 * Creates and changes the buckets of a stock, for operators. It runs in a transaction and is not on
 * a claim's path. Reservations go on meanwhile. Where one of them writes the same bucket, MongoDB
 * keeps the reservation and runs the transaction again.
 */
import type { ClientSession, Connection } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';
import type { Reward } from '../../domain/events/event.ts';
import { HOLDS_PER_BUCKET, type StockBucket } from './stock-bucket.ts';
import type { StockLevels } from './stock-levels.ts';

/** A reward with a stock. */
type StockedReward = Reward & { stock: number };

/** Claims that one bucket should serve: half of its room for holds, as crowds spread unevenly. */
const PORTIONS_PER_BUCKET = 200;

/** Buckets for speed. More are no faster, and slow down every read of the whole stock. */
const FAST_BUCKETS = 16;

/**
 * Buckets for many holds. While a provider is down for long, claims are parked with their holds,
 * and a reward must not run out of room for holds while it has stock. 128 buckets have room for
 * some 50,000 parked claims.
 */
const MAX_BUCKETS = 128;

/**
 * How many buckets a stock is spread over: one for each 200 claims that it can serve, up to 16.
 * Past that, as many as are needed to hold every unit at once, up to 128.
 * @param stock units in all
 * @param quantity units that one claim takes
 */
export function bucketsFor(stock: number, quantity: number): number {
  const portions = portionsOf(stock, quantity);
  const fast = Math.min(Math.ceil(portions / PORTIONS_PER_BUCKET), FAST_BUCKETS);
  const roomy = Math.min(Math.ceil(portions / HOLDS_PER_BUCKET), MAX_BUCKETS);
  return Math.max(1, fast, roomy);
}

/** How many claims so many units can serve. */
function portionsOf(units: number, quantity: number): number {
  return Math.floor(units / quantity);
}

/**
 * The units of each of `count` buckets: whole claims, spread as evenly as possible. Bucket 0 also
 * has the rest that is too small for a claim.
 */
function deal(units: number, quantity: number, count: number): number[] {
  const portions = portionsOf(units, quantity);
  const each = Math.floor(portions / count);
  const over = portions % count;
  const shares = Array.from({ length: count }, (_, n) => (each + (n < over ? 1 : 0)) * quantity);
  shares[0] = (shares[0] ?? 0) + (units % quantity);
  return shares;
}

function newBucket(eventId: string, reward: Reward, n: number, units: number): StockBucket {
  const { rewardId, quantity } = reward;
  const _id = `${eventId}/${rewardId}/${n}`;
  const levels = { quantity, stock: units, available: units, granted: 0, holds: [] };
  return { _id, eventId, rewardId, n, ...levels };
}

/** The changes of stock, over the collection `stock_buckets`. */
export function createStockChanges(connection: Connection) {
  const collection = connection.collection<StockBucket>('stock_buckets');

  return {
    /** Creates the buckets of a reward that has none. Returns how many. */
    async createBuckets(
      session: ClientSession,
      eventId: string,
      reward: StockedReward,
    ): Promise<number> {
      const count = bucketsFor(reward.stock, reward.quantity);
      const shares = deal(reward.stock, reward.quantity, count);
      const buckets = shares.map((units, n) => newBucket(eventId, reward, n, units));
      await collection.insertMany(buckets, { session });
      return count;
    },

    /** Removes every bucket of an event that never had a claim. */
    async removeBuckets(session: ClientSession, eventId: string): Promise<void> {
      await collection.deleteMany({ eventId }, { session });
    },

    /**
     * Locks buckets until the transaction ends. As the transaction's first step, it makes the time
     * short in which a reservation can restart the transaction.
     */
    async lockBuckets(session: ClientSession, eventId: string, rewardIds: string[]) {
      // A real change: MongoDB drops a write without a difference, and would lock nothing.
      const locked = { $inc: { timesLocked: 1 } };
      await collection.updateMany({ eventId, rewardId: { $in: rewardIds } }, locked, { session });
    },

    /** The levels of a reward as the transaction sees them. */
    async levelsIn(
      session: ClientSession,
      eventId: string,
      rewardId: string,
    ): Promise<StockLevels> {
      const buckets = await collection
        .find<Omit<StockBucket, 'holds'>>(
          { eventId, rewardId },
          { session, projection: { holds: 0 } },
        )
        .toArray();
      const sum = (unitsOf: (bucket: Omit<StockBucket, 'holds'>) => number) =>
        buckets.reduce((units, bucket) => units + unitsOf(bucket), 0);
      const [stock, available, granted] = [
        sum((b) => b.stock),
        sum((b) => b.available),
        sum((b) => b.granted),
      ];
      return { rewardId, stock, available, held: stock - available - granted, granted };
    },

    /**
     * Sets how many units a reward has in all, and spreads the available ones anew. Adds buckets
     * where the stock has outgrown them. Returns how many buckets there are.
     * @throws DomainError `conflict` where the stock would be below what is held and granted; it
     *   names that number
     */
    async changeStock(
      session: ClientSession,
      eventId: string,
      reward: StockedReward,
    ): Promise<number> {
      const { rewardId, quantity, stock } = reward;
      const options = { session, projection: { holds: 0 }, sort: { n: 1 } } as const;
      const buckets = await collection
        .find<Omit<StockBucket, 'holds'>>({ eventId, rewardId }, options)
        .toArray();
      const taken = buckets.reduce((units, b) => units + b.stock - b.available, 0);
      if (stock < taken) {
        const detail = `The stock of ${rewardId} cannot be lower than ${taken}: the units held and granted.`;
        throw new DomainError('conflict', detail);
      }
      const count = Math.max(buckets.length, bucketsFor(stock, quantity));
      const shares = deal(stock - taken, quantity, count);
      await collection.bulkWrite(
        shares.map((units, n) => {
          const bucket = buckets[n];
          if (!bucket) return { insertOne: { document: newBucket(eventId, reward, n, units) } };
          const set = { available: units, stock: bucket.stock - bucket.available + units };
          return { updateOne: { filter: { _id: bucket._id }, update: { $set: set } } };
        }),
        { session },
      );
      return count;
    },
  };
}
