/** Laurel's collections, written to directly: what a measurement needs is put there without the API. */
import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import type { EventFields } from '../../domain/events/event.ts';
import { CAPE, eventFields, ONCE } from '../../domain/events/test-fields.ts';
import type { StoredEvent } from '../../store/events/events.ts';
import { openStore, type Store } from '../../store/index.ts';
import { connect } from '../../store/mongodb/connection.ts';
import type { StaffContext } from '../../store/users/staff.ts';

/** A connection to one database of Laurel's. */
export interface Collections {
  store: Store;
  database: Connection;
}

const OPERATOR: StaffContext = {
  actor: { userId: 'usr_bench', role: 'OPERATOR' },
  requestId: 'bench',
};

const FAR_OFF = new Date('2100-01-01T00:00:00Z');

/** Documents of one insert: well below the 48 MB that MongoDB takes. */
const BATCH = 1_000;

/** Connects to a database. @param maxPoolSize connections of the pool */
export async function openCollections(mongodbUri: string, maxPoolSize = 64): Promise<Collections> {
  const database = await connect(mongodbUri, { appName: 'laurel-bench', maxPoolSize });
  return { store: await openStore(database), database };
}

/**
 * Creates an open event with one limited reward that every player may claim once.
 * @param stock its units
 * @param given changes fields of the event
 */
export async function makeEvent(
  { store }: Collections,
  stock: number,
  given: Partial<EventFields> = {},
): Promise<StoredEvent> {
  const fields = eventFields({
    startsAt: new Date(0),
    endsAt: FAR_OFF,
    claimUntil: null,
    period: ONCE,
    rewards: [{ ...CAPE, stock }],
    ...given,
  });
  return (await store.events.create(OPERATOR, fields, 'ACTIVE')).event;
}

/** Creates an event whose last unit was granted. @param stock its units, all granted */
export async function makeSoldOut(collections: Collections, stock: number): Promise<StoredEvent> {
  const event = await makeEvent(collections, stock);
  await collections.store.events.markClaimed(event.eventId, event.version);
  await collections.store.stock.model.collection.updateMany({ eventId: event.eventId }, [
    { $set: { available: 0, granted: '$stock' } },
  ]);
  return event;
}

/** Inserts documents as they are, in batches. */
export async function insertAll(
  collection: { insertMany(records: never[], options: object): Promise<unknown> },
  records: readonly object[],
): Promise<void> {
  for (const batch of batchesOf(records, BATCH)) {
    await collection.insertMany(batch as never[], { ordered: false });
  }
}

/** Cuts items into batches of `size`; the last may be shorter. */
export function batchesOf<T>(items: readonly T[], size: number): T[][] {
  const starts = Array.from({ length: Math.ceil(items.length / size) }, (_, n) => n * size);
  return starts.map((start) => items.slice(start, start + size));
}

/** A random ID, as long as Laurel's own. @param prefix such as `usr` */
export function newId(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`;
}
