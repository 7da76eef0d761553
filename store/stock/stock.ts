/**
 * Stock and its holds. A hold is one guarded write on one bucket: the decrement and the claim's
 * hold are written together or not at all. So a claim's path needs no lock and no transaction.
 */
import type { Connection } from 'mongoose';
import { StockBusy } from '../../domain/claims/stock-busy.ts';
import { batch } from '../mongodb/batching.ts';
import type { ServerClock } from '../mongodb/clock.ts';
import { isDuplicateKey } from '../mongodb/connection.ts';
import { bucketModel, HOLD_INDEX, HOLDS_PER_BUCKET, type StockBucket } from './stock-bucket.ts';
import { createStockLevels } from './stock-levels.ts';

export { HOLDS_PER_BUCKET, type StockBucket } from './stock-bucket.ts';
export type { RewardUnits, StockLevels } from './stock-levels.ts';

/** A hold that one line of one claim asks for. */
export interface HoldRequest {
  /** `{claimId}:{lineId}` */
  holdId: string;
  eventId: string;
  rewardId: string;
  /** Units to hold. */
  quantity: number;
  /** How many buckets the reward had at acceptance. It only says where to try first. */
  buckets: number;
}

/** A hold in some bucket. */
export type Hold = Pick<HoldRequest, 'holdId' | 'eventId' | 'quantity'>;

/** `HELD`: the units are set aside. `SOLD_OUT`: no bucket has enough units. */
export type Reservation = 'HELD' | 'SOLD_OUT';

/** One attempt to hold: in which buckets, and until when. */
interface HoldWrite {
  request: HoldRequest;
  where: object;
  deadline: Date;
}

/**
 * How long the write of a hold may take, in milliseconds of the server's clock. It is shorter than
 * the timeout of the activity that sends it. So a write that the network delays fails, and takes no
 * stock for a claim that was undone meanwhile.
 */
export const RESERVE_DEADLINE_MS = 5_000;

/** Holds written with one command: it takes the server some ten milliseconds. */
const HOLDS_AT_ONCE = 100;

/** Attempts over all buckets before a reservation gives up for now: there were units, then not. */
const ROUNDS = 8;

/** The filter repeats the partial index's own: without it MongoDB would read every bucket. */
const holding = (eventId: string, holds: string | { $in: string[] }) => ({
  eventId,
  $and: [{ holds }, { holds: { $type: 'string' } }],
});

/** The bucket that a hold tries first: evenly spread, and the same for every retry. */
function firstBucket(holdId: string, buckets: number): number {
  let hash = 0;
  for (let i = 0; i < holdId.length; i++) hash = (hash * 31 + holdId.charCodeAt(i)) >>> 0;
  return hash % Math.max(1, buckets);
}

/** The guarded write. It matches nothing where the bucket lacks units or room, or time is over. */
function guardedHold({ request, where, deadline }: HoldWrite) {
  const filter = {
    ...where,
    available: { $gte: request.quantity },
    holds: { $ne: request.holdId },
    [`holds.${HOLDS_PER_BUCKET - 1}`]: { $exists: false },
    $expr: { $lt: ['$$NOW', deadline] },
  };
  const update = { $inc: { available: -request.quantity }, $push: { holds: request.holdId } };
  return { filter: filter as object, update: update as object };
}

/** The write that removes a hold and adds its units to `to`; without the hold it does nothing. */
function closing({ eventId, holdId, quantity }: Hold, to: 'granted' | 'available') {
  return {
    filter: holding(eventId, holdId) as object,
    update: { $pull: { holds: holdId }, $inc: { [to]: quantity } } as object,
  };
}

export type StockStore = ReturnType<typeof createStockStore>;

/** @param clock the database server's clock, for the deadlines of holds */
export function createStockStore(connection: Connection, clock: ServerClock) {
  const model = bucketModel(connection);
  const { snapshot, ...levels } = createStockLevels(connection);

  async function hold(write: HoldWrite): Promise<boolean> {
    const { filter, update } = guardedHold(write);
    return (await model.collection.updateOne(filter, update)).matchedCount === 1;
  }

  /**
   * Writes many holds of one event with one command. Sent one by one, the writes of a crowd on one
   * bucket conflict at the server, and all but one start again. In one command they run one after
   * another. A hold that was closed before the read below counts as not held, like one whose answer
   * was lost: it may be taken again, and reconciliation frees it.
   */
  async function holdMany(writes: HoldWrite[]): Promise<boolean[]> {
    const [only] = writes;
    if (only && writes.length === 1) return [await hold(only)];
    const operations = writes.map((write) => ({ updateOne: guardedHold(write) }));
    const matched = await model.collection.bulkWrite(operations, { ordered: false }).then(
      ({ matchedCount }) => matchedCount,
      (error: unknown) => {
        if (isDuplicateKey(error, model.collection, HOLD_INDEX)) return 0;
        throw error;
      },
    );
    if (matched === writes.length) return writes.map(() => true);
    // The server only counts the writes that matched. A read tells which ones they were.
    const held = await heldAmong(writes.map(({ request }) => request));
    return writes.map(({ request }) => held.has(request.holdId));
  }
  const holdTogether = batch(holdMany, HOLDS_AT_ONCE, ({ request }) => request.eventId);

  /** Those of the holds that are in some bucket. @param of holds of one event */
  async function heldAmong(of: Pick<Hold, 'eventId' | 'holdId'>[]): Promise<Set<string>> {
    const holdIds = of.map(({ holdId }) => holdId);
    const where = holding(of[0]?.eventId ?? '', { $in: holdIds });
    const buckets = model.collection.find<StockBucket>(where, { projection: { holds: 1 } });
    return new Set((await buckets.toArray()).flatMap(({ holds }) => holds));
  }

  async function isHeld({ eventId, holdId }: HoldRequest): Promise<boolean> {
    const own = holding(eventId, holdId);
    return (await model.collection.findOne(own, { projection: { _id: 1 } })) !== null;
  }

  /** Tries the preferred bucket, then any. Null where free units could not be held. */
  async function tryBuckets(request: HoldRequest, deadline: Date): Promise<Reservation | null> {
    const { eventId, rewardId, holdId, quantity } = request;
    const bucketId = `${eventId}/${rewardId}/${firstBucket(holdId, request.buckets)}`;
    const preferred = { _id: bucketId, eventId };
    const anyBucket = { eventId, rewardId };
    if (await holdTogether({ request, where: preferred, deadline })) return 'HELD';
    for (let round = 0; round < ROUNDS; round++) {
      if (await hold({ request, where: anyBucket, deadline })) return 'HELD';
      const buckets = await snapshot(eventId, [rewardId], holdId);
      if (buckets.length === 0) throw new Error(`${eventId}/${rewardId} has no stock buckets`);
      // Another attempt for the same line may have taken the last units. The hold and the units are
      // read at one moment: a hold given up in between would look like a sold-out stock.
      if (buckets.some((b) => b.hasHold)) return 'HELD';
      if (buckets.every((b) => b.available < quantity)) return 'SOLD_OUT';
    }
    return null;
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
    ...levels,

    /**
     * Sets units aside for one line of one claim. Safe to repeat: a hold that exists in any bucket
     * is found and not taken twice. `SOLD_OUT` means that one snapshot saw all buckets without
     * enough units.
     * @param options.isLikely the hold probably exists, so it is looked for first
     * @param options.until the deadline by the server's clock; five seconds from now unless given
     * @throws StockBusy where units are free but could not be held; nothing is held then
     */
    async reserve(
      request: HoldRequest,
      { isLikely = false, until }: { isLikely?: boolean; until?: Date } = {},
    ): Promise<Reservation> {
      const deadline = until ?? new Date((await clock.nowMs()) + RESERVE_DEADLINE_MS);
      if (isLikely && (await isHeld(request))) return 'HELD';
      const reservation = await tryBuckets(request, deadline).catch((error: unknown) => {
        // The unique index says that another attempt for this line holds units in another bucket.
        if (isDuplicateKey(error, model.collection, HOLD_INDEX)) return 'HELD' as const;
        throw error;
      });
      if (reservation) return reservation;
      const { eventId, rewardId } = request;
      throw new StockBusy(`${eventId}/${rewardId} has units, but no bucket with room for a hold`);
    },

    /**
     * Turns held units into granted ones, together with others' in one command. Without the hold
     * nothing changes: it was settled before. Call it only for a claim whose fate is `GRANT`, or a
     * line that stays granted.
     */
    async settle(hold: Hold): Promise<void> {
      await settleTogether(hold);
    },

    /**
     * Makes held units available again. False where there is no such hold. Call it only for a claim
     * whose fate is `UNDO`, or one that is final.
     */
    async release(hold: Hold): Promise<boolean> {
      const { filter, update } = closing(hold, 'available');
      return (await model.collection.updateOne(filter, update)).matchedCount === 1;
    },

    /** All holds, bucket by bucket. They are few, as a hold lives as long as its open claim. */
    async *holds(): AsyncGenerator<Hold> {
      const cursor = model.collection.find(
        // The partial index begins with the event, so the filter names every event.
        { eventId: { $gte: '' }, holds: { $type: 'string' } },
        { projection: { holds: 1, quantity: 1, eventId: 1 } },
      );
      for await (const { eventId, holds, quantity } of cursor) {
        for (const holdId of holds) yield { eventId, holdId, quantity };
      }
    },
  };
}
