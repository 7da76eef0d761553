/**
 * Stock, spread over buckets. A hold is one guarded write on one bucket: the decrement and the
 * claim's hold stand or fall together, so no lock and no transaction is on a claim's way.
 * In every bucket, at every moment: `stock = available + quantity · holds + granted`.
 */
import type { Connection } from 'mongoose';
import { Schema } from 'mongoose';
import { StockBusy } from '../../domain/claims/stock-busy.ts';
import { batch } from '../mongodb/batching.ts';
import type { ServerClock } from '../mongodb/clock.ts';
import { isDuplicateKey } from '../mongodb/connection.ts';

export interface StockBucket {
  /** `{eventId}/{rewardId}/{n}` */
  _id: string;
  eventId: string;
  rewardId: string;
  n: number;
  /** Units one claim takes. */
  quantity: number;
  stock: number;
  available: number;
  granted: number;
  /** IDs of the holds that lie here, `{claimId}:{lineId}`. */
  holds: string[];
  /** Counts the changes of the stock: each begins by locking the bucket with a write that is one. */
  timesLocked?: number;
}

export interface HoldRequest {
  holdId: string;
  eventId: string;
  rewardId: string;
  /** Units to hold. */
  quantity: number;
  /** How many buckets the reward had when the claim was accepted; only a hint where to try first. */
  buckets: number;
}

/** A hold that lies somewhere. */
export type Hold = Pick<HoldRequest, 'holdId' | 'eventId' | 'quantity'>;

/** One attempt at a hold: in which buckets, and until when. */
interface HoldWrite {
  request: HoldRequest;
  where: object;
  deadline: Date;
}

export interface Books {
  rewardId: string;
  stock: number;
  available: number;
  held: number;
  granted: number;
}

/** What one claim takes of a reward. */
export interface RewardUnits {
  rewardId: string;
  quantity: number;
}

interface EventBooks extends Books {
  eventId: string;
}

/**
 * Holds one bucket may carry. Each write re-indexes the array, so a bucket of thousands falls to
 * some fifty writes a second, while one of a few hundred costs a tenth more than an empty one.
 */
export const HOLDS_PER_BUCKET = 400;

/**
 * How long a reservation's write may be under way, in milliseconds of the server's clock. Shorter
 * than the activity that sends it, so that a write delayed on the network dies instead of taking
 * stock for a claim that has been undone meanwhile.
 */
export const RESERVE_DEADLINE_MS = 5_000;

/** Holds of one command: it takes the server some ten milliseconds. */
const HOLDS_AT_ONCE = 100;

/** Rounds over the buckets before a reservation gives up for now: units were there, then gone. */
const ROUNDS = 8;

/** Rewards whose books one answer shows. */
const MAX_BOOKS = 1_000;

/** The units a claim could hold, or the claims it waits behind: what a reservation comes to. */
type Reservation = 'HELD' | 'SOLD_OUT';

const schema = new Schema<StockBucket>(
  {
    _id: { type: String, required: true },
    eventId: { type: String, required: true },
    rewardId: { type: String, required: true },
    n: { type: Number, required: true },
    quantity: { type: Number, required: true },
    stock: { type: Number, required: true },
    available: { type: Number, required: true },
    granted: { type: Number, required: true },
    holds: { type: [String], required: true },
    timesLocked: Number,
  },
  { collection: 'stock_buckets', versionKey: false, strict: 'throw' },
);
schema.index({ eventId: 1, rewardId: 1 }, { name: 'reward' });
// One hold lies in one bucket only. Partial, as the empty arrays of two buckets would collide.
schema.index(
  { eventId: 1, holds: 1 },
  { name: 'hold', unique: true, partialFilterExpression: { holds: { $type: 'string' } } },
);

/** The partial index serves only a query that repeats its filter; without it every bucket is read. */
const lies = (eventId: string, holds: string | { $in: string[] }) => ({
  eventId,
  $and: [{ holds }, { holds: { $type: 'string' } }],
});

/** Which bucket a hold tries first: spread evenly, and the same for every retry. */
function firstBucket(holdId: string, buckets: number): number {
  let hash = 0;
  for (let i = 0; i < holdId.length; i++) hash = (hash * 31 + holdId.charCodeAt(i)) >>> 0;
  return hash % Math.max(1, buckets);
}

export type StockStore = ReturnType<typeof createStockStore>;

export function createStockStore(connection: Connection, clock: ServerClock) {
  const model = connection.model<StockBucket>('StockBucket', schema);

  /** Matches nothing where the bucket lacks units or room, or the deadline passed. */
  function guardedHold({ request, where, deadline }: HoldWrite) {
    const filter = {
      ...where,
      available: { $gte: request.quantity },
      holds: { $ne: request.holdId },
      [`holds.${HOLDS_PER_BUCKET - 1}`]: { $exists: false },
      $expr: { $lt: ['$$NOW', deadline] },
    };
    const update = {
      $inc: { available: -request.quantity },
      $push: { holds: request.holdId },
    };
    return { filter: filter as object, update: update as object };
  }

  /** One guarded write. */
  async function hold(write: HoldWrite): Promise<boolean> {
    const { filter, update } = guardedHold(write);
    return (await model.collection.updateOne(filter, update)).matchedCount === 1;
  }

  /**
   * Many guarded writes of one event in one command. A crowd's writes on one bucket, sent one by one,
   * meet at the server, and all but one of them begin anew; like this each comes after the other.
   * A hold of theirs that was closed before it was looked for is not found, like one whose answer was
   * lost: it may be taken again, and reconciliation gives it back.
   */
  async function holdMany(writes: HoldWrite[]): Promise<boolean[]> {
    const [only] = writes;
    if (only && writes.length === 1) return [await hold(only)];
    const operations = writes.map((write) => ({ updateOne: guardedHold(write) }));
    const matched = await model.collection.bulkWrite(operations, { ordered: false }).then(
      ({ matchedCount }) => matchedCount,
      (error: unknown) => {
        if (isDuplicateKey(error, model.collection, 'hold')) return 0;
        throw error;
      },
    );
    if (matched === writes.length) return writes.map(() => true);
    // The server only counts them: whose was among them is to be seen by what lies there.
    const held = await heldAmong(writes.map(({ request }) => request));
    return writes.map(({ request }) => held.has(request.holdId));
  }
  const holdTogether = batch(holdMany, HOLDS_AT_ONCE, ({ request }) => request.eventId);

  /** @param of holds of one event */
  async function heldAmong(of: Pick<Hold, 'eventId' | 'holdId'>[]): Promise<Set<string>> {
    const holdIds = of.map(({ holdId }) => holdId);
    const buckets = await model.collection
      .find(lies(of[0]?.eventId ?? '', { $in: holdIds }))
      .project<Pick<StockBucket, 'holds'>>({ holds: 1 })
      .toArray();
    return new Set(buckets.flatMap(({ holds }) => holds));
  }

  /** What is available in every bucket of the rewards, and whether the hold lies there, at one moment. */
  async function snapshot(eventId: string, rewardIds: string[], holdId = '') {
    return await connection
      .getClient()
      .withSession({ snapshot: true }, (session) =>
        model.collection
          .aggregate<Pick<StockBucket, 'rewardId' | 'available'> & { hasHold: boolean }>(
            [
              { $match: { eventId, rewardId: { $in: rewardIds } } },
              { $project: { rewardId: 1, available: 1, hasHold: { $in: [holdId, '$holds'] } } },
            ],
            { session },
          )
          .toArray(),
      );
  }

  async function booksOf(where: object, limit = MAX_BOOKS): Promise<EventBooks[]> {
    const units = { $multiply: ['$quantity', { $size: '$holds' }] };
    return await connection.getClient().withSession({ snapshot: true }, (session) =>
      model.collection
        .aggregate<EventBooks>(
          [
            { $match: where },
            {
              $group: {
                _id: { eventId: '$eventId', rewardId: '$rewardId' },
                stock: { $sum: '$stock' },
                available: { $sum: '$available' },
                held: { $sum: units },
                granted: { $sum: '$granted' },
              },
            },
            { $sort: { _id: -1 } },
            { $limit: limit },
            { $replaceWith: { $mergeObjects: ['$_id', '$$ROOT'] } },
            { $unset: '_id' },
          ],
          { session },
        )
        .toArray(),
    );
  }

  async function isHeld({ eventId, holdId }: HoldRequest): Promise<boolean> {
    const own = lies(eventId, holdId);
    return (await model.collection.findOne(own, { projection: { _id: 1 } })) !== null;
  }

  /** Takes the hold off its bucket and books its units as `to`. Changes nothing where none lies. */
  function closing({ eventId, holdId, quantity }: Hold, to: 'granted' | 'available') {
    return {
      filter: lies(eventId, holdId) as object,
      update: { $pull: { holds: holdId }, $inc: { [to]: quantity } } as object,
    };
  }

  const settleTogether = batch<Hold, void>(
    async (holds) => {
      const operations = holds.map((hold) => ({ updateOne: closing(hold, 'granted') }));
      await model.collection.bulkWrite(operations, { ordered: false });
      return holds.map(() => undefined);
    },
    HOLDS_AT_ONCE,
    ({ eventId }) => eventId,
  );

  return {
    model,

    /**
     * Sets units aside for one line of one claim. Safe to repeat: a hold that already lies in any
     * bucket is found, not taken twice. `SOLD_OUT` is said only after one snapshot saw every
     * bucket without enough units. `isLikely`: its hold probably lies there, so that is looked for
     * first; else a repetition is found out by the guards of its writes.
     * `until`: by the server's clock, nothing is held after that moment; else after five seconds.
     * @throws StockBusy where units are free but could not be had; nothing is held then.
     */
    async reserve(
      request: HoldRequest,
      { isLikely = false, until }: { isLikely?: boolean; until?: Date } = {},
    ): Promise<Reservation> {
      const deadline = until ?? new Date((await clock.nowMs()) + RESERVE_DEADLINE_MS);
      if (isLikely && (await isHeld(request))) return 'HELD';
      const { eventId, rewardId, holdId } = request;
      const bucketId = `${eventId}/${rewardId}/${firstBucket(holdId, request.buckets)}`;
      const preferred = { _id: bucketId, eventId };
      const anyBucket = { eventId, rewardId };
      try {
        if (await holdTogether({ request, where: preferred, deadline })) return 'HELD';
        for (let round = 0; round < ROUNDS; round++) {
          if (await hold({ request, where: anyBucket, deadline })) return 'HELD';
          const buckets = await snapshot(eventId, [rewardId], holdId);
          if (buckets.length === 0) throw new Error(`${eventId}/${rewardId} has no stock buckets`);
          // What this attempt found gone, another one of the same line may have taken meanwhile. Seen
          // at one moment with the units, or a hold given up in between would pass for sold out.
          if (buckets.some((b) => b.hasHold)) return 'HELD';
          if (buckets.every((b) => b.available < request.quantity)) return 'SOLD_OUT';
        }
      } catch (error) {
        // The index says that another attempt of this same line has just taken it elsewhere.
        if (isDuplicateKey(error, model.collection, 'hold')) return 'HELD';
        throw error;
      }
      throw new StockBusy(`${eventId}/${rewardId} has units, but no bucket with room for a hold`);
    },

    /**
     * Turns a hold into units granted, with those of others in one command. Call it only for a claim
     * whose fate is `GRANT`, or a line that stays granted: where no such hold lies, it was settled.
     */
    async settle(hold: Hold): Promise<void> {
      await settleTogether(hold);
    },

    /**
     * Gives a hold's units back; false where none lies. Call it only for a claim whose fate is
     * `UNDO`, or one that is final.
     */
    async release(hold: Hold): Promise<boolean> {
      const { filter, update } = closing(hold, 'available');
      return (await model.collection.updateOne(filter, update)).matchedCount === 1;
    },

    /** Those of the given rewards that lack the units for one more claim, seen at one moment. */
    async soldOut<R extends RewardUnits>(eventId: string, rewards: readonly R[]): Promise<R[]> {
      const rewardIds = rewards.map(({ rewardId }) => rewardId);
      const buckets = await snapshot(eventId, rewardIds);
      return rewards.filter(
        ({ rewardId, quantity }) =>
          !buckets.some((b) => b.rewardId === rewardId && b.available >= quantity),
      );
    },

    /** What each limited reward's buckets add up to, at one moment. */
    async books(eventId: string): Promise<Books[]> {
      const books = await booksOf({ eventId });
      return books.map(({ eventId: _, ...sums }) => sums);
    },

    /** The same of several events, a thousand rewards at most. */
    async booksOfEvents(eventIds: string[]): Promise<EventBooks[]> {
      return await booksOf({ eventId: { $in: eventIds } });
    },

    /** Buckets whose own books do not add up: there must never be one. */
    async unbalanced(limit = 100) {
      return await model.collection
        .find({
          $expr: {
            $ne: [
              '$stock',
              {
                $add: ['$available', '$granted', { $multiply: ['$quantity', { $size: '$holds' }] }],
              },
            ],
          },
        })
        .limit(limit)
        .toArray();
    },

    /** Every hold that lies anywhere, bucket by bucket: few, as holds live as long as open claims. */
    async *holds(): AsyncGenerator<Hold> {
      const cursor = model.collection.find(
        // The partial index begins with the event, so every event is named.
        { eventId: { $gte: '' }, holds: { $type: 'string' } },
        { projection: { holds: 1, quantity: 1, eventId: 1 } },
      );
      for await (const { eventId, holds, quantity } of cursor) {
        for (const holdId of holds) yield { eventId, holdId, quantity };
      }
    },
  };
}
