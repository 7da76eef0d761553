/**
 * How many calls a provider gets, over all processes: one document each, and a turn is one guarded
 * write. Who crashes with a turn loses it when its time is up.
 */
import type { Connection } from 'mongoose';
import { Schema } from 'mongoose';
import type { ProviderLimit, SlotRequest } from '../domain/provider-limit.ts';
import { isDuplicateKey } from './mongodb/connection.ts';

interface ProviderSlots {
  /** The provider's name. */
  _id: string;
  /** When the last turn was taken and when its call may begin, by the server's clock. */
  takenAtMs: number;
  startAtMs: number;
  /** From when on the next call may begin: all three with fractions of a millisecond. */
  nextAtMs: number;
  /** Calls under way, each until it has ended for sure. */
  slots: { id: string; untilMs: number }[];
}

const schema = new Schema<ProviderSlots>(
  {
    _id: { type: String, required: true },
    takenAtMs: { type: Number, required: true },
    startAtMs: { type: Number, required: true },
    nextAtMs: { type: Number, required: true },
    slots: { type: [Object], required: true },
  },
  { collection: 'provider_turns', versionKey: false, strict: 'throw' },
);

const FRESH = { takenAtMs: 0, startAtMs: 0, nextAtMs: 0, slots: [] };

/** Milliseconds between the starts of two calls. */
const spacingMs = ({ callsPerS }: ProviderLimit): number => (callsPerS ? 1_000 / callsPerS : 0);

const NOW_MS = { $toDouble: '$$NOW' };

/** The turns that are not over. */
const RUNNING = {
  $filter: { input: '$slots', as: 'slot', cond: { $gt: ['$$slot.untilMs', NOW_MS] } },
};

export type ProviderLimitStore = ReturnType<typeof createProviderLimitStore>;

export function createProviderLimitStore(connection: Connection) {
  const model = connection.model<ProviderSlots>('ProviderSlots', schema);
  const known = new Set<string>();

  /** The one document of the provider, so that a guard that does not hold writes nothing. */
  async function ensure(provider: string): Promise<void> {
    if (known.has(provider)) return;
    await model.collection
      .updateOne({ _id: provider } as object, { $setOnInsert: FRESH }, { upsert: true })
      // Of two who insert it at once, one comes second.
      .catch((error: unknown) => {
        if (!isDuplicateKey(error, model.collection)) throw error;
      });
    known.add(provider);
  }

  return {
    model,

    /**
     * Takes a turn where there is one: how long to wait until the call may begin, in milliseconds;
     * null where as many calls as may be are under way, or booked.
     */
    async take(request: SlotRequest): Promise<number | null> {
      const { provider, slotId, limit, leaseMs, aheadMs } = request;
      await ensure(provider);
      const taken = (await model.collection.findOneAndUpdate(
        {
          _id: provider,
          $expr: {
            $and: [
              { $lt: [{ $size: RUNNING }, limit.callsAtOnce ?? Number.MAX_SAFE_INTEGER] },
              { $lte: ['$nextAtMs', { $add: [NOW_MS, aheadMs] }] },
            ],
          },
        } as object,
        [
          { $set: { takenAtMs: NOW_MS, startAtMs: { $max: ['$nextAtMs', NOW_MS] } } },
          {
            $set: {
              nextAtMs: { $add: ['$startAtMs', spacingMs(limit)] },
              slots: {
                $concatArrays: [
                  RUNNING,
                  [{ id: slotId, untilMs: { $add: ['$startAtMs', leaseMs] } }],
                ],
              },
            },
          },
        ],
        { returnDocument: 'after' },
      )) as unknown as ProviderSlots | null;
      return taken && taken.startAtMs - taken.takenAtMs;
    },

    /** Ends a turn before its time is up. */
    async giveBack(provider: string, slotId: string): Promise<void> {
      await model.collection.updateOne(
        { _id: provider } as object,
        { $pull: { slots: { id: slotId } } } as object,
      );
    },
  };
}
