/** For tests of the stores: all stores over a database of their own, and example data. */
import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import { dropDatabase } from '../test/drop-database.ts';
import { testServers } from '../test/servers.ts';
import { claimIdOf, type NewClaim } from './claims/claim-record.ts';
import { openStore, type Store } from './index.ts';
import { connect } from './mongodb/connection.ts';
import type { StockBucket } from './stock/stock.ts';

export type StoreFixture = Awaited<ReturnType<typeof storeFixture>>;

/** A name that no other test uses. */
export const unique = (prefix: string): string => `${prefix}_${randomBytes(8).toString('hex')}`;

/** `close` drops the database. `setNow` stops the stores' clock at a time. */
export async function storeFixture() {
  const { mongodbUri, stop } = await testServers();
  const connection = await connect(mongodbUri(unique('store')), { appName: 'laurel-test' });
  let stoppedAt: Date | undefined;
  const store = await openStore(connection, () => stoppedAt ?? new Date());

  return {
    connection,
    store,
    setNow(moment: Date | undefined) {
      stoppedAt = moment;
    },
    async close() {
      await dropDatabase(connection);
      await connection.close();
      await stop();
    },
  };
}

/** The ID of a new player, for code that checks whether a user exists. */
export async function newPlayer({ users }: Pick<Store, 'users'>): Promise<string> {
  const names = { username: unique('player'), displayName: 'Player', passwordHash: 'none' };
  return (await users.register(names, new Date())).userId;
}

/** What the API would record for a claim of one cape; `given` changes it. */
export function newClaim(given: Partial<NewClaim> = {}): NewClaim {
  return {
    userId: unique('usr'),
    idempotencyKey: unique('key'),
    eventId: 'evt_1',
    rewardId: null,
    periodKey: 'once',
    rights: [[unique('slot')]],
    acceptedAt: new Date('2026-11-22T12:00:00Z'),
    lines: [{ lineId: 'cape', kind: 'ITEM', name: 'Frost cape', quantity: 1, buckets: 1 }],
    snapshot: {
      eventVersion: 1,
      provider: 'mailbox',
      startsAt: new Date('2026-11-01T00:00:00Z'),
      endsAt: new Date('2026-12-01T00:00:00Z'),
      claimableUntil: new Date('2026-12-01T00:00:00Z'),
      parkedAfter: { action: 'WAIT', hours: 24 },
    },
    ...given,
  };
}

/** The ID of a claim that is not recorded. */
export const someClaimId = (): string => claimIdOf(unique('usr'), 'key');

/** One database operation as the server's profiler saw it. */
interface ProfiledOperation {
  op: string;
  ns: string;
  planSummary?: string;
  /** Whether the server sorted what it had read. */
  hasSortStage?: boolean;
  docsExamined?: number;
  command: Record<string, unknown>;
}

/** Does the work. Returns the operations on `collection` that the server ran for it. */
export async function profiled(
  connection: Connection,
  collection: string,
  work: () => Promise<unknown>,
): Promise<ProfiledOperation[]> {
  const { db } = connection;
  if (!db) throw new Error('not connected');
  await db.setProfilingLevel('off');
  await db.dropCollection('system.profile').catch(() => {});
  await db.setProfilingLevel('all');
  try {
    await work();
  } finally {
    await db.setProfilingLevel('off');
  }
  return await db
    .collection<ProfiledOperation>('system.profile')
    .find({ ns: `${db.databaseName}.${collection}` })
    .sort({ ts: 1 })
    .toArray();
}

/** A bucket with nothing held or granted. */
export function bucket(
  eventId: string,
  n: number,
  units: number,
  given: Partial<StockBucket> = {},
): StockBucket {
  const levels = { quantity: 1, stock: units, available: units, granted: 0, holds: [] };
  return { _id: `${eventId}/cape/${n}`, eventId, rewardId: 'cape', n, ...levels, ...given };
}

/** A player event as a game server sends it. */
export interface Sent {
  id: string;
  userId: string;
  metric: string;
  key?: string;
  value?: number;
  at: string;
}
