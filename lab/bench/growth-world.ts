/** The callers of `growth-calls.ts`, and what they ask about, beside the earlier claims. */
import type { Tokens } from '../../api/identity/tokens.ts';
import type { Condition } from '../../domain/conditions/condition.ts';
import { DAY_MS } from '../../domain/conditions/player-event.ts';
import type { Role } from '../../domain/user.ts';
import { type Claim, claimIdOf } from '../../store/claims/claim-record.ts';
import type { StoredEvent } from '../../store/events/events.ts';
import { type Collections, makeEvent, makeSoldOut, newId } from './collections.ts';
import { claimOf, type Pile, playerOf, userIdOf } from './growth-records.ts';
import { makePlayers, type Player } from './players.ts';

export interface World {
  pile: Pile;
  /** Number of earlier claims. */
  claims: number;
  admin: Player;
  /** Another admin, who may lose the role. */
  otherAdmin: Player;
  gameServer: Player;
  /** A player of the earlier claims, with a claim of each event. */
  player: Player;
  /** Players who have claimed nothing yet. */
  newcomers: Player[];
  /** An event with a condition on progress and on a grant of another event. */
  conditional: StoredEvent;
  soldOut: StoredEvent;
  /** Parked claims, each with its hold and its entitlement. */
  parked: Claim[];
  /** The secret with which the provider `game` signs. */
  providerSecret: string;
}

/** Parked claims and newcomers: at least as many as `growth-calls.ts` uses. */
const PARKED = 6;
const NEWCOMERS = 4;

/** A condition of the two most usual kinds: player events, and a grant of another event. */
const conditionOn = (eventId: string): Condition => ({
  all: [
    { metric: 'quest.completed', key: 'snow-1', atLeast: 0 },
    { metric: 'event.granted', key: eventId, atLeast: 0 },
  ],
});

/** Creates the callers, events and parked claims that are not part of the earlier claims. */
export async function openWorld(
  collections: Collections,
  tokens: Tokens,
  given: { pile: Pile; claims: number; providerSecret: string },
): Promise<World> {
  const { pile, claims } = given;
  const [admin, otherAdmin, gameServer] = [
    await withRole(collections, tokens, 'ADMIN'),
    await withRole(collections, tokens, 'ADMIN'),
    await withRole(collections, tokens, 'GAME_SERVER'),
  ];
  // Read the statistics once: from then on earlier claims are summed up.
  await collections.store.eventStats.of(pile.events[0] as StoredEvent);
  const userId = userIdOf(Math.floor(playerOf(claims) / 2));
  const [first] = pile.events as [StoredEvent];
  return {
    ...given,
    admin,
    otherAdmin,
    gameServer,
    player: { userId, token: await tokens.issue({ userId, epoch: 0 }) },
    newcomers: await makePlayers(collections, tokens, NEWCOMERS),
    conditional: await makeEvent(collections, 100, { condition: conditionOn(first.eventId) }),
    soldOut: await makeSoldOut(collections, 100),
    parked: await parkSome(collections, tokens, pile),
  };
}

async function withRole(collections: Collections, tokens: Tokens, role: Role): Promise<Player> {
  const [user] = (await makePlayers(collections, tokens, 1)) as [Player];
  await collections.store.users.model.updateOne({ _id: user.userId }, { $set: { role } });
  return user;
}

async function parkSome(collections: Collections, tokens: Tokens, pile: Pile): Promise<Claim[]> {
  const players = await makePlayers(collections, tokens, PARKED);
  return await Promise.all(players.map(({ userId }) => parkOne(collections, pile, userId)));
}

/** Inserts a claim that was parked a day ago with its units held, as its provider did not answer. */
async function parkOne({ store }: Collections, pile: Pile, userId: string): Promise<Claim> {
  const like = claimOf(pile, 0);
  const idempotencyKey = newId('key');
  const at = new Date(Date.now() - DAY_MS);
  const claim: Claim = {
    ...like,
    ...{ _id: claimIdOf(userId, idempotencyKey), userId, idempotencyKey },
    ...{ state: 'NEEDS_ATTENTION', reason: 'FULFILLMENT_UNAVAILABLE', fate: null, asked: true },
    ...{ acceptedAt: at, createdAt: at, updatedAt: at, endedAt: null, open: true },
    lines: like.lines.map((line) => ({ ...line, state: 'PENDING', grantedAt: null })),
    parking: {
      number: 1,
      reason: 'FULFILLMENT_UNAVAILABLE',
      detail: 'no answer',
      step: 'S4_FULFIL',
      lineIds: like.lines.map(({ lineId }) => lineId),
      at,
      decision: null,
    },
  };
  await store.claims.model.collection.insertOne(claim as never);
  const { eventId } = claim;
  for (const { lineId, quantity, buckets } of claim.lines) {
    const holdId = `${claim._id}:${lineId}`;
    await store.stock.reserve({
      ...{ holdId, eventId, rewardId: lineId, quantity },
      buckets: buckets ?? 1,
    });
  }
  return claim;
}
