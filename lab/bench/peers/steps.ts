/** The saga's steps on MongoDB, by the product's own stores: the same writes on every engine. */
import type { Connection } from 'mongoose';
import { isOpenAt } from '../../../domain/events/event.ts';
import type { Store } from '../../../store/index.ts';
import { isDuplicateKey } from '../../../store/mongodb/connection.ts';
import { revokeMail, sendMail } from './mails.ts';
import { MAIL_REFUSED, type Order, outcomeOf, type StepResult, type Steps } from './saga.ts';

/** A peer's record of a claim: one document for each final claim. */
export interface ClaimRecord {
  _id: string;
  userId: string;
  eventId: string;
  outcome: string;
  refusal: string | null;
  at: Date;
}

/** The collection of the peers' records. */
export function recordsOf(connection: Connection) {
  return connection.collection<ClaimRecord>('peer_records');
}

const holdIdOf = ({ claimId }: Order, rewardId: string) => `${claimId}:${rewardId}`;

function rewardOf({ reward }: Order) {
  if (reward === null) throw new Error('a step that needs the reward ran before it was known');
  return reward;
}

/** Reads the player and the event. */
async function validate(store: Store, { userId, eventId }: Order): Promise<StepResult> {
  const [user, event] = await Promise.all([store.users.get(userId), store.events.get(eventId)]);
  if (user?.status !== 'ACTIVE') return { refusal: 'USER_NOT_ACTIVE' };
  if (event === null || !isOpenAt(event, new Date())) return { refusal: 'EVENT_NOT_OPEN' };
  const [first] = event.rewards;
  if (first === undefined || first.buckets === null) return { refusal: 'EVENT_NOT_OPEN' };
  const { rewardId, kind, name, quantity, buckets } = first;
  return { reward: { rewardId, kind, name, quantity, buckets } };
}

/** Looks for an earlier hold, and decrements the stock with a guard and the claim's ID. */
async function reserve(store: Store, order: Order): Promise<StepResult> {
  const { rewardId, quantity, buckets } = rewardOf(order);
  const holdId = holdIdOf(order, rewardId);
  const { eventId } = order;
  const held = await store.stock.reserve({ holdId, eventId, rewardId, quantity, buckets });
  return held === 'HELD' ? {} : { refusal: held };
}

/** Inserts the mail, keyed by the grant. */
async function grant(connection: Connection, order: Order): Promise<StepResult> {
  const { buckets: _, ...reward } = rewardOf(order);
  const { userId, eventId } = order;
  const grantId = holdIdOf(order, reward.rewardId);
  const isSent = await sendMail(connection, { grantId, userId, eventId, reward });
  return isSent ? {} : { refusal: MAIL_REFUSED };
}

/** Inserts the claim's outcome, and turns its hold into a grant. */
async function record(store: Store, connection: Connection, order: Order): Promise<StepResult> {
  const { claimId: _id, userId, eventId, refusal } = order;
  const ended = { _id, userId, eventId, outcome: outcomeOf(order), refusal, at: new Date() };
  const records = recordsOf(connection);
  await records.insertOne(ended).catch((error: unknown) => {
    // An earlier attempt of this step has inserted it.
    if (!isDuplicateKey(error, records)) throw error;
  });
  if (refusal !== null) return {};
  // After the record: a missing hold is a grant only if a record says so.
  const { rewardId, quantity } = rewardOf(order);
  await store.stock.settle({ eventId, holdId: holdIdOf(order, rewardId), quantity });
  return {};
}

async function release(store: Store, order: Order): Promise<StepResult> {
  const { rewardId, quantity } = rewardOf(order);
  const { eventId } = order;
  await store.stock.release({ eventId, holdId: holdIdOf(order, rewardId), quantity });
  return {};
}

async function revoke(connection: Connection, order: Order): Promise<StepResult> {
  await revokeMail(connection, holdIdOf(order, rewardOf(order).rewardId));
  return {};
}

/** All steps. Each is idempotent, as an engine repeats a step whose result it did not store. */
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
