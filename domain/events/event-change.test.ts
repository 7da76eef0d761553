import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Reward } from './event.ts';
import { type EventPatch, frozenChanges, patched } from './event-change.ts';
import { eventFields } from './test-fields.ts';

const CAPE: Reward = { rewardId: 'cape', kind: 'ITEM', name: 'Cape', quantity: 1, stock: 10 };
const MESOS: Reward = {
  rewardId: 'mesos',
  kind: 'CURRENCY',
  name: 'Mesos',
  quantity: 100,
  stock: null,
};
const EVENT = eventFields({
  description: 'It snows.',
  endsAt: new Date('2026-12-31T00:00:00Z'),
  claimUntil: new Date('2027-01-07T00:00:00Z'),
  rewards: [CAPE, MESOS],
});

describe('a partial update of an event', () => {
  it('leaves out what it does not name', () => {
    assert.deepEqual(patched(EVENT, {}), EVENT);
    assert.deepEqual(patched(EVENT, { description: '' }), { ...EVENT, description: '' });
  });

  it('reaches into the period, the provider and the parking', () => {
    const patch: EventPatch = {
      period: { resetHour: 0 },
      fulfillment: {},
      parkedAfter: { action: 'ABORT' },
    };
    assert.deepEqual(patched(EVENT, patch), {
      ...EVENT,
      period: { ...EVENT.period, resetHour: 0 },
      parkedAfter: { action: 'ABORT', hours: 24 },
    });
  });

  it('takes a moment away where it is null, and keeps it where it is left out', () => {
    const listed = { ...EVENT, listedFrom: new Date('2026-12-02T00:00:00Z') };
    const { claimUntil, listedFrom } = patched(listed, { claimUntil: null });
    assert.deepEqual([claimUntil, listedFrom], [null, listed.listedFrom]);
    assert.equal(patched(listed, { listedFrom: null }).listedFrom, null);
  });

  it('takes a limit away where it is null, and keeps it where it is left out', () => {
    const limited = { ...EVENT, claimsTotal: 5, exclusiveGroup: 'winter' };
    assert.deepEqual(patched(limited, { title: 'Ice' }), { ...limited, title: 'Ice' });
    const { claimsTotal, exclusiveGroup } = patched(limited, { claimsTotal: null });
    assert.deepEqual([claimsTotal, exclusiveGroup], [null, 'winter']);
    assert.equal(patched(limited, { exclusiveGroup: null }).exclusiveGroup, null);
  });

  it('replaces the rewards, and keeps a stock that is not named', () => {
    const { stock: _, ...cape } = CAPE;
    const hat = { ...cape, rewardId: 'hat' };
    const { rewards } = patched(EVENT, { rewards: [hat, cape, { ...MESOS, stock: 0 }] });
    assert.deepEqual(
      rewards.map(({ rewardId, stock }) => [rewardId, stock]),
      [
        ['hat', null],
        ['cape', 10],
        ['mesos', 0],
      ],
    );
  });

  it('may take a stock away', () => {
    const { rewards } = patched(EVENT, { rewards: [{ ...CAPE, stock: null }] });
    assert.equal(rewards[0]?.stock, null);
  });
});

describe('what is frozen after the first claim', () => {
  const touched = (patch: EventPatch) =>
    frozenChanges(EVENT, patched(EVENT, patch)).map(({ pointer }) => pointer);

  it('is nothing of a change of texts, ends, listing, parking, stock, names and order', () => {
    const patch: EventPatch = {
      title: 'Ice',
      description: 'Cold',
      endsAt: new Date('2027-01-01T00:00:00Z'),
      claimUntil: new Date('2027-02-01T00:00:00Z'),
      listedFrom: new Date('2026-12-02T00:00:00Z'),
      parkedAfter: { action: 'RETRY', hours: 1 },
      rewards: [MESOS, { ...CAPE, name: 'Ice cape', stock: 0 }],
    };
    assert.deepEqual(touched(patch), []);
  });

  it('is named, all of it', () => {
    const patch: EventPatch = {
      startsAt: new Date('2026-11-01T00:00:00Z'),
      rewards: [CAPE],
      rewardSelection: 'PLAYER_CHOICE',
      period: { kind: 'WEEKLY' },
      claimsPerPeriod: 2,
      claimsTotal: 5,
      exclusiveGroup: 'winter',
      condition: { metric: 'level', atLeast: 30 },
      fulfillment: { provider: 'game' },
    };
    assert.deepEqual(touched(patch), [
      '/startsAt',
      '/rewards',
      '/rewardSelection',
      '/period',
      '/claimsPerPeriod',
      '/claimsTotal',
      '/exclusiveGroup',
      '/condition',
      '/fulfillment/provider',
    ]);
  });

  it('is each part of a reward but its name, and whether it has a stock', () => {
    const others: Reward[] = [
      { ...CAPE, rewardId: 'hat' },
      { ...CAPE, kind: 'COUPON' },
      { ...CAPE, quantity: 2 },
      { ...CAPE, stock: null },
    ];
    for (const cape of others) assert.deepEqual(touched({ rewards: [cape, MESOS] }), ['/rewards']);
    assert.deepEqual(touched({ rewards: [CAPE, { ...MESOS, stock: 100 }] }), ['/rewards']);
    const hat = { ...CAPE, rewardId: 'hat' };
    assert.deepEqual(touched({ rewards: [CAPE, MESOS, hat] }), ['/rewards']);
  });

  it('is each part of the period', () => {
    const others: EventPatch['period'][] = [
      { kind: 'ONCE' },
      { timeZone: 'UTC' },
      { resetHour: 0 },
      { resetMinute: 30 },
      { resetDay: 'THURSDAY' },
    ];
    assert.equal(others.length, Object.keys(EVENT.period).length, 'all of its parts');
    for (const period of others) assert.deepEqual(touched({ period }), ['/period']);
  });

  it('is no name of the zone: another name for the same one may be written', () => {
    const india = { ...EVENT, period: { ...EVENT.period, timeZone: 'Asia/Calcutta' } };
    const kolkata = patched(india, { period: { timeZone: 'Asia/Kolkata' } });
    assert.deepEqual(frozenChanges(india, kolkata), []);
  });
});
