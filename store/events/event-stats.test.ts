import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ClaimState, LineState } from '../../domain/claims/claim.ts';
import { CAPE, MESOS } from '../../domain/events/test-fields.ts';
import { profiled } from '../test-store.ts';
import type { StoredEvent } from './events.ts';
import { type EventsFixture, eventsFixture } from './test-events.ts';

let t: EventsFixture;
before(async () => {
  t = await eventsFixture();
});
after(() => t.close());

interface Recorded {
  state: ClaimState;
  rewardId?: string;
  lines?: { [lineId: string]: LineState };
}

/** Claims as their store records them, with the fields that the numbers depend on. */
async function record(event: StoredEvent, claims: Recorded[]): Promise<void> {
  const documents = claims.map(({ state, rewardId = null, lines = {} }) => ({
    eventId: event.eventId,
    state,
    reason: state === 'FAILED' ? 'COMPENSATION_FAILED' : null,
    rewardId,
    createdAt: new Date(),
    lines: Object.entries(lines).map(([lineId, state]) => ({ lineId, state })),
  }));
  await t.connection.collection('claims').insertMany(documents);
}

describe('the numbers of an event', () => {
  it('are its whole stock and no claims before anyone claimed', async () => {
    const event = await t.create();
    assert.deepEqual(await t.stats.of(event), {
      rewards: [
        { rewardId: 'mesos', stock: null, available: null, held: 0, granted: 0 },
        { rewardId: 'cape', stock: 10, available: 10, held: 0, granted: 0 },
      ],
      claims: {},
    });
  });

  it('count holds and grants of a stock from its books', async () => {
    const event = await t.createClaimed({ rewards: [CAPE] });
    const [settled] = await t.hold(event, CAPE, 3);
    await t.stock.settle({ eventId: event.eventId, holdId: settled as string, quantity: 1 });
    assert.deepEqual((await t.stats.of(event)).rewards, [
      { rewardId: 'cape', stock: 10, available: 7, held: 2, granted: 1 },
    ]);
  });

  it('count claims by their state, whichever reward they chose, and no other event’s', async () => {
    const event = await t.create();
    const other = await t.create();
    await record(other, [{ state: 'GRANTED' }]);
    await record(event, [
      { state: 'GRANTED', rewardId: 'cape' },
      { state: 'GRANTED', rewardId: 'mesos' },
      { state: 'GRANTED' },
      { state: 'REJECTED' },
      { state: 'NEEDS_ATTENTION' },
    ]);
    assert.deepEqual((await t.stats.of(event)).claims, {
      GRANTED: 3,
      REJECTED: 1,
      NEEDS_ATTENTION: 1,
    });
  });

  it('count the units granted of a reward without a stock, of unfinished claims too', async () => {
    const dust = { ...MESOS, rewardId: 'dust', quantity: 3 };
    const event = await t.create({ rewards: [MESOS, dust] });
    const both = { mesos: 'GRANTED', dust: 'GRANTED' } as const;
    await record(event, [
      { state: 'GRANTED', lines: both },
      { state: 'GRANTED', rewardId: 'dust', lines: { dust: 'GRANTED' } },
      { state: 'NEEDS_ATTENTION', lines: { mesos: 'GRANTED', dust: 'PENDING' } },
      { state: 'FAILED', lines: { mesos: 'REVOKED', dust: 'GRANTED' } },
      { state: 'REJECTED', lines: { mesos: 'CANCELLED', dust: 'CANCELLED' } },
    ]);
    const { rewards } = await t.stats.of(event);
    assert.deepEqual(
      rewards.map(({ rewardId, granted }) => [rewardId, granted]),
      [
        ['mesos', 2 * 10_000],
        ['dust', 3 * 3],
      ],
    );
  });

  it('are read off indexes, and not past all that was granted', async () => {
    const event = await t.create({ rewards: [MESOS] });
    const granted = { state: 'GRANTED', lines: { mesos: 'GRANTED' } } as const;
    await record(event, [
      ...Array.from({ length: 200 }, () => granted),
      { state: 'NEEDS_ATTENTION', lines: { mesos: 'GRANTED' } },
    ]);
    const reads = await profiled(t.connection, 'claims', async () => {
      assert.equal((await t.stats.of(event)).rewards[0]?.granted, 201 * 10_000);
    });
    const ofEvent = 'IXSCAN { eventId: 1, state: 1, createdAt: -1, _id: -1, rewardId: 1 }';
    const ofReason = 'IXSCAN { reason: 1, createdAt: -1, _id: -1 }';
    const scans = new Set(reads.flatMap(({ planSummary = '' }) => planSummary.split(/, (?=IX)/)));
    assert.deepEqual(scans, new Set([ofEvent, ofReason]));
    const docs = reads.map(({ docsExamined = 0 }) => docsExamined);
    assert.ok(Math.max(...docs) < 10, `${docs} records were read`);
  });
});
