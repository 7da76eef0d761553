/**
 * The times of an event against a reading of the product's own words: for random events, moments and
 * player events, whether it is open, which period a claim is in, and which player events count. A
 * declared time that nothing reads shows here, as the oracle reads them all.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ConditionWindow } from '../conditions/condition.ts';
import { queriesOf } from '../conditions/condition-facts.ts';
import { claimPeriod, judgementOf, pinCondition, windowOf } from '../conditions/explanation.ts';
import {
  type EventFields,
  type EventStatus,
  inconsistencies,
  isOpenAt,
  isShownAt,
} from './event.ts';
import { PERIOD_KINDS, periodBounds, periodKey, WEEKDAYS } from './period.ts';
import { eventFields } from './test-fields.ts';

const HOUR_MS = 3_600_000;
const FIRST = Date.UTC(2026, 9, 20);

/** Whole hours, give or take a millisecond, so that moments often meet. */
const moment = fc
  .tuple(fc.integer({ min: 0, max: 24 * 30 }), fc.constantFrom(-1, 0, 0, 1))
  .map(([hours, offMs]) => new Date(FIRST + hours * HOUR_MS + offMs));

const period = fc.record({
  kind: fc.constantFrom(...PERIOD_KINDS),
  timeZone: fc.constantFrom('UTC', 'Asia/Seoul', 'America/New_York'),
  resetHour: fc.integer({ min: 0, max: 23 }),
  resetMinute: fc.constantFrom(0, 30),
  resetDay: fc.constantFrom(...WEEKDAYS),
});

const LEAF = { metric: 'boss.killed', atLeast: 1 };

type TimedEvent = EventFields & { status: EventStatus };

const event: fc.Arbitrary<TimedEvent> = fc
  .record({
    status: fc.constantFrom<EventStatus>('DRAFT', 'ACTIVE', 'ACTIVE', 'ACTIVE', 'PAUSED', 'ENDED'),
    startsAt: moment,
    endsAt: moment,
    claimUntil: fc.option(moment),
    listedFrom: fc.option(moment),
    period,
    window: fc.constantFrom<ConditionWindow>('EVENT', 'PERIOD', 'ALL_TIME'),
  })
  .map(({ window, status, ...given }) => ({
    ...eventFields({ ...given, condition: { ...LEAF, window }, rewards: [] }),
    status,
  }))
  .filter((fields) => inconsistencies(fields).length === 0);

const TIMES = ['startsAt', 'endsAt', 'claimUntil', 'listedFrom'] as const;

/** Any moment, or one within an hour of a time of the event: there is where mistakes live. */
const momentOf = fc.oneof(
  moment.map((at) => () => at),
  fc.tuple(fc.constantFrom(...TIMES), fc.constantFrom(-HOUR_MS, -1, 0, 1, HOUR_MS / 2)).map(
    ([name, offMs]) =>
      (e: TimedEvent) =>
        new Date((e[name] ?? e.endsAt).getTime() + offMs),
  ),
);

/** @param check given an event, the moment of a claim and that of a player event */
const about = (what: string, check: (event: TimedEvent, at: Date, did: Date) => void) =>
  it(what, () =>
    fc.assert(
      fc.property(event, momentOf, momentOf, (e, claimed, did) => check(e, claimed(e), did(e))),
      { numRuns: 2_000 },
    ),
  );

describe('of an event at any moment', () => {
  about(
    'a player may claim from its start, while it is active and listed, until it closes',
    (e, at) => {
      const closesAt = e.claimUntil === null ? e.endsAt : e.claimUntil;
      const isHidden = e.listedFrom !== null && at < e.listedFrom;
      const expected = e.status === 'ACTIVE' && !isHidden && at >= e.startsAt && at < closesAt;
      assert.equal(isShownAt(e, at) && isOpenAt(e, at), expected);
    },
  );

  about(
    'a claim is in the period of its moment, and in the grace in the last one played',
    (e, at) => {
      let played = at.getTime();
      if (played >= e.endsAt.getTime()) played = e.endsAt.getTime() - 1;
      const { key, startsAt, endsAt } = claimPeriod(e, at);
      assert.equal(key, periodKey(e.period, new Date(played)));
      const bounds = periodBounds(e.period, new Date(played));
      assert.deepEqual(startsAt, bounds ? bounds.start : null);
      const another = bounds && bounds.end < e.endsAt;
      assert.deepEqual(endsAt, another ? bounds.end : null, 'it ends where another begins');
      assert.equal(pinCondition(e, at)?.period.key, key);
    },
  );

  about(
    'a player event counts from the beginning of its window to the claim, or to the end of play',
    (e, at, did) => {
      const pinned = pinCondition(e, at);
      assert.ok(pinned && e.condition && 'window' in e.condition);
      const [query] = queriesOf(pinned.tree, judgementOf(pinned, windowOf(e), at), {});
      assert.ok(query);
      const isCounted = (query.from === null || query.from <= did) && did < query.until;

      const isPlayed = did >= e.startsAt && did < e.endsAt;
      const isInPeriod = periodKey(e.period, did) === claimPeriod(e, at).key;
      const counts = {
        EVENT: isPlayed,
        PERIOD: isPlayed && isInPeriod,
        ALL_TIME: did < e.endsAt,
      };
      const window = e.condition.window as ConditionWindow;
      assert.equal(isCounted, did <= at && counts[window], window);
    },
  );
});
