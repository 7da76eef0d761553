import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { EventStatus } from '../../domain/events/event.ts';
import { CAPE, eventFields, MESOS } from '../../domain/events/test-fields.ts';
import { profiled } from '../test-store.ts';
import type { LiveEvent, StoredEvent } from './events.ts';
import { type EventsFixture, eventsFixture, OPERATOR } from './test-events.ts';

let t: EventsFixture;
before(async () => {
  t = await eventsFixture();
});
after(() => t.close());

describe('creating an event', () => {
  it('keeps what was asked for and adds what the system knows', async () => {
    const fields = eventFields();
    const { event, replayed } = await t.events.create(OPERATOR, fields, 'DRAFT');
    assert.equal(replayed, false);
    const { eventId, createdAt, updatedAt, ...rest } = event;
    assert.match(eventId, /^evt_[0-9a-f]{24}$/);
    assert.deepEqual(createdAt, updatedAt);
    assert.deepEqual(rest, {
      ...fields,
      rewards: [
        { ...MESOS, buckets: null },
        { ...CAPE, buckets: 1 },
      ],
      status: 'DRAFT',
      version: 1,
      claimed: false,
      createdBy: 'usr_operator',
    });
    assert.deepEqual(await t.events.get(eventId), event);
  });

  it('has no limits where it was created before there were such', async () => {
    const event = await t.create();
    const limits = { claimsTotal: 1, exclusiveGroup: 1 };
    await t.events.model.updateOne({ _id: event.eventId }, { $unset: limits });
    assert.deepEqual(await t.events.get(event.eventId), event);
  });

  it('makes the stock in the same transaction', async () => {
    const event = await t.create();
    assert.deepEqual(await t.levels(event), [
      { rewardId: 'cape', stock: 10, available: 10, held: 0, granted: 0 },
    ]);
  });

  it('refuses windows and rewards that do not fit together, naming each', async () => {
    const fields = eventFields({
      endsAt: new Date('2026-12-01T00:00:00Z'),
      claimUntil: new Date('2026-11-01T00:00:00Z'),
      rewards: [CAPE, { ...CAPE, quantity: 20 }],
    });
    await assert.rejects(t.events.create(OPERATOR, fields, 'DRAFT'), (error: unknown) => {
      const { code, errors } = error as { code: string; errors: { pointer: string }[] };
      assert.equal(code, 'invalid_request');
      const pointers = errors.map(({ pointer }) => pointer);
      const expected = ['/endsAt', '/claimUntil', '/rewards/1/rewardId', '/rewards/1/stock'];
      assert.deepEqual(pointers, expected);
      return true;
    });
  });
});

describe('live events', () => {
  it('are those that take claims, newest first, read by an index', async (test) => {
    const own = await eventsFixture();
    test.after(() => own.close());
    const [past, now, soon] = [-1, 0, 1].map((h) => new Date(Date.now() + h * 3_600_000)) as [
      Date,
      Date,
      Date,
    ];
    const make = async (given: Parameters<typeof eventFields>[0], status: 'ACTIVE' | 'DRAFT') =>
      (await own.events.create(OPERATOR, eventFields(given), status)).event.eventId;
    const open = { startsAt: past, endsAt: soon, claimUntil: null, listedFrom: null };
    const first = await make(open, 'ACTIVE');
    await make(open, 'DRAFT');
    await make({ ...open, startsAt: new Date(now.getTime() + 60_000) }, 'ACTIVE');
    await make({ ...open, endsAt: new Date(past.getTime() + 60_000) }, 'ACTIVE');
    const second = await make(open, 'ACTIVE');
    const live = await own.events.live(now, 5);
    assert.deepEqual(
      live.map(({ eventId }) => eventId),
      [second, first],
    );
    const { eventId: _, claimableUntil, rewards, ...shown } = live[0] as LiveEvent;
    assert.deepEqual(claimableUntil, soon);
    assert.deepEqual(rewards[0], { rewardId: MESOS.rewardId, name: MESOS.name, stock: null });
    const { title, period, fulfillment } = eventFields();
    const { timeZone } = period;
    assert.deepEqual(shown, {
      ...{ title, startsAt: past, endsAt: soon, timeZone, provider: fulfillment.provider },
    });
    assert.equal((await own.events.live(now, 0)).length, 1, 'one more than the limit');
    const seen = await profiled(own.events.model.db, 'events', () => own.events.live(now, 5));
    const keys = '{ status: 1, createdAt: -1, _id: -1, claimableUntil: 1, listedFrom: 1 }';
    assert.deepEqual(
      seen.map(({ planSummary, hasSortStage }) => [planSummary, hasSortStage]),
      [[`IXSCAN ${keys}`, undefined]],
    );
  });
});

describe('a page of events', () => {
  let own: EventsFixture;
  const created = new Map<EventStatus, string[]>();
  /** Active events: one that has just been listed, and one that will be soon. */
  const listed: string[] = [];
  const NOW = new Date('2126-06-01T00:00:00Z');

  const windowUntil = (claimUntil: string) => ({
    startsAt: new Date('2120-01-01T00:00:00Z'),
    endsAt: new Date('2120-01-02T00:00:00Z'),
    claimUntil: new Date(claimUntil),
  });

  before(async () => {
    own = await eventsFixture();
    // Three events of each status, all created at one time: only their IDs tell them apart.
    own.setNow('2126-01-01T00:00:00Z');
    const steps: EventStatus[][] = [[], ['ACTIVE'], ['ACTIVE', 'PAUSED'], ['ACTIVE', 'ENDED']];
    for (const moves of steps) {
      const status = moves.at(-1) ?? 'DRAFT';
      for (let i = 0; i < 3; i++) {
        const { eventId } = await own.create(windowUntil('2127-01-01T00:00:00Z'), 'DRAFT');
        for (const to of moves) await own.events.change(OPERATOR, eventId, { status: to });
        created.set(status, [...(created.get(status) ?? []), eventId]);
      }
    }
    for (const listedFrom of [NOW, new Date(NOW.getTime() + 1)]) {
      const window = windowUntil('2127-01-01T00:00:00Z');
      listed.push((await own.create({ ...window, listedFrom }, 'ACTIVE')).eventId);
    }
    own.setNow('2126-01-02T00:00:00Z');
    await own.create(windowUntil('2126-06-01T00:00:00Z'), 'ACTIVE');
  });
  after(() => own.close());

  async function walk(filter: { audience: 'player' | 'staff'; status?: EventStatus }) {
    const seen: StoredEvent[] = [];
    for (let from: { at: Date; id: string } | undefined; ; ) {
      const found = await own.events.page({ ...filter, now: NOW }, from, 2);
      seen.push(...found.slice(0, 2));
      if (found.length <= 2) return seen;
      const last = seen.at(-1) as StoredEvent;
      from = { at: last.createdAt, id: last.eventId };
    }
  }
  const ids = (events: StoredEvent[]) => events.map(({ eventId }) => eventId);
  const newestFirst = (...statuses: EventStatus[]) =>
    statuses
      .flatMap((status) => created.get(status) ?? [])
      .sort()
      .reverse();

  it('shows staff every event once, the newest first', async () => {
    const [newest, ...rest] = await walk({ audience: 'staff' });
    assert.equal(newest?.claimUntil?.toISOString(), '2126-06-01T00:00:00.000Z');
    const all = [...newestFirst('DRAFT', 'ACTIVE', 'PAUSED', 'ENDED'), ...listed];
    assert.deepEqual(ids(rest), all.sort().reverse());
  });

  it('shows players only events that are or will be open, once they are listed', async () => {
    const shown = [...newestFirst('ACTIVE', 'PAUSED'), listed[0] as string];
    assert.deepEqual(ids(await walk({ audience: 'player' })), shown.sort().reverse());
  });

  it('shows only one status where that is asked for, and players still no draft', async () => {
    const drafts = await walk({ audience: 'staff', status: 'DRAFT' });
    assert.deepEqual(ids(drafts), newestFirst('DRAFT'));
    const paused = await walk({ audience: 'player', status: 'PAUSED' });
    assert.deepEqual(ids(paused), newestFirst('PAUSED'));
    assert.deepEqual(await walk({ audience: 'player', status: 'DRAFT' }), []);
  });

  it('is read from an index in its order, whoever asks', async () => {
    const db = own.connection.db;
    assert.ok(db);
    await db.command({ profile: 2 });
    await walk({ audience: 'staff' });
    await walk({ audience: 'staff', status: 'ACTIVE' });
    await walk({ audience: 'player' });
    await walk({ audience: 'player', status: 'ACTIVE' });
    await db.command({ profile: 0 });
    const reads = await db
      .collection('system.profile')
      .find({ 'command.find': 'events' })
      .toArray();
    assert.equal(reads.length, 8 + 3 + 4 + 2);
    for (const { planSummary, hasSortStage, command } of reads) {
      const query = JSON.stringify(command.filter);
      assert.match(planSummary, /^IXSCAN/, query);
      assert.equal(hasSortStage, undefined, query);
    }
  });
});
