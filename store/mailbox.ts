/**
 * The mailbox: the built-in fulfilment provider. A grant is one document, keyed by the grant's ID;
 * a revoke leaves a tombstone, so that a grant that arrives late finds its place taken.
 */
import type { Connection } from 'mongoose';
import { Schema } from 'mongoose';
import type {
  FulfillmentProvider,
  GrantAnswer,
  GrantRequest,
  LookupAnswer,
  RevokeAnswer,
} from '../domain/fulfillment.ts';
import { isDuplicateKey } from './connection.ts';

interface Mail {
  /** `{claimId}:{lineId}` */
  _id: string;
  state: 'GRANTED' | 'REVOKED';
  userId?: string;
  eventId?: string;
  reward?: GrantRequest['reward'];
  at: Date;
}

const schema = new Schema<Mail>(
  {
    _id: { type: String, required: true },
    state: { type: String, required: true },
    userId: String,
    eventId: String,
    reward: Object,
    at: { type: Date, required: true },
  },
  { collection: 'mailbox', versionKey: false, strict: 'throw' },
);
schema.index({ userId: 1, at: -1 }, { name: 'user' });

export type Mailbox = ReturnType<typeof createMailbox>;

export function createMailbox(connection: Connection, now: () => Date = () => new Date()) {
  const model = connection.model<Mail>('Mail', schema);

  async function lookup(grantId: string): Promise<LookupAnswer> {
    const mail = await model.findOne({ _id: grantId }).lean<Mail>();
    return { state: mail?.state ?? 'NEVER_SEEN' };
  }

  async function grant(request: GrantRequest): Promise<GrantAnswer> {
    const { grantId, userId, eventId, reward } = request;
    try {
      await model.insertOne({ _id: grantId, state: 'GRANTED', userId, eventId, reward, at: now() });
      return { state: 'GRANTED' };
    } catch (error) {
      if (!isDuplicateKey(error, model.collection)) throw error;
      const { state } = await lookup(grantId);
      if (state === 'GRANTED') return { state };
      return { state: 'REFUSED', detail: 'This grant was revoked before it arrived.' };
    }
  }

  async function revoke(grantId: string): Promise<RevokeAnswer> {
    await model.updateOne(
      { _id: grantId },
      { $set: { state: 'REVOKED', at: now() } },
      { upsert: true },
    );
    return { state: 'REVOKED' };
  }

  return { model, grant, lookup, revoke } satisfies FulfillmentProvider & { model: unknown };
}
