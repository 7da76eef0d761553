import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Condition, Leaf } from './condition.ts';
import { chainedEvents, type FactSources, type Judgement, readFacts } from './condition-facts.ts';
import type { ProgressQuery } from './progress.ts';

const JUDGEMENT: Judgement = {
  at: new Date('2026-12-10T12:00:00.000Z'),
  playedUntil: new Date('2026-12-10T12:00:00.000Z'),
  startsAt: new Date('2026-12-01T00:00:00Z'),
  periodStartsAt: new Date('2026-12-09T20:00:00Z'),
  timeZone: 'Asia/Seoul',
  resetHour: 5,
  resetMinute: 30,
};

/** Sources that keep what they were asked: progress answers 1, 2, 3, … in the order of the queries. */
function sources(given: Partial<FactSources> = {}) {
  const asked: ProgressQuery[][] = [];
  const askedOf: [string, string[]][] = [];
  const all: FactSources = {
    userId: 'usr_1',
    account: { createdAt: new Date('2026-12-01T12:00:00Z'), grants: [] },
    gauges: { level: 'HIGHEST', rank: 'LATEST' },
    progress: {
      async read(_userId, queries) {
        asked.push(queries);
        return queries.map((_, i) => i + 1);
      },
    },
    async askProvider(provider, names) {
      askedOf.push([provider, names]);
      return new Map(names.map((name, i) => [name, 100 + i]));
    },
    ...given,
  };
  return { all, asked, askedOf };
}

async function factOf(leaf: Leaf, given: Partial<FactSources> = {}, at?: string) {
  const judgement =
    at === undefined ? JUDGEMENT : { ...JUDGEMENT, at: new Date(at), playedUntil: new Date(at) };
  return (await readFacts(leaf, judgement, sources(given).all))[0];
}

async function queryOf(leaf: Omit<Leaf, 'atLeast'>): Promise<ProgressQuery> {
  const { all, asked } = sources();
  await readFacts({ ...leaf, atLeast: 1 } as Leaf, JUDGEMENT, all);
  assert.ok(asked[0]?.[0]);
  return asked[0][0];
}

describe('the facts of a condition', () => {
  it('are asked for at once, and come back to their leaves', async () => {
    const { all, asked, askedOf } = sources();
    const condition: Condition = {
      all: [
        { metric: 'a', atLeast: 1, source: 'game' },
        { metric: 'quest.completed', key: 'snow-1', atLeast: 3 },
        { not: { metric: 'level', atMost: 9 } },
        {
          any: [
            { metric: 'b', equals: 1, source: 'game' },
            { metric: 'a', atMost: 9, source: 'game' },
          ],
        },
        { metric: 'c', atLeast: 1, source: 'guilds' },
        { metric: 'account.ageDays', atLeast: 7 },
        { metric: 'login.streak', atLeast: 7 },
      ],
    };
    assert.deepEqual(await readFacts(condition, JUDGEMENT, all), [100, 1, 2, 101, 100, 100, 9, 3]);
    assert.equal(asked.length, 1, 'progress is read once');
    assert.deepEqual(askedOf, [
      ['game', ['a', 'b']],
      ['guilds', ['c']],
    ]);
  });

  it('cost no question that no leaf asks', async () => {
    const { all, asked, askedOf } = sources();
    await readFacts({ metric: 'account.ageDays', atLeast: 1 }, JUDGEMENT, all);
    assert.deepEqual([asked, askedOf], [[], []]);
  });

  it('are not known of a provider without an answer, and missing where it does not mention them', async () => {
    const leaf = { metric: 'a', atLeast: 1, source: 'game' };
    assert.equal(await factOf(leaf, { askProvider: async () => null }), undefined);
    assert.equal(await factOf(leaf, { askProvider: async () => new Map() }), null);
  });

  it('count up to the moment of judgement, itself included', async () => {
    const { until } = await queryOf({ metric: 'boss.killed' });
    assert.equal(until.toISOString(), '2026-12-10T12:00:00.001Z');
  });

  it('count in the grace up to its beginning, and tell the time and the grants of the claim itself', async () => {
    const playedUntil = new Date('2026-12-08T23:59:59.999Z');
    const grants = [{ eventId: 'evt_1', endedAt: new Date('2026-12-10T11:00:00Z') }];
    const { all, asked } = sources({ account: { createdAt: new Date(playedUntil), grants } });
    const leaves: Leaf[] = [
      { metric: 'boss.killed', atLeast: 1 },
      { metric: 'boss.killed', atLeast: 1, window: 'PERIOD' },
      { metric: 'boss.killed', atLeast: 1, window: 'ALL_TIME' },
      { metric: 'level', atLeast: 1 },
      { metric: 'login.streak', atLeast: 1 },
      { metric: 'account.ageDays', atLeast: 1 },
      { metric: 'event.granted', key: 'evt_1', atLeast: 1 },
      { metric: 'time.between', key: '21:00-22:00', equals: 1 },
    ];
    const facts = await readFacts({ all: leaves }, { ...JUDGEMENT, playedUntil }, all);
    const ends = asked[0]?.map(({ until }) => until.toISOString());
    assert.deepEqual(ends, Array(5).fill('2026-12-09T00:00:00.000Z'));
    assert.deepEqual(facts.slice(5), [0, 1, 1]);
  });

  const FROM: Record<string, [Omit<Leaf, 'atLeast'>, Date | null]> = {
    'a counter from the start of the event': [{ metric: 'boss.killed' }, JUDGEMENT.startsAt],
    'a counter of the event by name': [
      { metric: 'boss.killed', window: 'EVENT' },
      JUDGEMENT.startsAt,
    ],
    'a counter from the beginning of the period': [
      { metric: 'boss.killed', window: 'PERIOD' },
      JUDGEMENT.periodStartsAt,
    ],
    'a counter of all time': [{ metric: 'boss.killed', window: 'ALL_TIME' }, null],
    'a gauge as it stands': [{ metric: 'level' }, null],
    'a gauge inside the event': [{ metric: 'level', window: 'EVENT' }, JUDGEMENT.startsAt],
    'a streak as it stands': [{ metric: 'login.streak' }, null],
    'a streak inside the event': [{ metric: 'login.streak', window: 'EVENT' }, JUDGEMENT.startsAt],
  };
  for (const [what, [leaf, from]] of Object.entries(FROM)) {
    it(`look at ${what}`, async () => assert.deepEqual((await queryOf(leaf)).from, from));
  }

  it('come together as the metric says', async () => {
    assert.equal((await queryOf({ metric: 'boss.killed' })).aggregation, 'COUNT');
    assert.equal((await queryOf({ metric: 'level' })).aggregation, 'HIGHEST');
    assert.equal((await queryOf({ metric: 'rank' })).aggregation, 'LATEST');
    assert.equal((await queryOf({ metric: 'constructor' })).aggregation, 'COUNT');
    const streak = await queryOf({ metric: 'login.streak' });
    assert.deepEqual(
      [streak.aggregation, streak.metric, streak.timeZone, streak.resetHour, streak.resetMinute],
      ['STREAK', 'login', 'Asia/Seoul', 5, 30],
    );
  });

  it('are of one key, or of all of them', async () => {
    assert.equal((await queryOf({ metric: 'quest.completed', key: 'snow-1' })).key, 'snow-1');
    assert.equal((await queryOf({ metric: 'quest.completed' })).key, null);
  });
});

describe('the age of an account', () => {
  const leaf = { metric: 'account.ageDays', atLeast: 1 };
  const AGES: [string, number][] = [
    ['2026-12-01T12:00:00Z', 0],
    ['2026-12-02T11:59:59.999Z', 0],
    ['2026-12-02T12:00:00Z', 1],
    ['2026-12-31T12:00:00Z', 30],
    ['2026-11-30T12:00:00Z', 0],
  ];
  for (const [at, days] of AGES) {
    it(`of one made at noon of 1 December is ${days} at ${at}`, async () => {
      assert.equal(await factOf(leaf, {}, at), days);
    });
  }
});

describe('grants of another event', () => {
  const grant = (eventId: string, endedAt: string) => ({ eventId, endedAt: new Date(endedAt) });
  const account = {
    createdAt: new Date(0),
    grants: [
      grant('evt_1', '2026-11-01T00:00:00Z'),
      grant('evt_1', '2026-12-05T00:00:00Z'),
      grant('evt_1', '2026-12-10T12:00:00.001Z'),
      grant('evt_2', '2026-12-05T00:00:00Z'),
    ],
  };
  const count = (more: Partial<Leaf> = {}) =>
    factOf({ metric: 'event.granted', key: 'evt_1', atLeast: 1, ...more }, { account });

  it('count until the moment of judgement, from before this event too', async () => {
    assert.equal(await count(), 2);
    assert.equal(await count({ window: 'ALL_TIME' }), 2);
  });

  it('count inside a window where one is named', async () => {
    assert.equal(await count({ window: 'EVENT' }), 1);
    assert.equal(await count({ window: 'PERIOD' }), 0);
  });

  it('are looked up once for each event that is asked about', () => {
    const leaf = (key: string, source = 'progress') => {
      return { metric: 'event.granted', key, atLeast: 1, source };
    };
    const condition = { any: [leaf('evt_1'), leaf('evt_2'), { not: leaf('evt_1') }] };
    assert.deepEqual(chainedEvents(condition), ['evt_1', 'evt_2']);
    assert.deepEqual(chainedEvents({ metric: 'quest.completed', key: 'evt_3', atLeast: 1 }), []);
    assert.deepEqual(chainedEvents(leaf('evt_1', 'game')), []);
  });
});

describe('a time of day', () => {
  const within = async (key: string, at: string) =>
    (await factOf({ metric: 'time.between', key, equals: 1 }, {}, at)) === 1;

  // Seoul is nine hours ahead of UTC.
  const TIMES: [string, string, boolean][] = [
    ['18:00-22:00', '2026-12-10T08:59:59.999Z', false],
    ['18:00-22:00', '2026-12-10T09:00:00Z', true],
    ['18:00-22:00', '2026-12-10T12:59:59.999Z', true],
    ['18:00-22:00', '2026-12-10T13:00:00Z', false],
    ['22:00-02:00', '2026-12-10T13:00:00Z', true],
    ['22:00-02:00', '2026-12-10T16:59:00Z', true],
    ['22:00-02:00', '2026-12-10T17:00:00Z', false],
    ['18:00-24:00', '2026-12-10T14:59:59Z', true],
    ['18:00-24:00', '2026-12-10T15:00:00Z', false],
    ['00:00-24:00', '2026-12-10T15:00:00Z', true],
  ];
  for (const [key, at, expected] of TIMES) {
    it(`${key} in Seoul ${expected ? 'holds' : 'does not hold'} at ${at}`, async () => {
      assert.equal(await within(key, at), expected);
    });
  }

  it('is what the clocks show, also where they are set back', async () => {
    const judgement = { ...JUDGEMENT, timeZone: 'America/New_York' };
    const leaf = { metric: 'time.between', key: '01:00-02:00', equals: 1 };
    const hours = ['04:59', '05:00', '06:59', '07:00'].map(
      (time) => new Date(`2026-11-01T${time}:00Z`),
    );
    const facts = hours.map(async (at) => readFacts(leaf, { ...judgement, at }, sources().all));
    assert.deepEqual((await Promise.all(facts)).flat(), [0, 1, 1, 0]);
  });
});
