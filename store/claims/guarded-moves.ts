/** Moves of a claim's record. Each is one guarded write, so that of two attempts one wins. */
import type { ClientSession, Connection } from 'mongoose';
import type { Claim, ClaimKey } from './claim-record.ts';

export type GuardedMoves = ReturnType<typeof createGuardedMoves>;

/** @param now our clock */
export function createGuardedMoves(connection: Connection, now: () => Date) {
  // The driver's collection, as each claim is written several times and mongoose is slower. The
  // values were checked before.
  const collection = connection.collection<Claim>('claims');

  /**
   * The update of a move. The end of a claim removes its open mark; an end without a grant also
   * gives its entitlements back.
   */
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

  /** One guarded move. Null where the guard does not hold: then read the record and follow it. */
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
