/** What a condition looks at beside progress, in one read: the player, and their grants elsewhere. */
import type { Connection } from 'mongoose';
import type { Condition } from '../domain/condition.ts';
import { type Account, chainedEvents } from '../domain/condition-facts.ts';
import type { UserStatus } from '../domain/user.ts';
import type { Claim } from './claims.ts';

/** Grants of one player that count; more of one event's than any condition asks for. */
const MOST_GRANTS = 5_000;

export interface PlayerFacts extends Account {
  status: UserStatus;
}

export interface ClaimFacts {
  claim: Claim;
  /** Null where there is no such user any more. */
  player: PlayerFacts | null;
}

export type ConditionFacts = ReturnType<typeof createConditionFacts>;

/**
 * The player's granted claims among the events in `chained`.
 * @param player the field with the user's ID; one that is empty finds nothing, and reads nothing
 */
function withGrants(player: string, chained: string) {
  return {
    $lookup: {
      from: 'claims',
      localField: player,
      foreignField: 'userId',
      let: { chained },
      pipeline: [
        { $match: { state: 'GRANTED', $expr: { $in: ['$eventId', '$$chained'] } } },
        { $sort: { createdAt: -1, _id: -1 } },
        { $limit: MOST_GRANTS },
        { $project: { _id: 0, eventId: 1, endedAt: 1 } },
      ],
      as: 'grants',
    },
  };
}

/** The user where there are events to look for, else nobody. */
const chainedPlayer = (userId: string) => ({
  $cond: [{ $eq: ['$chained', []] }, '', userId],
});

const PLAYER = { _id: 0, status: 1, createdAt: 1 } as const;

export function createConditionFacts(connection: Connection) {
  return {
    /** The claim's record and its player, in one read; null where there is no such claim. */
    async ofClaim(claimId: string): Promise<ClaimFacts | null> {
      const [found] = await connection
        .collection<Claim>('claims')
        .aggregate<{
          claim: Claim;
          users: Omit<PlayerFacts, 'grants'>[];
          grants: Account['grants'];
        }>([
          { $match: { _id: claimId } },
          {
            $project: {
              claim: '$$ROOT',
              userId: 1,
              chained: { $ifNull: ['$snapshot.condition.chained', []] },
            },
          },
          { $set: { player: chainedPlayer('$userId') } },
          {
            $lookup: {
              from: 'users',
              localField: 'userId',
              foreignField: '_id',
              pipeline: [{ $project: PLAYER }],
              as: 'users',
            },
          },
          withGrants('player', '$chained'),
        ])
        .toArray();
      if (!found) return null;
      const { claim, users, grants } = found;
      return { claim, player: users[0] ? { ...users[0], grants } : null };
    },

    /** A player's facts for a condition, in one read; null where there is no such user. */
    async ofPlayer(userId: string, condition: Condition): Promise<PlayerFacts | null> {
      const [found] = await connection
        .collection<{ _id: string }>('users')
        .aggregate<PlayerFacts>([
          { $match: { _id: userId } },
          { $set: { chained: { $literal: chainedEvents(condition) } } },
          { $set: { player: chainedPlayer('$_id') } },
          withGrants('player', '$chained'),
          { $project: { ...PLAYER, grants: 1 } },
        ])
        .toArray();
      return found ?? null;
    },
  };
}
