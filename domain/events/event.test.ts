import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  claimableUntil,
  EVENT_STATUSES,
  type EventFields,
  type EventStatus,
  inconsistencies,
  isOpenAt,
  isShownAt,
  mayMoveEvent,
  playMoment,
  type Reward,
} from './event.ts';
import { eventFields, ONCE } from './test-fields.ts';

const CAPE: Reward = { rewardId: 'cape', kind: 'ITEM', name: 'Cape', quantity: 10, stock: 100 };

const event = (given: Partial<EventFields> = {}): EventFields =>
  eventFields({
    endsAt: new Date('2026-12-31T00:00:00Z'),
    claimUntil: new Date('2027-01-07T00:00:00Z'),
    period: ONCE,
    rewards: [CAPE],
    ...given,
  });

const places = (given: Partial<EventFields>, before?: EventFields) =>
  inconsistencies({ ...(before ?? event()), ...given }, before).map(({ pointer }) => pointer);

const END = event().endsAt;
const BEFORE_END = new Date(END.getTime() - 1);

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

  it('takes claims until it ends where no other moment is set, whichever end that is', () => {
    const follows = event({ claimUntil: null });
    assert.deepEqual(claimableUntil(follows), END);
    assert.ok(isOpenAt({ ...follows, status: 'ACTIVE' }, BEFORE_END));
    assert.ok(!isOpenAt({ ...follows, status: 'ACTIVE' }, END));
    const moved = { ...follows, endsAt: new Date('2026-12-10T00:00:00Z') };
    assert.ok(!isOpenAt({ ...moved, status: 'ACTIVE' }, moved.endsAt));
    assert.deepEqual(claimableUntil(event()), event().claimUntil);
  });

  it('is judged at the moment of the claim, and in the grace at the last one of the play window', () => {
    const noon = new Date('2026-12-10T12:00:00Z');
    assert.deepEqual(playMoment(event(), noon), noon);
    assert.deepEqual(playMoment(event(), BEFORE_END), BEFORE_END);
    assert.deepEqual(playMoment(event(), END), BEFORE_END);
    assert.deepEqual(playMoment(event(), new Date('2027-01-05T00:00:00Z')), BEFORE_END);
  });

  it('is shown to players once it is listed, at once where no moment is set, and never as a draft', () => {
    const listedFrom = new Date('2026-12-02T00:00:00Z');
    const isShown = (at: string, from: Date | null, status: EventStatus = 'ACTIVE') =>
      isShownAt({ status, listedFrom: from }, new Date(at));
    assert.ok(!isShown('2026-12-01T23:59:59.999Z', listedFrom));
    assert.ok(isShown('2026-12-02T00:00:00Z', listedFrom));
    assert.ok(isShown('1970-01-01T00:00:00Z', null));
    assert.ok(!isShown('2026-12-02T00:00:00Z', null, 'DRAFT'));
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
    assert.deepEqual(places({ claimUntil: null }), []);
  });

  it('is listed before its claim window ends, though perhaps after its start', () => {
    assert.deepEqual(places({ listedFrom: new Date('2026-12-05T00:00:00Z') }), []);
    assert.deepEqual(places({ listedFrom: event().claimUntil }), ['/listedFrom']);
    assert.deepEqual(places({ listedFrom: END, claimUntil: null }), ['/listedFrom']);
  });

  it('does not fit at the moment that was moved, whichever of the two that is', () => {
    const before = event({ listedFrom: new Date('2026-12-05T00:00:00Z') });
    assert.deepEqual(places({ endsAt: new Date('2027-01-08T00:00:00Z') }, before), ['/endsAt']);
    assert.deepEqual(places({ startsAt: END }, before), ['/startsAt']);
    const short = { endsAt: new Date('2026-12-03T00:00:00Z'), claimUntil: null };
    assert.deepEqual(places(short, before), ['/claimUntil']);
    assert.deepEqual(places({ endsAt: short.endsAt }, { ...before, claimUntil: null }), [
      '/endsAt',
    ]);
    assert.deepEqual(places({ listedFrom: END }, { ...before, claimUntil: END }), ['/listedFrom']);
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
