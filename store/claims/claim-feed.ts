/**
 * The feed of all claim changes, in order, for publishing. One process at a time reads it: it holds
 * a lease, a document that also keeps the feed's position. Another process goes on from there.
 */
import { randomUUID } from 'node:crypto';
import type { Connection } from 'mongoose';
import { Schema } from 'mongoose';
import { type FeedPage, type FeedPlace, openFeedReader } from './claim-feed-reader.ts';

export interface ClaimFeed {
  /**
   * The lease to publish, or null where another process holds it. Changes made after this call are
   * in the feed of whoever reads it next.
   */
  takeLease(): Promise<FeedLease | null>;
}

/** The right to publish. It lasts for 30 seconds from each `keep` and `remember`. */
export interface FeedLease {
  /** The next changes: at most 500, or none after a moment. A change may come more than once. */
  next(): Promise<FeedPage>;
  /** Renews the lease. @throws LeaseLost where another process holds it now */
  keep(): Promise<void>;
  /** Whether the lease still lasts, by our own clock. */
  isOurs(): boolean;
  /**
   * Keeps the position, from which the next lease goes on, and renews the lease.
   * @throws LeaseLost where another process holds it now
   */
  remember(place: FeedPlace): Promise<void>;
  /** Gives the lease up, so that another process may take it at once. */
  end(): Promise<void>;
}

class LeaseLost extends Error {}

interface StoredPlace {
  _id: string;
  /** The process that holds the lease, by an ID of its own. */
  holder: string;
  /** When the lease ends, by the database server's clock. */
  until: Date;
  token?: unknown;
  at?: Date | null;
}

const schema = new Schema<StoredPlace>(
  {
    _id: { type: String, required: true },
    holder: { type: String, required: true },
    until: { type: Date, required: true },
    token: Object,
    at: Date,
  },
  { collection: 'feed_places', versionKey: false, strict: 'throw' },
);

const PLACE = 'claim.state';

/**
 * How long a lease lasts, in milliseconds: longer than a publisher's longest pause and its slowest
 * write to a broker together.
 */
const LEASE_MS = 30_000;

/**
 * How often the position of an idle feed is written, in milliseconds: the oplog must not lose the
 * place of its token.
 */
const NOTE_EVERY_MS = 5_000;

/** @param leaseMs how long a lease lasts, in milliseconds */
export function createClaimFeed(connection: Connection, leaseMs: number = LEASE_MS): ClaimFeed {
  const places = connection.model<StoredPlace>('FeedPlace', schema);
  const holder = randomUUID();
  const renewed = { holder, until: { $add: ['$$NOW', leaseMs] } };

  async function acquire(): Promise<StoredPlace | null> {
    const isFree = { $expr: { $or: [{ $eq: ['$holder', holder] }, { $lt: ['$until', '$$NOW'] }] } };
    // An upsert cannot have a filter with `$expr`, so the document is made by a write before.
    const first = { $setOnInsert: { holder, until: new Date(0) } };
    await places.updateOne({ _id: PLACE }, first, { upsert: true });
    const options = { returnDocument: 'after', updatePipeline: true } as const;
    return await places
      .findOneAndUpdate({ _id: PLACE, ...isFree }, [{ $set: renewed }], options)
      .lean<StoredPlace>();
  }

  async function createLease(stored: StoredPlace, firstEndsAtMs: number): Promise<FeedLease> {
    let endsAtMs = firstEndsAtMs;
    let notedAtMs = Number.NEGATIVE_INFINITY;
    const reader = await openFeedReader(connection, stored);

    async function write(set: object): Promise<void> {
      const askedAtMs = performance.now();
      const update = [{ $set: { ...renewed, ...set } }];
      const options = { updatePipeline: true };
      const { matchedCount } = await places.updateOne({ _id: PLACE, holder }, update, options);
      if (matchedCount === 0) {
        endsAtMs = Number.NEGATIVE_INFINITY;
        throw new LeaseLost('another process publishes now');
      }
      endsAtMs = askedAtMs + leaseMs;
    }

    return {
      next: reader.next,
      keep: () => write({}),
      isOurs: () => performance.now() < endsAtMs,
      async remember({ token, at }) {
        const isDue = performance.now() - notedAtMs > NOTE_EVERY_MS;
        const isNew = at?.getTime() !== stored.at?.getTime();
        if (!isDue && !isNew) return;
        await write({
          ...(token !== null && { token: { $literal: token }, at: { $literal: at } }),
        });
        stored.at = at;
        notedAtMs = performance.now();
      },
      async end() {
        await reader.close();
        await places.updateOne({ _id: PLACE, holder }, { $set: { until: new Date(0) } });
      },
    };
  }

  return {
    async takeLease() {
      const askedAtMs = performance.now();
      const place = await acquire();
      return place && (await createLease(place, askedAtMs + leaseMs));
    },
  };
}
