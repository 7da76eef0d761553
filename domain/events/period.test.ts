import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  isSameZone,
  type Period,
  type PeriodKind,
  periodBounds,
  periodKey,
  timeZoneNamed,
  WEEKDAYS,
} from './period.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const QUARTER_MS = HOUR_MS / 4;
const DAY_MS = 24 * HOUR_MS;

const ZONES = [
  'UTC',
  'America/New_York',
  'Europe/Berlin',
  'Asia/Seoul',
  'Asia/Kathmandu',
  'Australia/Lord_Howe', // clocks move by half an hour
  'America/Sao_Paulo', // until 2019 clocks moved at midnight
  'Africa/Casablanca', // clocks move twice around Ramadan
  'America/Nuuk', // clocks jump from 23:00 to the next day's 00:00
  'Antarctica/Troll', // clocks move by two hours
  'America/Havana', // clocks are set back from 01:00 to 00:00
  'America/St_Johns', // until 2011 clocks moved at 00:01, so autumn showed two dates in turn
];

const daily = (timeZone: string, resetHour: number): Period => ({
  kind: 'DAILY',
  timeZone,
  resetHour,
  resetMinute: 0,
  resetDay: 'MONDAY',
});

function boundsOf(period: Period, at: string | Date): { start: string; end: string } {
  const bounds = periodBounds(period, new Date(at));
  assert.ok(bounds);
  return { start: bounds.start.toISOString(), end: bounds.end.toISOString() };
}

/**
 * The oracle: the definition read out with nothing but `Intl`, by looking at the wall clock every
 * quarter of an hour (offsets since 1972 are multiples of it), and then every minute.
 */
const clocks = new Map<string, Intl.DateTimeFormat>();

/** What the clocks show, as if that were UTC, in milliseconds. */
function wallMs(timeZone: string, atMs: number): number {
  let clock = clocks.get(timeZone);
  if (!clock) {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
    clocks.set(timeZone, clock);
  }
  const [, month, day, year, hour, minute] =
    /^(\d+)\/(\d+)\/(\d+), (\d+):(\d+)$/.exec(clock.format(atMs))?.map(Number) ?? [];
  assert.ok(year && month && day && hour !== undefined && minute !== undefined);
  return Date.UTC(year, month - 1, day, hour, minute) + (atMs % MINUTE_MS);
}

function oracleDayStartMs(period: Period, dateMs: number): number {
  const target = dateMs + period.resetHour * HOUR_MS + period.resetMinute * MINUTE_MS;
  let at = target - 16 * HOUR_MS;
  while (wallMs(period.timeZone, at) < target) at += QUARTER_MS;
  while (wallMs(period.timeZone, at - MINUTE_MS) >= target) at -= MINUTE_MS;
  return at;
}

/** The date, as its midnight in UTC, of the day that holds the instant. */
function oracleDateMs(period: Period, atMs: number): number {
  const wall = wallMs(period.timeZone, atMs);
  let date = Math.floor(wall / DAY_MS) * DAY_MS + DAY_MS;
  while (oracleDayStartMs(period, date) > atMs) date -= DAY_MS;
  return date;
}

/** ISO 8601: a week belongs to the year that holds its Thursday. */
function oracleWeek(dateMs: number): string {
  const thursday = new Date(dateMs + (4 - (new Date(dateMs).getUTCDay() || 7)) * DAY_MS);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY_MS)) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}

function oracleKey(period: Period, atMs: number): string {
  const date = oracleDateMs(period, atMs);
  if (period.kind === 'WEEKLY') {
    let first = date;
    while (new Date(first).getUTCDay() !== (WEEKDAYS.indexOf(period.resetDay) + 1) % 7) {
      first -= DAY_MS;
    }
    return oracleWeek(first);
  }
  return new Date(date).toISOString().slice(0, period.kind === 'MONTHLY' ? 7 : 10);
}

/** The instants, to the quarter of an hour, at which a zone's clocks moved. */
function clockChanges(timeZone: string): number[] {
  const offsetMs = (at: number) => wallMs(timeZone, at) - at;
  const changes: number[] = [];
  for (let at = Date.UTC(2005, 0); at < Date.UTC(2030, 0); at += DAY_MS) {
    if (offsetMs(at) === offsetMs(at + DAY_MS)) continue;
    let change = at;
    while (offsetMs(change) === offsetMs(at)) change += QUARTER_MS;
    changes.push(change);
  }
  return changes;
}

const anyMoment = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2037, 0) });
const CHANGES = ZONES.map((timeZone) => ({ timeZone, changes: clockChanges(timeZone) }));
/** Often within a day and a half of a change of the clocks, where mistakes live. */
const zoneAndMoment = fc.constantFrom(...CHANGES).chain(({ timeZone, changes }) => {
  const near = fc
    .tuple(fc.constantFrom(...changes, Date.UTC(2026, 0)), fc.integer({ min: -36, max: 36 }))
    .chain(([change, hours]) =>
      fc
        .constantFrom(0, -1, 1, 7 * MINUTE_MS, 30 * MINUTE_MS, 59 * MINUTE_MS)
        .map((offMs) => change + hours * HOUR_MS + offMs),
    );
  return fc.record({
    timeZone: fc.constant(timeZone),
    atMs: fc.oneof({ weight: 3, arbitrary: near }, { weight: 1, arbitrary: anyMoment }),
  });
});
const periodAndMoment = fc
  .record({
    where: zoneAndMoment,
    resetHour: fc.integer({ min: 0, max: 23 }),
    resetMinute: fc.oneof(fc.constantFrom(0, 7, 30), fc.integer({ min: 0, max: 59 })),
    resetDay: fc.constantFrom(...WEEKDAYS),
    kind: fc.constantFrom<PeriodKind>('DAILY', 'WEEKLY', 'MONTHLY'),
  })
  .map(({ where: { timeZone, atMs }, ...period }) => ({ period: { ...period, timeZone }, atMs }));

describe('a period', () => {
  it('of the kind ONCE has one key and no bounds', () => {
    const once: Period = { ...daily('UTC', 0), kind: 'ONCE' };
    assert.equal(periodKey(once, new Date('2026-11-22T00:00:00Z')), 'once');
    assert.equal(periodBounds(once, new Date('2026-11-22T00:00:00Z')), null);
  });

  it('starts its day at the reset hour of its zone', () => {
    const seoul = daily('Asia/Seoul', 5);
    assert.equal(periodKey(seoul, new Date('2026-11-21T19:59:59.999Z')), '2026-11-21');
    assert.equal(periodKey(seoul, new Date('2026-11-21T20:00:00Z')), '2026-11-22');
    assert.deepEqual(boundsOf(seoul, '2026-11-22T01:00:00Z'), {
      start: '2026-11-21T20:00:00.000Z',
      end: '2026-11-22T20:00:00.000Z',
    });
  });

  it('counts weeks as ISO 8601 does, from Monday and with the year of the week', () => {
    const weekly: Period = { ...daily('UTC', 0), kind: 'WEEKLY' };
    assert.equal(periodKey(weekly, new Date('2026-11-22T12:00:00Z')), '2026-W47');
    assert.equal(periodKey(weekly, new Date('2027-01-01T12:00:00Z')), '2026-W53');
    assert.equal(periodKey(weekly, new Date('2024-12-30T00:00:00Z')), '2025-W01');
    const atFive = { ...weekly, resetHour: 5 };
    assert.equal(periodKey(atFive, new Date('2024-12-30T04:59:59Z')), '2024-W52');
  });

  it('starts its month at the reset hour of the 1st', () => {
    const monthly: Period = { ...daily('America/New_York', 4), kind: 'MONTHLY' };
    assert.equal(periodKey(monthly, new Date('2026-03-01T08:59:59Z')), '2026-02');
    assert.deepEqual(boundsOf(monthly, '2026-03-15T00:00:00Z'), {
      start: '2026-03-01T09:00:00.000Z',
      end: '2026-04-01T08:00:00.000Z',
    });
  });

  it('has a day of 23 hours in spring and one of 25 in autumn', () => {
    assert.deepEqual(boundsOf(daily('Europe/Berlin', 0), '2026-03-29T12:00:00Z'), {
      start: '2026-03-28T23:00:00.000Z',
      end: '2026-03-29T22:00:00.000Z',
    });
    assert.deepEqual(boundsOf(daily('Europe/Berlin', 0), '2026-10-25T12:00:00Z'), {
      start: '2026-10-24T22:00:00.000Z',
      end: '2026-10-25T23:00:00.000Z',
    });
  });

  it('starts as the clocks jump where they jump over the reset hour', () => {
    const start = (zone: string, hour: number, at: string) => boundsOf(daily(zone, hour), at).start;
    assert.equal(start('Europe/Berlin', 2, '2026-03-29T12:00:00Z'), '2026-03-29T01:00:00.000Z');
    // From 01:00 to 03:00: the day of 02:00 starts at 03:00, not an hour past the jump.
    assert.equal(start('Antarctica/Troll', 2, '2026-03-29T12:00:00Z'), '2026-03-29T01:00:00.000Z');
    // From 00:00 to 01:00, and from 23:00 to the next day's 00:00.
    assert.equal(start('America/Sao_Paulo', 0, '2018-11-04T12:00:00Z'), '2018-11-04T03:00:00.000Z');
    assert.equal(start('America/Nuuk', 23, '2024-03-31T12:00:00Z'), '2024-03-31T01:00:00.000Z');
    assert.equal(
      periodKey(daily('America/Nuuk', 23), new Date('2024-03-31T12:00:00Z')),
      '2024-03-30',
    );
  });

  it('starts at the first of two occurrences of the reset hour', () => {
    const newYork = daily('America/New_York', 1);
    assert.equal(boundsOf(newYork, '2026-11-01T05:30:00Z').start, '2026-11-01T05:00:00.000Z');
    assert.equal(boundsOf(newYork, '2026-11-01T06:30:00Z').start, '2026-11-01T05:00:00.000Z');
  });

  it('does not start again where the clocks go back over midnight', () => {
    const newfoundland = daily('America/St_Johns', 0);
    const secondTime23h30 = new Date('2010-11-07T03:00:00Z');
    assert.equal(periodKey(newfoundland, secondTime23h30), '2010-11-07');
  });

  it('knows a half hour of daylight saving', () => {
    assert.deepEqual(boundsOf(daily('Australia/Lord_Howe', 2), '2026-10-04T00:00:00Z'), {
      start: '2026-10-03T15:30:00.000Z',
      end: '2026-10-04T15:00:00.000Z',
    });
  });

  it('has no day for the date that Samoa left out', () => {
    for (const resetHour of [0, 5, 23]) {
      const samoa = daily('Pacific/Apia', resetHour);
      const noonOfThe29th = new Date('2011-12-29T22:00:00Z').getTime();
      const keys = new Set<string>();
      for (let hour = -48; hour < 48; hour++) {
        keys.add(periodKey(samoa, new Date(noonOfThe29th + hour * HOUR_MS)));
      }
      assert.ok(keys.has('2011-12-29') && keys.has('2011-12-31'), [...keys].join());
      assert.ok(!keys.has('2011-12-30'));
      assert.deepEqual([...keys], [...keys].sort());
      const { start, end } = boundsOf(samoa, new Date(noonOfThe29th + HOUR_MS));
      assert.equal(Date.parse(end) - Date.parse(start), DAY_MS);
    }
  });

  it('holds the moment asked about, and has one key from its start until before its end', () => {
    fc.assert(
      fc.property(periodAndMoment, ({ period, atMs }) => {
        const at = new Date(atMs);
        const bounds = periodBounds(period, at);
        assert.ok(bounds && bounds.start <= at && at < bounds.end);
        const key = periodKey(period, at);
        const keyAt = (ms: number) => periodKey(period, new Date(ms));
        assert.equal(keyAt(bounds.start.getTime()), key);
        assert.equal(keyAt(bounds.end.getTime() - 1), key);
        assert.ok(keyAt(bounds.start.getTime() - 1) < key, 'an earlier period has a smaller key');
        assert.ok(keyAt(bounds.end.getTime()) > key, 'a later period has a greater key');
      }),
      { numRuns: 1_000 },
    );
  });

  it('meets its neighbours without a gap or an overlap', () => {
    fc.assert(
      fc.property(periodAndMoment, ({ period, atMs }) => {
        const bounds = periodBounds(period, new Date(atMs));
        assert.ok(bounds);
        const next = periodBounds(period, bounds.end);
        const previous = periodBounds(period, new Date(bounds.start.getTime() - 1));
        assert.deepEqual(next?.start, bounds.end);
        assert.deepEqual(previous?.end, bounds.start);
      }),
      { numRuns: 1_000 },
    );
  });

  it('of a week starts on the day that is named, at the minute that is named', () => {
    const thursdays: Period = {
      kind: 'WEEKLY',
      timeZone: 'Asia/Seoul',
      resetHour: 6,
      resetMinute: 30,
      resetDay: 'THURSDAY',
    };
    assert.deepEqual(boundsOf(thursdays, '2026-11-22T00:00:00Z'), {
      start: '2026-11-18T21:30:00.000Z',
      end: '2026-11-25T21:30:00.000Z',
    });
    const fridays: Period = { ...thursdays, resetDay: 'FRIDAY' };
    assert.equal(boundsOf(fridays, '2026-11-22T00:00:00Z').start, '2026-11-19T21:30:00.000Z');
    assert.equal(periodKey(thursdays, new Date('2026-11-25T21:29:59.999Z')), '2026-W47');
    assert.equal(periodKey(thursdays, new Date('2026-11-25T21:30:00Z')), '2026-W48');
    // Its first day, 31 December, is in the last ISO week of 2026; 1 January is too.
    assert.equal(periodKey(thursdays, new Date('2027-01-05T00:00:00Z')), '2026-W53');
  });

  it('of a week has a key of its own, whichever day it starts on, where any kind of year ends', () => {
    // Of 28 years in a row each has another first weekday, or is leap where the other is not.
    for (let year = 2012; year < 2040; year++) {
      for (const resetDay of WEEKDAYS) {
        const weekly: Period = { ...daily('UTC', 0), kind: 'WEEKLY', resetDay };
        let last = '';
        for (let at = new Date(Date.UTC(year, 11, 5)); at.getTime() < Date.UTC(year + 1, 0, 20); ) {
          const key = periodKey(weekly, at);
          assert.ok(last < key, `${resetDay}: ${key} after ${last}`);
          last = key;
          at = periodBounds(weekly, at)?.end ?? at;
        }
      }
    }
  });

  it('is told by the day of the week alone where it is a week', () => {
    fc.assert(
      fc.property(periodAndMoment, ({ period, atMs }) => {
        const at = new Date(atMs);
        const other = { ...period, resetDay: 'SUNDAY' } as const;
        if (period.kind !== 'WEEKLY') assert.equal(periodKey(period, at), periodKey(other, at));
      }),
    );
  });

  it('never goes back as time goes on', () => {
    fc.assert(
      fc.property(periodAndMoment, fc.nat(60 * 24 * 400), ({ period, atMs }, minutes) => {
        const later = new Date(atMs + minutes * MINUTE_MS);
        assert.ok(periodKey(period, new Date(atMs)) <= periodKey(period, later));
      }),
      { numRuns: 1_000 },
    );
  });

  it('of a day is 22 to 26 hours long', () => {
    fc.assert(
      fc.property(periodAndMoment, ({ period, atMs }) => {
        const bounds = periodBounds({ ...period, kind: 'DAILY' }, new Date(atMs));
        assert.ok(bounds);
        const hours = (bounds.end.getTime() - bounds.start.getTime()) / HOUR_MS;
        assert.ok(22 <= hours && hours <= 26, `${hours} hours`);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is what the wall clock says, read out with Intl alone', () => {
    fc.assert(
      fc.property(periodAndMoment, ({ period, atMs }) => {
        assert.equal(periodKey(period, new Date(atMs)), oracleKey(period, atMs));
        const day = { ...period, kind: 'DAILY' } as const;
        const start = oracleDayStartMs(day, oracleDateMs(day, atMs));
        assert.equal(periodBounds(day, new Date(atMs))?.start.getTime(), start);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a time zone', () => {
  it('is an IANA name', () => {
    for (const name of ['UTC', 'Asia/Seoul', 'America/Argentina/Buenos_Aires', 'Etc/GMT+9']) {
      assert.equal(timeZoneNamed(name), name);
    }
  });

  it('is spelled as IANA spells it, however it was written', () => {
    assert.equal(timeZoneNamed('asia/seoul'), 'Asia/Seoul');
    assert.equal(timeZoneNamed('AMERICA/PORT-AU-PRINCE'), 'America/Port-au-Prince');
    assert.equal(timeZoneNamed('utc'), 'UTC');
  });

  it('may have two names, and is one zone by either', () => {
    const pairs = [
      ['Asia/Calcutta', 'Asia/Kolkata'],
      ['Europe/Kiev', 'Europe/Kyiv'],
      ['UTC', 'Etc/UTC'],
      ['asia/seoul', 'Asia/Seoul'],
    ] as const;
    for (const [a, b] of pairs) assert.ok(isSameZone(a, b), `${a} is ${b}`);
    assert.ok(!isSameZone('Europe/Berlin', 'Europe/Oslo'), 'the same clocks are not the same zone');
  });

  it('is not an offset, an abbreviation of nothing, or a date that carries a zone', () => {
    const wrong = ['', '+09:00', 'Mars/Olympus', 'Asia', '2026-01-01T00:00[Asia/Seoul]', ' UTC'];
    for (const name of wrong) assert.equal(timeZoneNamed(name), null, name);
  });
});
