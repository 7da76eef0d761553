import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { EventStatus } from '../../domain/events/event.ts';
import type { EventPatch } from '../../domain/events/event-change.ts';
import type { StoredEvent } from './events.ts';
import {
  CAPE,
  type EventsFixture,
  eventFields,
  eventsFixture,
  MESOS,
  OPERATOR,
} from './test-events.ts';

let t: EventsFixture;
before(async () => {
  t = await eventsFixture();
});
after(() => t.close());

const change = (event: StoredEvent, patch: EventPatch, versions?: number[]) =>
  t.events.change(OPERATOR, event.eventId, patch, { ifMatchVersions: versions });

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

describe('creating an event with an idempotency key', () => {
  const create = (key: string, title = 'Once', userId = 'usr_operator') => {
    const staff = { ...OPERATOR, actor: { ...OPERATOR.actor, userId } };
    return t.events.create(staff, eventFields({ title }), 'DRAFT', key);
  };

  it('answers the same event for the same request, as the event is now', async () => {
    const first = await create('same');
    await change(first.event, { title: 'Renamed' });
    const second = await create('same');
    assert.equal(second.replayed, true);
    assert.equal(second.event.eventId, first.event.eventId);
    assert.equal(second.event.title, 'Renamed');
  });

  it('refuses another request with the key', async () => {
    await create('reused');
    await assert.rejects(create('reused', 'Another'), { code: 'idempotency_key_reused' });
  });

  it('keeps the keys of two operators apart', async () => {
    const [mine, theirs] = [await create('shared'), await create('shared', 'x', 'usr_other')];
    assert.equal(theirs.replayed, false);
    assert.notEqual(mine.event.eventId, theirs.event.eventId);
  });

  it('creates one event however many ask at once', async () => {
    const title = 'Twins';
    const all = await Promise.all(Array.from({ length: 20 }, () => create('twins', title)));
    assert.equal(new Set(all.map(({ event }) => event.eventId)).size, 1);
    assert.equal(all.filter(({ replayed }) => !replayed).length, 1);
    assert.equal(await t.events.model.countDocuments({ title }), 1);
  });

  it('says so where the event has been deleted since', async () => {
    const { event } = await create('deleted');
    await t.events.remove(OPERATOR, event.eventId);
    await assert.rejects(create('deleted'), { code: 'conflict' });
  });

  it('forgets the key after 24 hours, though MongoDB has not removed it yet', async () => {
    const own = await eventsFixture();
    try {
      const createAt = async (moment: string, title: string) => {
        own.setNow(moment);
        return await own.events.create(OPERATOR, eventFields({ title }), 'DRAFT', 'old');
      };
      const first = await createAt('2126-11-22T10:00:00.000Z', 'One');
      const stillKept = await createAt('2126-11-23T09:59:59.999Z', 'One');
      assert.equal(stillKept.event.eventId, first.event.eventId);
      const later = await createAt('2126-11-23T10:00:00.000Z', 'Another');
      assert.equal(later.replayed, false);
      assert.equal((await createAt('2126-11-24T09:00:00.000Z', 'Another')).replayed, true);
    } finally {
      await own.close();
    }
  });
});

describe('a page of events', () => {
  let own: EventsFixture;
  const created = new Map<EventStatus, string[]>();
  /** Active events: one that has been listed just now, and one that is about to be. */
  const listed: string[] = [];
  const NOW = new Date('2126-06-01T00:00:00Z');

  const windowUntil = (claimUntil: string) => ({
    startsAt: new Date('2120-01-01T00:00:00Z'),
    endsAt: new Date('2120-01-02T00:00:00Z'),
    claimUntil: new Date(claimUntil),
  });

  before(async () => {
    own = await eventsFixture();
    // Three of each status, all created at one moment: only their IDs tell them apart.
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

describe('changing an event', () => {
  it('changes what is named, and its version', async () => {
    const event = await t.create();
    const changed = await change(event, { title: 'Ice festival', period: { resetHour: 6 } });
    assert.equal(changed.title, 'Ice festival');
    assert.deepEqual(changed.period, { ...event.period, resetHour: 6 });
    assert.equal(changed.version, 2);
    assert.deepEqual(await t.events.get(event.eventId), changed);
  });

  it('writes nothing where nothing differs', async () => {
    const event = await t.create();
    const same = await change(event, { title: event.title, status: 'ACTIVE' });
    assert.deepEqual(same, event);
  });

  it('checks the whole event, not only what is named', async () => {
    const event = await t.create();
    const patch = { endsAt: new Date('2027-06-01T00:00:00Z') };
    await assert.rejects(change(event, patch), {
      code: 'invalid_request',
      errors: [{ pointer: '/endsAt', message: 'claimUntil must not be earlier than endsAt' }],
    });
  });

  it('closes with its end where no other moment is set, also once that is taken away', async () => {
    const event = await t.create({ claimUntil: null });
    const list = async (now: string) =>
      (await t.events.page({ audience: 'player', now: new Date(now) }, undefined, 200)).some(
        ({ eventId }) => eventId === event.eventId,
      );
    assert.ok(await list('2026-12-31T14:59:59.999Z'));
    assert.ok(!(await list('2026-12-31T15:00:00Z')));
    await change(event, { endsAt: new Date('2026-12-10T00:00:00Z') });
    assert.ok(!(await list('2026-12-10T00:00:00Z')));
    await change(event, { claimUntil: new Date('2026-12-11T00:00:00Z') });
    assert.ok(await list('2026-12-10T00:00:00Z'));
    await change(event, { claimUntil: null });
    assert.ok(!(await list('2026-12-10T00:00:00Z')));
  });

  it('refuses a version that is no longer the event’s', async () => {
    const event = await t.create();
    await change(event, { title: 'Two' }, [1]);
    await assert.rejects(change(event, { title: 'Three' }, [1]), { code: 'version_mismatch' });
    assert.equal((await change(event, { title: 'Three' }, [1, 2])).version, 3);
  });

  it('lets one of many through who change the same version at once', async () => {
    const event = await t.create();
    const attempts = Array.from({ length: 8 }, (_, i) => change(event, { title: `T${i}` }, [1]));
    const codes = (await Promise.allSettled(attempts)).map((a) =>
      a.status === 'fulfilled' ? 'changed' : a.reason.code,
    );
    assert.deepEqual(codes.sort(), ['changed', ...Array(7).fill('version_mismatch')]);
  });

  it('loses no change of those made at once without a version', async () => {
    const event = await t.create();
    await Promise.all([
      change(event, { title: 'Ice festival' }),
      change(event, { description: 'Cold' }),
      change(event, { claimsPerPeriod: 3 }),
      change(event, { parkedAfter: { action: 'ABORT' } }),
    ]);
    const { title, description, claimsPerPeriod, parkedAfter, version } = (await t.events.get(
      event.eventId,
    )) as StoredEvent;
    assert.deepEqual(
      { title, description, claimsPerPeriod, parkedAfter, version },
      {
        title: 'Ice festival',
        description: 'Cold',
        claimsPerPeriod: 3,
        parkedAfter: { action: 'ABORT', hours: 24 },
        version: 5,
      },
    );
  });

  it('moves the status only as the contract draws it', async () => {
    const event = await t.create({}, 'DRAFT');
    const moves: [EventStatus, boolean][] = [
      ['PAUSED', false],
      ['ENDED', false],
      ['ACTIVE', true],
      ['DRAFT', false],
      ['PAUSED', true],
      ['ACTIVE', true],
      ['PAUSED', true],
      ['ENDED', true],
      ['ACTIVE', false],
      ['PAUSED', false],
    ];
    for (const [status, allowed] of moves) {
      const moved = change(event, { status });
      if (allowed) assert.equal((await moved).status, status);
      else await assert.rejects(moved, { code: 'invalid_transition' }, status);
    }
  });

  it('answers not_found for an event that is none', async () => {
    const nowhere = t.events.change(OPERATOR, 'evt_none', { rewards: [CAPE] });
    await assert.rejects(nowhere, { code: 'not_found' });
  });

  it('makes the stock anew with other rewards, as long as nobody has claimed', async () => {
    const event = await t.create();
    const hat = { ...CAPE, rewardId: 'hat', quantity: 2, stock: 900 };
    const changed = await change(event, { rewards: [{ ...CAPE, stock: null }, hat] });
    assert.deepEqual(
      changed.rewards.map(({ rewardId, buckets }) => [rewardId, buckets]),
      [
        ['cape', null],
        ['hat', 3],
      ],
    );
    assert.deepEqual(await t.levels(event), [
      { rewardId: 'hat', stock: 900, available: 900, held: 0, granted: 0 },
    ]);
  });
});

describe('the mark of the first claim', () => {
  it('is set on the version that the claim was made of', async () => {
    const event = await t.create();
    assert.equal(await t.events.markClaimed(event.eventId, 1), true);
    assert.equal((await t.events.get(event.eventId))?.claimed, true);
    assert.equal(await t.events.markClaimed(event.eventId, 1), true, 'a twin finds it set');
  });

  it('is not set on an event that changed meanwhile, nor on one that is not active', async () => {
    const changed = await t.create();
    await change(changed, { title: 'Other' });
    assert.equal(await t.events.markClaimed(changed.eventId, 1), false);
    const draft = await t.create({}, 'DRAFT');
    assert.equal(await t.events.markClaimed(draft.eventId, 1), false);
    assert.equal(await t.events.markClaimed('evt_none', 1), false);
  });

  it('freezes what claims were promised, and names it', async () => {
    const event = await t.createClaimed();
    const patches: [EventPatch, string][] = [
      [{ startsAt: new Date('2026-11-30T00:00:00Z') }, '/startsAt'],
      [{ rewards: [MESOS] }, '/rewards'],
      [{ rewards: [MESOS, CAPE, { ...CAPE, rewardId: 'hat' }] }, '/rewards'],
      [{ rewards: [MESOS, { ...CAPE, kind: 'COUPON' }] }, '/rewards'],
      [{ rewards: [MESOS, { ...CAPE, quantity: 2 }] }, '/rewards'],
      [{ rewards: [MESOS, { ...CAPE, stock: null }] }, '/rewards'],
      [{ rewards: [{ ...MESOS, stock: 100_000 }, CAPE] }, '/rewards'],
      [{ rewardSelection: 'PLAYER_CHOICE' }, '/rewardSelection'],
      [{ period: { resetHour: 6 } }, '/period'],
      [{ period: { resetMinute: 30 } }, '/period'],
      [{ period: { timeZone: 'UTC' } }, '/period'],
      [{ claimsPerPeriod: 2 }, '/claimsPerPeriod'],
      [{ claimsTotal: 5 }, '/claimsTotal'],
      [{ exclusiveGroup: 'winter' }, '/exclusiveGroup'],
      [{ fulfillment: { provider: 'game' } }, '/fulfillment/provider'],
    ];
    for (const [patch, pointer] of patches) {
      const error = await change(event, patch).then(
        () => assert.fail(`not refused: ${JSON.stringify(patch)}`),
        (refused) => refused,
      );
      assert.equal(error.code, 'conflict');
      assert.deepEqual(
        error.errors.map((e: { pointer: string }) => e.pointer),
        [pointer],
      );
    }
    assert.equal((await t.events.get(event.eventId))?.version, 1);
  });

  it('leaves texts, ends, listing, parking, names, order and stock open to change', async () => {
    const event = await t.createClaimed();
    const changed = await change(event, {
      title: 'Ice festival',
      endsAt: new Date('2027-01-01T00:00:00Z'),
      claimUntil: new Date('2027-02-01T00:00:00Z'),
      listedFrom: new Date('2026-12-02T00:00:00Z'),
      parkedAfter: { action: 'RETRY', hours: 2 },
      rewards: [{ ...CAPE, name: 'Ice cape', stock: 20 }, MESOS],
      status: 'PAUSED',
    });
    assert.deepEqual(changed.rewards, [
      { ...CAPE, name: 'Ice cape', stock: 20, buckets: 1 },
      { ...MESOS, buckets: null },
    ]);
    assert.equal(changed.claimed, true);
  });

  it('and a change of something frozen never both succeed', async () => {
    for (let round = 0; round < 20; round++) {
      const event = await t.create();
      const [marked, changed] = await Promise.all([
        t.events.markClaimed(event.eventId, 1),
        change(event, { rewards: [MESOS, { ...CAPE, quantity: 2 }] }).then(
          () => true,
          (error) => error.code !== 'conflict',
        ),
      ]);
      assert.notEqual(marked, changed);
      const [bucket] = await t.stock.model.find({ eventId: event.eventId }).lean();
      assert.equal(bucket?.quantity, changed ? 2 : 1);
    }
  });
});

describe('deleting an event', () => {
  it('removes a draft and its stock', async () => {
    const { eventId } = await t.create({}, 'DRAFT');
    await t.events.remove(OPERATOR, eventId);
    assert.equal(await t.events.get(eventId), null);
    assert.equal(await t.stock.model.countDocuments({ eventId }), 0);
    await assert.rejects(t.events.remove(OPERATOR, eventId), { code: 'not_found' });
  });

  it('refuses any other event', async () => {
    const event = await t.create();
    await assert.rejects(t.events.remove(OPERATOR, event.eventId), { code: 'conflict' });
    await change(event, { status: 'ENDED' });
    await assert.rejects(t.events.remove(OPERATOR, event.eventId), { code: 'conflict' });
    assert.equal(await t.stock.model.countDocuments({ eventId: event.eventId }), 1);
  });

  it('refuses a version that is no longer the event’s', async () => {
    const { eventId } = await t.create({}, 'DRAFT');
    const stale = t.events.remove(OPERATOR, eventId, { ifMatchVersions: [7] });
    await assert.rejects(stale, { code: 'version_mismatch' });
  });
});
