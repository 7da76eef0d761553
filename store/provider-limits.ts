/**
 * The slots of each provider, over all processes: one document for each provider, and one guarded
 * write for each slot. A process that crashes with a slot loses it when the slot's lease ends.
 */
import type { Connection } from 'mongoose';
import type { ProviderLimit, SlotRequest } from '../domain/provider-limit.ts';
import { isDuplicateKey } from './mongodb/connection.ts';

interface ProviderSlots {
  /** The provider's name. */
  _id: string;
  /** When the last slot was taken and when its call may begin, by the server's clock. */
  takenAtMs: number;
  startAtMs: number;
  /** When the next call may begin. All three times are in milliseconds with fractions. */
  nextAtMs: number;
  /** The slots that are taken, each until its call has ended for certain. */
  slots: { id: string; untilMs: number }[];
}

const FRESH = { takenAtMs: 0, startAtMs: 0, nextAtMs: 0, slots: [] };

/** The time between the starts of two calls, in milliseconds. */
const spacingMs = ({ callsPerS }: ProviderLimit): number => (callsPerS ? 1_000 / callsPerS : 0);

const NOW_MS = { $toDouble: '$$NOW' };

/** The slots whose lease has not ended. */
const RUNNING = {
  $filter: { input: '$slots', as: 'slot', cond: { $gt: ['$$slot.untilMs', NOW_MS] } },
};

export type ProviderLimitStore = ReturnType<typeof createProviderLimitStore>;

/** The slots, kept in the collection `provider_slots`. */
export function createProviderLimitStore(connection: Connection) {
  const collection = connection.collection<ProviderSlots>('provider_slots');
  const known = new Set<string>();

  /** Makes the provider's document once, so that the write below never inserts one. */
  async function ensure(provider: string): Promise<void> {
    if (known.has(provider)) return;
    await collection
      .updateOne({ _id: provider }, { $setOnInsert: FRESH }, { upsert: true })
      // Another process inserted it at the same time.
      .catch((error: unknown) => {
        if (!isDuplicateKey(error, collection)) throw error;
      });
    known.add(provider);
  }

  return {
    collection,

    /**
     * Takes a slot if there is one. Returns how long to wait until the call may begin, in
     * milliseconds; null where all slots are taken, or the next start is too far ahead.
     */
    async take(request: SlotRequest): Promise<number | null> {
      const { provider, slotId, limit, leaseMs, aheadMs } = request;
      const untilMs = { $add: ['$startAtMs', leaseMs] };
      await ensure(provider);
      const taken = await collection.findOneAndUpdate(
        {
          _id: provider,
          $expr: {
            $and: [
              { $lt: [{ $size: RUNNING }, limit.callsAtOnce ?? Number.MAX_SAFE_INTEGER] },
              { $lte: ['$nextAtMs', { $add: [NOW_MS, aheadMs] }] },
            ],
          },
        },
        [
          { $set: { takenAtMs: NOW_MS, startAtMs: { $max: ['$nextAtMs', NOW_MS] } } },
          {
            $set: {
              nextAtMs: { $add: ['$startAtMs', spacingMs(limit)] },
              slots: { $concatArrays: [RUNNING, [{ id: slotId, untilMs }]] },
            },
          },
        ],
        { returnDocument: 'after' },
      );
      return taken && taken.startAtMs - taken.takenAtMs;
    },

    /** Gives a slot back before its lease ends. */
    async giveBack(provider: string, slotId: string): Promise<void> {
      await collection.updateOne({ _id: provider }, { $pull: { slots: { id: slotId } } });
    },
  };
}
