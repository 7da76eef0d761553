/** For tests of events: a database with the stores that they need, and an example event. */
import { randomUUID } from 'node:crypto';
import type { EventFields, Reward } from '../../domain/events/event.ts';
import { eventFields } from '../../domain/events/test-fields.ts';
import { dropDatabase } from '../../test/drop-database.ts';
import { testServers, uniqueName } from '../../test/servers.ts';
import { claimModel } from '../claims/claim-record.ts';
import { createServerClock } from '../mongodb/clock.ts';
import { connect } from '../mongodb/connection.ts';
import { createStockStore } from '../stock/stock.ts';
import type { StaffContext } from '../users/staff.ts';
import { createEventStats } from './event-stats.ts';
import { createEventStore, type StoredEvent } from './events.ts';

export const OPERATOR: StaffContext = {
  actor: { userId: 'usr_operator', role: 'OPERATOR' },
  requestId: 'test',
};

export type EventsFixture = Awaited<ReturnType<typeof eventsFixture>>;

/** `close` drops the database. `setNow` stops the stores' clock at a time. */
export async function eventsFixture() {
  const servers = await testServers();
  const connection = await connect(servers.mongodbUri(uniqueName('events')), { appName: 'test' });
  let stoppedAt: Date | undefined;
  const stock = createStockStore(connection, createServerClock(connection));
  const events = createEventStore(connection, () => stoppedAt ?? new Date());
  const stats = createEventStats(connection, stock);
  // For its indexes, as an event's claims are counted with them.
  claimModel(connection);
  await Promise.all(Object.values(connection.models).map((model) => model.createIndexes()));

  return {
    connection,
    stock,
    events,
    stats,

    setNow(moment: string) {
      stoppedAt = new Date(moment);
    },

    async create(given: Partial<EventFields> = {}, status: 'DRAFT' | 'ACTIVE' = 'ACTIVE') {
      return (await events.create(OPERATOR, eventFields(given), status)).event;
    },

    /** An active event after its first claim. */
    async createClaimed(given: Partial<EventFields> = {}): Promise<StoredEvent> {
      const { event } = await events.create(OPERATOR, eventFields(given), 'ACTIVE');
      if (!(await events.markClaimed(event.eventId, 1))) throw new Error('not marked');
      return { ...event, claimed: true };
    },

    /** Holds units of the reward for that many claims. Returns the holds' IDs. */
    async hold(event: StoredEvent, { rewardId, quantity }: Reward, count: number) {
      const { eventId } = event;
      const holds = Array.from({ length: count }, () => `clm_${randomUUID()}:${rewardId}`);
      for (const holdId of holds) {
        const held = await stock.reserve({ holdId, eventId, rewardId, quantity, buckets: 1 });
        if (held !== 'HELD') throw new Error(held);
      }
      return holds;
    },

    /** The levels of the event's stock. */
    async levels({ eventId }: StoredEvent) {
      const found = await stock.levels(eventId);
      return found.map(({ rewardId, stock, available, held, granted }) => {
        return { rewardId, stock, available, held, granted };
      });
    },

    async close() {
      await dropDatabase(connection);
      await connection.close();
      await servers.stop();
    },
  };
}
