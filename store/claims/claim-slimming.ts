/**
 * Makes final claims small: what stays is the key, the state and the amounts. Uniqueness is for
 * good, so the record itself stays. Claims of erased players become small at once, others after
 * `CLAIMS_RETENTION_DAYS`.
 */
import type { Connection, mongo } from 'mongoose';
import type { WantedIndex } from '../mongodb/indexes.ts';
import { BY_PLAYER, type Claim } from './claim-record.ts';

/** The index by which final claims that are not small yet are found, the oldest end first. */
const ENDED = 'not_slim_ended';

/**
 * Built only where claims are made small after some days: it costs each end of a claim a write more.
 */
export const endedIndex: WantedIndex = {
  collection: 'claims',
  key: { slimmedAt: 1, endedAt: 1 },
  options: { name: ENDED, partialFilterExpression: { endedAt: { $type: 'date' } } },
};

/** A final claim that is not small. */
const WHOLE = { endedAt: { $type: 'date' }, slimmedAt: null } as object;

/**
 * What goes: steps, texts, the condition with its facts, notes. Of the snapshot the event's
 * version, provider and times stay. `version` stays as it is: the claim itself does not change.
 */
const slimming = (now: Date): mongo.UpdateFilter<Claim> => ({
  $set: { steps: [], parking: null, slimmedAt: now },
  $unset: { explanation: true, 'snapshot.condition': true },
});

/** @param now our clock */
export function createClaimSlimming(connection: Connection, now: () => Date) {
  const claims = connection.collection<Claim>('claims');

  async function slim(filter: object, hint: string, most: number): Promise<number> {
    const options = { projection: { _id: 1, userId: 1 }, hint, limit: most };
    const found = await claims.find(filter, options).toArray();
    if (found.length === 0) return 0;
    const writes = found.map(({ _id, userId }) => ({
      updateOne: { filter: { _id, userId, ...WHOLE }, update: slimming(now()) },
    }));
    await claims.bulkWrite(writes, { ordered: false });
    return found.length;
  }

  return {
    /** Makes a player's final claims small. @returns how many of at most `most` */
    async slimOf(userId: string, most: number): Promise<number> {
      return await slim({ userId, ...WHOLE }, BY_PLAYER, most);
    },

    /** Makes claims small that ended before a time. Needs `endedIndex`. @returns as `slimOf` */
    async slimEndedBefore(before: Date, most: number): Promise<number> {
      const range = { ...WHOLE, $and: [{ endedAt: { $lt: before } }] };
      return await slim(range, ENDED, most);
    },
  };
}
