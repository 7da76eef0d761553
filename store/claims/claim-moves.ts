/** How a claim's record moves: one guarded write, so that of two who try, one wins. */
import type { ClientSession, Connection } from 'mongoose';
import type { Claim, ClaimKey } from './claim-record.ts';

export type ClaimMoves = ReturnType<typeof createClaimMoves>;

export function createClaimMoves(connection: Connection, now: () => Date) {
  // Past mongoose, as every claim comes here several times: what it is given has been checked.
  const collection = connection.collection<Claim>('claims');

  /** What a move writes: an end closes the record, and one without a grant gives the entitlement back. */
  function moved(set: Partial<Claim>, isEmptyEnd = false) {
    const unset = {
      ...(set.endedAt && { open: true as const }),
      ...(isEmptyEnd && { entitlements: true as const }),
    };
    return {
      $set: { ...set, updatedAt: now() },
      $inc: { version: 1 },
      ...(Object.keys(unset).length > 0 && { $unset: unset }),
    };
  }

  const named = ({ _id, userId }: ClaimKey, guard: object) => ({ _id, userId, ...guard });

  /** One guarded move. Null where the guard no longer holds: read the record and follow it. */
  async function move(
    claim: ClaimKey,
    guard: object,
    set: Partial<Claim>,
    { session, isEmptyEnd }: { session?: ClientSession; isEmptyEnd?: boolean } = {},
  ): Promise<Claim | null> {
    return await collection.findOneAndUpdate(named(claim, guard), moved(set, isEmptyEnd), {
      returnDocument: 'after',
      ...(session && { session }),
    });
  }

  return { collection, moved, named, move };
}
