import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type DayStart, periodBounds, periodKey } from '../events/period.ts';
import { streakOf } from './streak.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const ms = (...times: string[]): number[] => times.map((time) => Date.parse(time));

const SEOUL = { timeZone: 'Asia/Seoul', resetHour: 5, resetMinute: 0 };

describe('a streak', () => {
  it('counts the days in a row that end today', () => {
    const logins = ms('2026-11-20T12:00:00Z', '2026-11-21T12:00:00Z', '2026-11-22T12:00:00Z');
    assert.equal(streakOf(logins, SEOUL, new Date('2026-11-22T15:00:00Z')), 3);
  });

  it('still stands where it ended yesterday, and is gone the day after', () => {
    const logins = ms('2026-11-20T12:00:00Z', '2026-11-21T12:00:00Z');
    assert.equal(streakOf(logins, SEOUL, new Date('2026-11-22T15:00:00Z')), 2);
    assert.equal(streakOf(logins, SEOUL, new Date('2026-11-23T15:00:00Z')), 0);
  });

  it('turns over at the reset hour of its zone', () => {
    // 04:59 and 05:00 in Seoul: two days, though one date.
    const logins = ms('2026-11-20T19:59:00Z', '2026-11-20T20:00:00Z');
    assert.equal(streakOf(logins, SEOUL, new Date('2026-11-20T20:00:00Z')), 2);
    assert.equal(streakOf(logins, { ...SEOUL, resetHour: 0 }, new Date('2026-11-20T20:00:00Z')), 1);
  });

  it('breaks at a day without a player event', () => {
    const logins = ms('2026-11-18T12:00:00Z', '2026-11-20T12:00:00Z', '2026-11-21T12:00:00Z');
    assert.equal(streakOf(logins, SEOUL, new Date('2026-11-21T15:00:00Z')), 2);
  });

  it('is judged as of its moment: what comes after does not count', () => {
    const logins = ms('2026-11-21T12:00:00Z', '2026-11-22T12:00:00Z');
    assert.equal(streakOf(logins, SEOUL, new Date('2026-11-22T11:59:59Z')), 1);
    assert.equal(streakOf(logins, SEOUL, new Date('2026-11-22T12:00:00Z')), 2);
  });

  it('does not break at a date that the zone left out', () => {
    // Samoa went from the 29th of December 2011 straight to the 31st.
    const logins = ms('2011-12-29T22:00:00Z', '2011-12-30T22:00:00Z');
    const samoa = { timeZone: 'Pacific/Apia', resetHour: 0, resetMinute: 0 };
    assert.equal(streakOf(logins, samoa, new Date('2011-12-30T23:00:00Z')), 2);
  });

  it('is 0 of nothing', () => {
    assert.equal(streakOf([], SEOUL, new Date('2026-11-22T15:00:00Z')), 0);
  });
});

/** Around a change of the clocks, which each of these zones makes in the days after. */
const CHANGES = [
  ...['2026-03-06', '2026-10-30'].map((from) => ({ timeZone: 'America/New_York', from })),
  ...['2026-03-27', '2026-10-23'].map((from) => ({ timeZone: 'Europe/Berlin', from })),
  ...['2026-04-03', '2026-10-02'].map((from) => ({ timeZone: 'Australia/Lord_Howe', from })),
];

const dayStartIn = (timeZone: string) =>
  fc.record({
    timeZone: fc.constant(timeZone),
    resetHour: fc.integer({ min: 0, max: 23 }),
    resetMinute: fc.integer({ min: 0, max: 59 }),
  });

/** The definition read out: the names of the days with a player event, counted back from today. */
function oracle(logins: number[], dayStart: DayStart, at: Date): number {
  const period = { ...dayStart, kind: 'DAILY', resetDay: 'MONDAY' } as const;
  const days = new Set(
    logins.filter((l) => l <= at.getTime()).map((l) => periodKey(period, new Date(l))),
  );
  const back = (day: string) => new Date(Date.parse(day) - DAY_MS).toISOString().slice(0, 10);
  let day = periodKey(period, at);
  if (!days.has(day)) day = back(day);
  let streak = 0;
  for (; days.has(day); day = back(day)) streak += 1;
  return streak;
}

describe('across a change of the clocks', () => {
  for (const { timeZone, from } of CHANGES) {
    it(`in ${timeZone} after ${from} it counts each day once, in whichever order they come`, () => {
      const startMs = Date.parse(from);
      const moments = fc.array(fc.integer({ min: 0, max: 8 * 24 * 60 }), { maxLength: 40 });
      fc.assert(
        fc.property(moments, dayStartIn(timeZone), fc.nat(8 * 24), (minutes, dayStart, h) => {
          const logins = minutes.map((minute) => startMs + minute * 60_000);
          const at = new Date(startMs + h * HOUR_MS);
          const expected = oracle(logins, dayStart, at);
          assert.equal(streakOf(logins, dayStart, at), expected);
          const twice = [...logins, ...logins].reverse();
          assert.equal(streakOf(twice, dayStart, at), expected);
        }),
        { numRuns: 100 },
      );
    });

    it(`in ${timeZone} after ${from} a player event each day, at its first or last moment, never breaks`, () => {
      fc.assert(
        fc.property(dayStartIn(timeZone), fc.boolean(), (dayStart, isLast) => {
          const period = { ...dayStart, kind: 'DAILY', resetDay: 'MONDAY' } as const;
          const logins: number[] = [];
          let startMs = Date.parse(from);
          for (let day = 0; day < 8; day += 1) {
            const bounds = periodBounds(period, new Date(startMs));
            assert.ok(bounds);
            logins.push(isLast ? bounds.end.getTime() - 1 : bounds.start.getTime());
            startMs = bounds.end.getTime();
          }
          const at = new Date(logins.at(-1) as number);
          assert.equal(streakOf(logins, dayStart, at), 8);
        }),
        { numRuns: 50 },
      );
    });
  }
});
