/** A condition's facts besides progress, in one read: the player, and their granted claims. */
import type { Connection } from 'mongoose';
import type { Condition } from '../../domain/conditions/condition.ts';
import { type Account, chainedEvents } from '../../domain/conditions/condition-facts.ts';
import type { UserStatus } from '../../domain/user.ts';

/** How many granted claims of one player are read: more than any condition asks for. */
const MOST_GRANTS = 5_000;

/** The player's account, and the status that decides whether they may claim. */
export interface PlayerFacts extends Account {
  status: UserStatus;
  /** The ID that a trusted issuer knows the player by; null for all others. */
  externalId: string | null;
}

export type ConditionFacts = ReturnType<typeof createConditionFacts>;

/** Adds the player's granted claims of the events in `chained`. */
function withGrants(chained: string[]) {
  return {
    $lookup: {
      from: 'claims',
      localField: '_id',
      foreignField: 'userId',
      pipeline: [
        { $match: { state: 'GRANTED', eventId: { $in: chained } } },
        { $sort: { createdAt: -1, _id: -1 } },
        { $limit: MOST_GRANTS },
        { $project: { _id: 0, eventId: 1, endedAt: 1 } },
      ],
      as: 'grants',
    },
  };
}

/** Reads facts from `users` and `claims`. */
export function createConditionFacts(connection: Connection) {
  return {
    /** A player's facts for a condition, in one read; null where there is no such user. */
    async ofPlayer(userId: string, condition: Condition): Promise<PlayerFacts | null> {
      const chained = chainedEvents(condition);
      const [found] = await connection
        .collection<{ _id: string }>('users')
        .aggregate<PlayerFacts>([
          { $match: { _id: userId } },
          chained.length > 0 ? withGrants(chained) : { $set: { grants: [] } },
          {
            $project: {
              ...{ _id: 0, status: 1, createdAt: 1, grants: 1 },
              externalId: { $ifNull: ['$externalId', null] },
            },
          },
        ])
        .toArray();
      return found ?? null;
    },
  };
}
