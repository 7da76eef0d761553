/** The right to one claim of an event in a period: a document that one claim inserts and only it deletes. */
import type { Connection } from 'mongoose';
import { Schema } from 'mongoose';
import { batchReads } from './batches.ts';
import { isDuplicateKey } from './connection.ts';

export interface Entitlement {
  /** `{eventId}/{userId}/{periodKey}/{slot}` */
  _id: string;
  claimId: string;
  eventId: string;
  takenAt: Date;
}

export interface EntitlementRequest {
  claimId: string;
  eventId: string;
  userId: string;
  periodKey: string;
  /** Slots a player has in one period. */
  claimsPerPeriod: number;
}

const schema = new Schema<Entitlement>(
  {
    _id: { type: String, required: true },
    claimId: { type: String, required: true },
    eventId: { type: String, required: true },
    takenAt: { type: Date, required: true },
  },
  { collection: 'entitlements', versionKey: false, strict: 'throw' },
);
schema.index({ claimId: 1 }, { name: 'claim', unique: true });
schema.index({ takenAt: 1 }, { name: 'taken' });

type Period = Omit<EntitlementRequest, 'claimId'>;

const slots = ({ eventId, userId, periodKey, claimsPerPeriod }: Period): string[] =>
  Array.from({ length: claimsPerPeriod }, (_, n) => `${eventId}/${userId}/${periodKey}/${n}`);

export type EntitlementStore = ReturnType<typeof createEntitlementStore>;

export function createEntitlementStore(connection: Connection) {
  const model = connection.model<Entitlement>('Entitlement', schema);

  const slotById = batchReads((ids) =>
    model.find({ _id: { $in: ids } }, { _id: 1 }).lean<Pick<Entitlement, '_id'>[]>(),
  );

  /** Inserts into one slot; `TAKEN` where another claim has it, `OWN` where this claim has one already. */
  async function insert(request: EntitlementRequest, slot: string, now: Date) {
    try {
      const { claimId, eventId } = request;
      await model.insertOne({ _id: slot, claimId, eventId, takenAt: now });
      return 'INSERTED';
    } catch (error) {
      if (isDuplicateKey(error, model.collection, 'claim')) return 'OWN';
      if (isDuplicateKey(error, model.collection)) return 'TAKEN';
      throw error;
    }
  }

  return {
    model,

    /**
     * Takes one free slot of the period for this claim; false where other claims have them all.
     * Safe to repeat: a slot this claim already has is found by the unique index on the claim.
     * `isLikely`: it probably has one, so that is looked for before anything is written.
     */
    async take(request: EntitlementRequest, now: Date, isLikely = false): Promise<boolean> {
      if (isLikely && (await model.exists({ claimId: request.claimId }))) return true;
      const all = slots(request);
      // One slot is the rule: trying it first costs one write, and reading is for those who lose.
      const first = all[0] as string;
      if (all.length === 1 && (await insert(request, first, now)) !== 'TAKEN') return true;
      const taken = await model.find({ _id: { $in: all } }).lean<Entitlement[]>();
      if (taken.some((e) => e.claimId === request.claimId)) return true;
      const used = new Set(taken.map((e) => e._id));
      for (const slot of all.filter((s) => !used.has(s))) {
        if ((await insert(request, slot, now)) !== 'TAKEN') return true;
      }
      return false;
    },

    /** Gives back what this claim took; false where it has nothing. */
    async giveBack(claimId: string): Promise<boolean> {
      return (await model.deleteOne({ claimId })).deletedCount === 1;
    },

    /** Whether other claims have every slot of the period. */
    async isUsedUp(period: Period): Promise<boolean> {
      const used = await Promise.all(slots(period).map(slotById));
      return used.every((slot) => slot !== null);
    },

    /** The claims that took an entitlement since then, in the order in which they did. */
    async *takersSince(since: Date): AsyncGenerator<string> {
      const taken = model
        .find({ takenAt: { $gte: since } }, { claimId: 1 })
        .sort({ takenAt: 1 })
        .lean<Entitlement>()
        .cursor();
      for await (const { claimId } of taken) yield claimId;
    },

    /** Those of the claims that hold an entitlement. */
    async heldBy(claimIds: string[]): Promise<string[]> {
      const held = await model.find({ claimId: { $in: claimIds } }).lean<Entitlement[]>();
      return held.map((e) => e.claimId);
    },
  };
}
