import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  EVENT_STATUSES,
  type EventFields,
  type EventStatus,
  inconsistencies,
  isOpenAt,
  mayMoveEvent,
  type Reward,
} from './event.ts';

const CAPE: Reward = { rewardId: 'cape', kind: 'ITEM', name: 'Cape', quantity: 10, stock: 100 };

function event(given: Partial<EventFields> = {}): EventFields {
  return {
    title: 'Snow festival',
    description: '',
    startsAt: new Date('2026-12-01T00:00:00Z'),
    endsAt: new Date('2026-12-31T00:00:00Z'),
    claimUntil: new Date('2027-01-07T00:00:00Z'),
    period: { kind: 'ONCE', timeZone: 'UTC', resetHour: 0 },
    claimsPerPeriod: 1,
    condition: null,
    rewardSelection: 'ALL',
    rewards: [CAPE],
    fulfillment: { provider: 'mailbox' },
    parkedAfter: { action: 'WAIT', hours: 24 },
    ...given,
  };
}

const places = (given: Partial<EventFields>) =>
  inconsistencies(event(given)).map(({ pointer }) => pointer);

describe('an event', () => {
  it('takes claims while it is active, from its start until before its claim window ends', () => {
    const open = (at: string, status: EventStatus = 'ACTIVE') =>
      isOpenAt({ ...event(), status }, new Date(at));
    assert.ok(!open('2026-11-30T23:59:59.999Z'));
    assert.ok(open('2026-12-01T00:00:00Z'));
    assert.ok(open('2027-01-06T23:59:59.999Z'), 'after endsAt, while claims are taken');
    assert.ok(!open('2027-01-07T00:00:00Z'));
    for (const status of ['DRAFT', 'PAUSED', 'ENDED'] as const) {
      assert.ok(!open('2026-12-15T00:00:00Z', status), status);
    }
  });

  it('moves DRAFT→ACTIVE⇄PAUSED→ENDED and ACTIVE→ENDED, or stays', () => {
    const moves = EVENT_STATUSES.flatMap((from) =>
      EVENT_STATUSES.filter((to) => from !== to && mayMoveEvent(from, to)).map(
        (to) => `${from}→${to}`,
      ),
    );
    assert.deepEqual(moves.sort(), [
      'ACTIVE→ENDED',
      'ACTIVE→PAUSED',
      'DRAFT→ACTIVE',
      'PAUSED→ACTIVE',
      'PAUSED→ENDED',
    ]);
    for (const status of EVENT_STATUSES) assert.ok(mayMoveEvent(status, status));
  });

  it('ends after it starts, and takes claims until its end or longer', () => {
    assert.deepEqual(places({}), []);
    assert.deepEqual(places({ claimUntil: event().endsAt }), []);
    assert.deepEqual(places({ endsAt: event().startsAt }), ['/endsAt']);
    assert.deepEqual(places({ claimUntil: new Date('2026-12-30T00:00:00Z') }), ['/claimUntil']);
  });

  it('names each reward once', () => {
    const hat = { ...CAPE, rewardId: 'hat' };
    assert.deepEqual(places({ rewards: [CAPE, hat] }), []);
    assert.deepEqual(places({ rewards: [CAPE, hat, CAPE] }), ['/rewards/2/rewardId']);
  });

  it('has a stock for at least one claim, none at all, or none to count', () => {
    for (const stock of [0, 10, 15, null]) {
      assert.deepEqual(places({ rewards: [{ ...CAPE, stock }] }), [], String(stock));
    }
    for (const stock of [1, 9]) {
      assert.deepEqual(places({ rewards: [{ ...CAPE, stock }] }), ['/rewards/0/stock']);
    }
  });
});
