/** How a claim is recorded: with the entitlements that it takes, in one write that decides. */
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

/** What a player is told who has no entitlement left. */
export const alreadyClaimed = () =>
  new DomainError('already_claimed', 'You have had what you may of this event, or of its group.');

/** The ways in which a claim may be entitled that are tried before it is left to the next request. */
const MOST_CHOICES = 10;

/** The slots, in their order from one of them on, which is left to chance. */
function fromAnyOn(slots: readonly string[]): string[] {
  const first = Math.floor(Math.random() * slots.length);
  return [...slots.slice(first), ...slots.slice(0, first)];
}

/** The entitlement that an insert lost against. */
function collidedIn(error: unknown): Set<string> {
  const keyValue = error instanceof mongo.MongoServerError ? error.keyValue : undefined;
  return new Set(keyValue ? [String(keyValue.entitlements)] : []);
}

/** @param read the claim's record as it stands, or null */
export function createClaimAcceptance(
  connection: Connection,
  {
    read,
    clock,
    now,
  }: { read(claim: ClaimKey): Promise<Claim | null>; clock: ServerClock; now: () => Date },
) {
  const collection = connection.collection<Claim>('claims');

  /** Those of the entitlements that claims of these players have, by player. */
  async function takenOf(userIds: string[], names: string[], session?: ClientSession) {
    const found = collection.find(
      // The partial index serves only a query that repeats its filter.
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

  /** The same of one player, seen at one moment. */
  async function takenAtOnce(userId: string, names: string[]): Promise<Set<string>> {
    const client = connection.getClient();
    const taken = await client.withSession({ snapshot: true }, (session) =>
      takenOf([userId], names, session),
    );
    return taken.get(userId) ?? new Set();
  }

  /** A crowd at one event asks for the same few rights. */
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
     * Records a claim with its entitlements (S0), in one write that decides: where the player's key
     * already stands for a claim, that one, untouched.
     * @throws DomainError `already_claimed` where the player's other claims have what it needs
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
          // The player's other claims of this moment, which lost as well, do not all try the same next.
          if (choices > 0) rights = rights.map(fromAnyOn);
          const taken = await takenAtOnce(claim.userId, rights.flat());
          const free = chooseEntitlements(rights, taken);
          if (!free) throw alreadyClaimed();
          // What was just recorded may not be seen there yet.
          entitlements = chooseEntitlements(rights, taken.union(collidedIn(error))) ?? free;
        }
      }
      const detail = 'Too many of your claims change at once. Try again.';
      throw new DomainError('unavailable', detail, { retryAfterS: 1 });
    },

    /** Whether the player's other claims have what a claim needs: a look, which decides nothing. */
    async isUsedUp(userId: string, rights: NewClaim['rights']): Promise<boolean> {
      return await isUsedUp({ userId, rights });
    },
  };
}
