import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { EventStatus } from '../../domain/events/event.ts';
import type { EventPatch } from '../../domain/events/event-change.ts';
import { CAPE, MESOS } from '../../domain/events/test-fields.ts';
import type { StoredEvent } from './events.ts';
import { type EventsFixture, eventsFixture, OPERATOR } from './test-events.ts';

let t: EventsFixture;
before(async () => {
  t = await eventsFixture();
});
after(() => t.close());

const change = (event: StoredEvent, patch: EventPatch, versions?: number[]) =>
  t.events.change(OPERATOR, event.eventId, patch, { ifMatchVersions: versions });

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
