/**
 * The feed of all claim changes, in order, for publishing. One process at a time reads it: it holds
 * a lease, a document that also keeps the feed's position. Another process goes on from there.
 */
import { randomUUID } from 'node:crypto';
import type { Connection } from 'mongoose';
import { type FeedPlace, openFeedReader } from './claim-feed-reader.ts';

export type ClaimFeed = ReturnType<typeof createClaimFeed>;

/** The right to publish. It lasts for 30 seconds from each `keep` and `remember`. */
export type FeedLease = NonNullable<Awaited<ReturnType<ClaimFeed['takeLease']>>>;

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
export function createClaimFeed(connection: Connection, leaseMs: number = LEASE_MS) {
  const places = connection.collection<StoredPlace>('feed_places');
  const holder = randomUUID();
  const renewed = { holder, until: { $add: ['$$NOW', leaseMs] } };

  async function acquire(): Promise<StoredPlace | null> {
    const isFree = { $expr: { $or: [{ $eq: ['$holder', holder] }, { $lt: ['$until', '$$NOW'] }] } };
    // An upsert cannot have a filter with `$expr`, so the document is made by a write before.
    const first = { $setOnInsert: { holder, until: new Date(0) } };
    await places.updateOne({ _id: PLACE }, first, { upsert: true });
    return await places.findOneAndUpdate({ _id: PLACE, ...isFree }, [{ $set: renewed }], {
      returnDocument: 'after',
    });
  }

  async function createLease(stored: StoredPlace, firstEndsAtMs: number) {
    let endsAtMs = firstEndsAtMs;
    let notedAtMs = Number.NEGATIVE_INFINITY;
    const reader = await openFeedReader(connection, stored);

    async function write(set: object): Promise<void> {
      const askedAtMs = performance.now();
      const update = [{ $set: { ...renewed, ...set } }];
      const { matchedCount } = await places.updateOne({ _id: PLACE, holder }, update);
      if (matchedCount === 0) {
        endsAtMs = Number.NEGATIVE_INFINITY;
        throw new LeaseLost('another process publishes now');
      }
      endsAtMs = askedAtMs + leaseMs;
    }

    return {
      /** The next changes: at most 500, or none after a moment. One may come more than once. */
      next: reader.next,
      /** Renews the lease. @throws LeaseLost where another process holds it now */
      keep: () => write({}),
      /** Whether the lease still lasts, by our own clock. */
      isOurs: () => performance.now() < endsAtMs,
      /**
       * Keeps the position, from which the next lease goes on, and renews the lease.
       * @throws LeaseLost where another process holds it now
       */
      async remember({ token, at }: FeedPlace): Promise<void> {
        const isDue = performance.now() - notedAtMs > NOTE_EVERY_MS;
        const isNew = at?.getTime() !== stored.at?.getTime();
        if (!isDue && !isNew) return;
        await write(token === null ? {} : { token: { $literal: token }, at: { $literal: at } });
        stored.at = at;
        notedAtMs = performance.now();
      },
      /** Gives the lease up, so that another process may take it at once. */
      async end(): Promise<void> {
        await reader.close();
        await places.updateOne({ _id: PLACE, holder }, { $set: { until: new Date(0) } });
      },
    };
  }

  return {
    /**
     * The lease to publish, or null where another process holds it. Changes made after this call
     * are in the feed of whoever reads it next.
     */
    async takeLease() {
      const askedAtMs = performance.now();
      const place = await acquire();
      return place && (await createLease(place, askedAtMs + leaseMs));
    },
  };
}
