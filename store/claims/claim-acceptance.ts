/** Records a claim together with its entitlements, in one write that decides. */
import { type ClientSession, type Connection, mongo } from 'mongoose';
import { chooseEntitlements } from '../../domain/claims/entitlements.ts';
import { DomainError } from '../../domain/errors.ts';
import { batch, MOST_READ } from '../mongodb/batching.ts';
import type { ServerClock } from '../mongodb/clock.ts';
import { isDuplicateKey } from '../mongodb/connection.ts';
import {
  type Claim,
  type ClaimKey,
  ENTITLEMENTS,
  type NewClaim,
  newRecord,
} from './claim-record.ts';

/** The refusal for a player without an entitlement left. */
export const alreadyClaimed = () =>
  new DomainError('already_claimed', 'You have had what you may of this event, or of its group.');

/** How many choices of entitlements are tried before the player must try again. */
const MOST_CHOICES = 10;

/** The same slots, beginning at a random one. */
function fromAnyOn(slots: readonly string[]): string[] {
  const first = Math.floor(Math.random() * slots.length);
  return [...slots.slice(first), ...slots.slice(0, first)];
}

/** The entitlement at which an insert failed. */
function collidedIn(error: unknown): Set<string> {
  const keyValue = error instanceof mongo.MongoServerError ? error.keyValue : undefined;
  return new Set(keyValue ? [String(keyValue.entitlements)] : []);
}

/**
 * @param read reads the claim's record, or null where there is none
 * @param clock the database server's clock
 * @param now our clock
 */
export function createClaimAcceptance(
  connection: Connection,
  read: (claim: ClaimKey) => Promise<Claim | null>,
  clock: ServerClock,
  now: () => Date,
) {
  const collection = connection.collection<Claim>('claims');

  /** Those of the entitlements that claims of these players have, by player. */
  async function takenOf(userIds: string[], names: string[], session?: ClientSession) {
    const found = collection.find(
      // The filter repeats the partial index's own: MongoDB does not use the index otherwise.
      {
        userId: { $in: userIds },
        $and: [{ entitlements: { $in: names } }, { entitlements: { $type: 'string' } }],
      } as object,
      { projection: { userId: 1, entitlements: 1 }, ...(session && { session }) },
    );
    const taken = new Map(userIds.map((userId) => [userId, new Set<string>()]));
    for await (const { userId, entitlements = [] } of found) {
      for (const name of entitlements) taken.get(userId)?.add(name);
    }
    return taken;
  }

  /** Those of the entitlements that one player's claims have, all seen at one moment. */
  async function takenAtOnce(userId: string, names: string[]): Promise<Set<string>> {
    const client = connection.getClient();
    const taken = await client.withSession({ snapshot: true }, (session) =>
      takenOf([userId], names, session),
    );
    return taken.get(userId) ?? new Set();
  }

  /** Batched: a crowd at one event asks about the same few rights. */
  const isUsedUp = batch<{ userId: string; rights: NewClaim['rights'] }, boolean>(async (asked) => {
    const userIds = [...new Set(asked.map(({ userId }) => userId))];
    const names = [...new Set(asked.flatMap(({ rights }) => rights.flat()))];
    const taken = await takenOf(userIds, names);
    return asked.map(
      ({ userId, rights }) => chooseEntitlements(rights, taken.get(userId) ?? new Set()) === null,
    );
  }, MOST_READ);

  return {
    /**
     * Records a claim with its entitlements (S0), in one write. Where the player's key already
     * belongs to a claim, that claim is returned unchanged.
     * @returns the claim, and whether this call created it
     * @throws DomainError `already_claimed` where other claims of the player have what it needs;
     *   `unavailable` where too many claims of the player change at once
     */
    async accept(claim: NewClaim): Promise<{ claim: Claim; created: boolean }> {
      const record = newRecord(claim, now(), new Date(await clock.nowMs()));
      let { rights } = claim;
      const hasChoice = rights.some((slots) => slots.length > 1);
      let entitlements = rights.map((slots) => slots[0] as string);
      for (let choices = 0; choices < MOST_CHOICES; choices++) {
        try {
          const recorded = { ...record, entitlements };
          await collection.insertOne(recorded);
          return { claim: recorded, created: true };
        } catch (error) {
          if (isDuplicateKey(error, collection)) {
            const earlier = await read(record);
            if (!earlier) throw error;
            return { claim: earlier, created: false };
          }
          if (!isDuplicateKey(error, collection, ENTITLEMENTS)) throw error;
          if (!hasChoice) throw alreadyClaimed();
          // The player's other claims that failed now must not all try the same slots next.
          if (choices > 0) rights = rights.map(fromAnyOn);
          const taken = await takenAtOnce(claim.userId, rights.flat());
          const free = chooseEntitlements(rights, taken);
          if (!free) throw alreadyClaimed();
          // The snapshot may not show the entitlement that just made the insert fail.
          entitlements = chooseEntitlements(rights, taken.union(collidedIn(error))) ?? free;
        }
      }
      const detail = 'Too many of your claims change at once. Try again.';
      throw new DomainError('unavailable', detail, { retryAfterS: 1 });
    },

    /** Whether other claims of the player have what a claim needs. It decides nothing. */
    async isUsedUp(userId: string, rights: NewClaim['rights']): Promise<boolean> {
      return await isUsedUp({ userId, rights });
    },
  };
}
