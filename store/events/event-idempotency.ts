/**
 * Idempotency keys of created events and of restocks, kept for 24 hours. A key is written in the
 * transaction of its change. So of two requests with one key, one makes the change and the other
 * finds it.
 */
import { createHash } from 'node:crypto';
import type { ClientSession, Connection } from 'mongoose';
import { Schema } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';

/** How long a key is kept, in seconds: the contract's 24 hours. */
const KEPT_S = 24 * 60 * 60;

interface EventKey {
  /** `{userId}/{key}` */
  _id: string;
  /** SHA-256 of the request. */
  requestHash: string;
  eventId: string;
  /** What was answered, of a request whose answer cannot be read again; else null. */
  answer: unknown;
  createdAt: Date;
}

const schema = new Schema<EventKey>(
  {
    _id: { type: String, required: true },
    requestHash: { type: String, required: true },
    eventId: { type: String, required: true },
    answer: { type: Object, default: null },
    createdAt: { type: Date, required: true },
  },
  { collection: 'event_keys', versionKey: false, strict: 'throw' },
);
schema.index({ createdAt: 1 }, { name: 'expiry', expireAfterSeconds: KEPT_S });

/** A request with its key. */
export interface KeyedRequest {
  userId: string;
  key: string;
  /** The request with its defaults filled in; compared by its JSON. */
  request: unknown;
}

/** The keys, over the collection `event_keys`. */
export function createEventKeys(connection: Connection) {
  const model = connection.model<EventKey>('EventKey', schema);

  async function findKey(
    session: ClientSession,
    asked: KeyedRequest,
    now: Date,
  ): Promise<EventKey | null> {
    const known = await model.findById(idOf(asked), null, { session }).lean<EventKey>();
    if (!known || isExpired(known, now)) return null;
    if (known.requestHash === hashOf(asked.request)) return known;
    throw new DomainError(
      'idempotency_key_reused',
      'This key was used for another request within the last 24 hours.',
    );
  }

  return {
    /**
     * The ID of the event created with this key in the last 24 hours, or null.
     * @throws DomainError `idempotency_key_reused` where the key belongs to another request
     */
    async find(session: ClientSession, asked: KeyedRequest, now: Date): Promise<string | null> {
      return (await findKey(session, asked, now))?.eventId ?? null;
    },

    /** The answer kept with this key in the last 24 hours, or null. @throws as `find` */
    async answerTo(session: ClientSession, asked: KeyedRequest, now: Date): Promise<unknown> {
      return (await findKey(session, asked, now))?.answer ?? null;
    },

    /** Keeps the key of a request, for an event. It replaces an expired one. */
    async remember(
      session: ClientSession,
      asked: KeyedRequest,
      eventId: string,
      now: Date,
      answer: unknown = null,
    ) {
      const requestHash = hashOf(asked.request);
      const key: EventKey = { _id: idOf(asked), requestHash, eventId, answer, createdAt: now };
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

/**
 * Whether a key is older than 24 hours. MongoDB removes expired documents about once a minute, so
 * one may still be read.
 */
function isExpired({ createdAt }: EventKey, now: Date): boolean {
  return now.getTime() - createdAt.getTime() >= KEPT_S * 1000;
}
