/** The saga's steps on MongoDB, by the product's own verbs: the same writes on every engine. */
import type { Connection } from 'mongoose';
import { isOpenAt } from '../../../domain/events/event.ts';
import type { Store } from '../../../store/index.ts';
import { isDuplicateKey } from '../../../store/mongodb/connection.ts';
import { revokeMail, sendMail } from './mails.ts';
import { type Learnt, MAIL_REFUSED, type Order, outcomeOf, type Steps } from './saga.ts';

/** How a claim of a peer's ended, one document each. */
export interface ClaimRecord {
  _id: string;
  userId: string;
  eventId: string;
  outcome: string;
  refusal: string | null;
  at: Date;
}

/** Where the peers' claims are recorded, in a database apart from Laurel's. */
export function recordsOf(connection: Connection) {
  return connection.collection<ClaimRecord>('peer_records');
}

const holdIdOf = ({ claimId }: Order, rewardId: string) => `${claimId}:${rewardId}`;

function rewardOf({ reward }: Order) {
  if (reward === null) throw new Error('a step that needs the reward ran before it was known');
  return reward;
}

/** Two reads. */
async function validate(store: Store, { userId, eventId }: Order): Promise<Learnt> {
  const [user, event] = await Promise.all([store.users.get(userId), store.events.get(eventId)]);
  if (user?.status !== 'ACTIVE') return { refusal: 'USER_NOT_ACTIVE' };
  if (event === null || !isOpenAt(event, new Date())) return { refusal: 'EVENT_NOT_OPEN' };
  const [first] = event.rewards;
  if (first === undefined || first.buckets === null) return { refusal: 'EVENT_NOT_OPEN' };
  const { rewardId, kind, name, quantity, buckets } = first;
  return { reward: { rewardId, kind, name, quantity, buckets } };
}

/** A look for a hold of its own, and the guarded decrement that carries the claim's ID. */
async function reserve(store: Store, order: Order): Promise<Learnt> {
  const { rewardId, quantity, buckets } = rewardOf(order);
  const holdId = holdIdOf(order, rewardId);
  const { eventId } = order;
  const held = await store.stock.reserve({ holdId, eventId, rewardId, quantity, buckets });
  return held === 'HELD' ? {} : { refusal: held };
}

/** One insert, keyed by the grant. */
async function grant(connection: Connection, order: Order): Promise<Learnt> {
  const { buckets: _, ...reward } = rewardOf(order);
  const { userId, eventId } = order;
  const grantId = holdIdOf(order, reward.rewardId);
  const isSent = await sendMail(connection, { grantId, userId, eventId, reward });
  return isSent ? {} : { refusal: MAIL_REFUSED };
}

/** How the claim ended is written down, and its hold becomes a grant. */
async function record(store: Store, connection: Connection, order: Order): Promise<Learnt> {
  const { claimId: _id, userId, eventId, refusal } = order;
  const ended = { _id, userId, eventId, outcome: outcomeOf(order), refusal, at: new Date() };
  const records = recordsOf(connection);
  await records.insertOne(ended).catch((error: unknown) => {
    // An earlier attempt of this same step wrote it.
    if (!isDuplicateKey(error, records)) throw error;
  });
  if (refusal !== null) return {};
  // After the record: a hold that is gone is a grant only where a record says so.
  const { rewardId, quantity } = rewardOf(order);
  await store.stock.settle({ eventId, holdId: holdIdOf(order, rewardId), quantity });
  return {};
}

async function release(store: Store, order: Order): Promise<Learnt> {
  const { rewardId, quantity } = rewardOf(order);
  const { eventId } = order;
  await store.stock.release({ eventId, holdId: holdIdOf(order, rewardId), quantity });
  return {};
}

async function revoke(connection: Connection, order: Order): Promise<Learnt> {
  await revokeMail(connection, holdIdOf(order, rewardOf(order).rewardId));
  return {};
}

/** All of them safe to repeat, as an engine repeats a step whose answer it did not keep. */
export function createSteps(store: Store, connection: Connection): Steps {
  return {
    validate: (order) => validate(store, order),
    reserve: (order) => reserve(store, order),
    grant: (order) => grant(connection, order),
    record: (order) => record(store, connection, order),
    release: (order) => release(store, order),
    revoke: (order) => revoke(connection, order),
  };
}
