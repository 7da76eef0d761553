/** Our collections from the bench's side: what a measurement needs is put there without the API. */
import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import type { EventFields } from '../../domain/events/event.ts';
import type { StoredEvent } from '../../store/events/events.ts';
import { openStore, type Store } from '../../store/index.ts';
import { connect } from '../../store/mongodb/connection.ts';
import type { StaffContext } from '../../store/users/staff.ts';

export interface Collections {
  store: Store;
  database: Connection;
}

const OPERATOR: StaffContext = {
  actor: { userId: 'usr_bench', role: 'OPERATOR' },
  requestId: 'bench',
};

const FAR_OFF = new Date('2100-01-01T00:00:00Z');

/** What one insert carries: well below the 48 MB that MongoDB takes. */
const BATCH = 1_000;

export async function openCollections(mongodbUri: string, maxPoolSize = 64): Promise<Collections> {
  const database = await connect(mongodbUri, { appName: 'laurel-bench', maxPoolSize });
  return { store: await openStore(database), database };
}

/** An open event of one limited reward, which everybody may claim once; `given` changes it. */
export async function makeEvent(
  { store }: Collections,
  stock: number,
  given: Partial<EventFields> = {},
): Promise<StoredEvent> {
  const fields: EventFields = {
    title: 'Snow festival',
    description: '',
    startsAt: new Date(0),
    endsAt: FAR_OFF,
    claimUntil: null,
    listedFrom: null,
    period: { kind: 'ONCE', timeZone: 'UTC', resetHour: 0, resetMinute: 0, resetDay: 'MONDAY' },
    claimsPerPeriod: 1,
    claimsTotal: null,
    exclusiveGroup: null,
    condition: null,
    rewardSelection: 'ALL',
    rewards: [{ rewardId: 'cape', kind: 'ITEM', name: 'Frost cape', quantity: 1, stock }],
    fulfillment: { provider: 'mailbox' },
    parkedAfter: { action: 'WAIT', hours: 24 },
    ...given,
  };
  return (await store.events.create(OPERATOR, fields, 'ACTIVE')).event;
}

/** An event that gave its last unit away. */
export async function makeSoldOut(collections: Collections, stock: number): Promise<StoredEvent> {
  const event = await makeEvent(collections, stock);
  await collections.store.events.markClaimed(event.eventId, event.version);
  await collections.store.stock.model.collection.updateMany({ eventId: event.eventId }, [
    { $set: { available: 0, granted: '$stock' } },
  ]);
  return event;
}

/** Inserts records as they are, in batches. */
export async function insertAll(
  collection: { insertMany(records: never[], options: object): Promise<unknown> },
  records: readonly object[],
): Promise<void> {
  for (let start = 0; start < records.length; start += BATCH) {
    const batch = records.slice(start, start + BATCH) as never[];
    await collection.insertMany(batch, { ordered: false });
  }
}

export function newId(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`;
}
