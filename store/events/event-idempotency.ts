/**
 * Keys under which operators created events, kept for 24 hours: written in the transaction that
 * creates the event, so that of two requests with one key one creates it and the other finds it.
 */
import { createHash } from 'node:crypto';
import type { ClientSession, Connection } from 'mongoose';
import { Schema } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';

/** The contract's 24 hours. */
const KEPT_S = 24 * 60 * 60;

interface EventKey {
  /** `{userId}/{key}` */
  _id: string;
  /** SHA-256 of what was asked for. */
  requestHash: string;
  eventId: string;
  createdAt: Date;
}

const schema = new Schema<EventKey>(
  {
    _id: { type: String, required: true },
    requestHash: { type: String, required: true },
    eventId: { type: String, required: true },
    createdAt: { type: Date, required: true },
  },
  { collection: 'event_keys', versionKey: false, strict: 'throw' },
);
schema.index({ createdAt: 1 }, { name: 'expiry', expireAfterSeconds: KEPT_S });

/** A request to create an event, as far as its key goes. */
export interface KeyedRequest {
  userId: string;
  key: string;
  /** What was asked for, with its defaults filled in; compared by its JSON. */
  request: unknown;
}

export function createEventKeys(connection: Connection) {
  const model = connection.model<EventKey>('EventKey', schema);

  return {
    model,

    /**
     * The event created with this key in the last 24 hours, or null.
     * @throws DomainError `idempotency_key_reused` where something else was asked for with it
     */
    async find(session: ClientSession, asked: KeyedRequest, now: Date): Promise<string | null> {
      const known = await model.findById(idOf(asked), null, { session }).lean<EventKey>();
      if (!known || isExpired(known, now)) return null;
      if (known.requestHash !== hashOf(asked.request)) {
        throw new DomainError(
          'idempotency_key_reused',
          'This key was used for another event within the last 24 hours.',
        );
      }
      return known.eventId;
    },

    /** Remembers that the event was created with this key; takes the place of an expired one. */
    async remember(session: ClientSession, asked: KeyedRequest, eventId: string, now: Date) {
      const requestHash = hashOf(asked.request);
      const key: EventKey = { _id: idOf(asked), requestHash, eventId, createdAt: now };
      await model.replaceOne({ _id: key._id }, key, { session, upsert: true });
    },
  };
}

function idOf({ userId, key }: KeyedRequest): string {
  return `${userId}/${key}`;
}

function hashOf(request: unknown): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex');
}

/** MongoDB removes expired documents about once a minute, so one may still be read. */
function isExpired({ createdAt }: EventKey, now: Date): boolean {
  return now.getTime() - createdAt.getTime() >= KEPT_S * 1000;
}
