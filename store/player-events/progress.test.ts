import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { DAY_MS, QUARTER_MS } from '../../domain/conditions/player-event.ts';
import type { Aggregation, ProgressQuery } from '../../domain/conditions/progress.ts';
import { streakOf } from '../../domain/conditions/streak.ts';
import { newPlayer, type Sent, type StoreFixture, storeFixture, unique } from '../test-store.ts';
import { createProgressStore, DEFAULT_RULES } from './progress.ts';

const NOW = new Date('2026-11-22T14:07:31.250Z');
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
  t.setNow(NOW);
});
after(() => t.close());

const ago = (durationMs: number): string => new Date(NOW.getTime() - durationMs).toISOString();

function playerEvent(given: Partial<Sent> & { userId: string }): Sent {
  return {
    id: unique('act'),
    metric: 'boss.killed',
    at: ago(MINUTE_MS),
    ...given,
  };
}

function query(given: Partial<ProgressQuery> = {}): ProgressQuery {
  return {
    metric: 'boss.killed',
    key: null,
    aggregation: 'COUNT',
    from: null,
    until: new Date(NOW.getTime() + 1),
    timeZone: 'UTC',
    resetHour: 0,
    resetMinute: 0,
    ...given,
  };
}

const player = () => newPlayer(t.store);

const ingest = (...events: unknown[]) => t.store.progress.ingest(events, NOW);

/** The one number of one query. */
async function read(userId: string, given: Partial<ProgressQuery> = {}): Promise<number | null> {
  const [answer] = await t.store.progress.read(userId, [query(given)]);
  assert.notEqual(answer, undefined);
  return answer as number | null;
}

describe('an activity', () => {
  it('counts once, however often it comes', async () => {
    const userId = await player();
    const event = playerEvent({ userId });
    assert.deepEqual(await ingest(event, event), { accepted: 1, duplicates: 1, rejected: [] });
    assert.deepEqual(await ingest(event), { accepted: 0, duplicates: 1, rejected: [] });
    assert.equal(await read(userId), 1);
  });

  it('counts once however late it comes', async () => {
    const userId = await player();
    const event = playerEvent({ userId, at: ago(30 * DAY_MS) });
    assert.deepEqual(await ingest(event, event), { accepted: 1, duplicates: 1, rejected: [] });
    assert.deepEqual(await ingest(event), { accepted: 0, duplicates: 1, rejected: [] });
    assert.equal(await read(userId), 1);
  });

  it('counts once where two batches bring it at the same moment', async () => {
    for (const at of [ago(MINUTE_MS), ago(30 * DAY_MS)]) {
      const userId = await player();
      const events = Array.from({ length: 20 }, () => playerEvent({ userId, at }));
      const outcomes = await Promise.all([1, 2, 3].map(() => ingest(...events)));
      assert.equal(
        outcomes.reduce((sum, { accepted }) => sum + accepted, 0),
        20,
      );
      assert.equal(
        outcomes.reduce((sum, { duplicates }) => sum + duplicates, 0),
        40,
      );
      assert.equal(await read(userId), 20);
    }
  });

  it('adds its value, or 1', async () => {
    const userId = await player();
    await ingest(
      playerEvent({ userId }),
      playerEvent({ userId, value: 40 }),
      playerEvent({ userId, value: -1 }),
    );
    assert.equal(await read(userId), 40);
  });

  it('counts for its key, and for the metric as a whole', async () => {
    const userId = await player();
    await ingest(
      playerEvent({ userId, key: 'a' }),
      playerEvent({ userId, key: 'a' }),
      playerEvent({ userId }),
    );
    assert.equal(await read(userId, { key: 'a' }), 2);
    assert.equal(await read(userId, { key: 'b' }), 0);
    assert.equal(await read(userId), 3);
  });
});

describe('a batch', () => {
  const wrong: [string, object, string][] = [
    ['no ID', { id: undefined }, 'id: Not a text'],
    ['a number for an ID', { id: 7 }, 'id: Not a text'],
    ['a query for a user', { userId: { $gt: '' } }, 'userId: Not a text'],
    [
      'a name with a space',
      { metric: 'boss killed' },
      'metric: Not 1 to 128 printable characters without spaces and commas',
    ],
    ['a half', { value: 0.5 }, 'value: Not a whole number'],
    ['too much', { value: 1_000_000_001 }, 'value: Not a billion or less'],
    ['no time', { at: 'yesterday' }, 'at: Not a time as RFC 3339 writes it'],
    ['a field too many', { more: 1 }, 'There are fields that are not known'],
    ['an age beyond the TTL', { at: ago(90 * DAY_MS + 1) }, 'at: More than 90 days ago'],
    ['the far future', { at: ago(-6 * MINUTE_MS) }, 'at: In the future'],
    [
      'a metric of our own',
      { metric: 'login.streak' },
      'metric: login.streak is what Laurel knows by itself',
    ],
    ['a gauge without a state', { metric: 'level' }, 'value: Missing, and level is a gauge'],
  ];
  for (const [what, given, message] of wrong) {
    it(`is told of ${what}, and its other events count`, async () => {
      const userId = await player();
      const outcome = await ingest(playerEvent({ userId }), playerEvent({ userId, ...given }));
      assert.deepEqual(outcome, { accepted: 1, duplicates: 0, rejected: [{ index: 1, message }] });
      assert.equal(await read(userId), 1);
    });
  }

  it('is told of what is no event at all', async () => {
    const outcome = await ingest(null, 'text', [], 7);
    assert.deepEqual(
      outcome.rejected.map(({ message }) => message),
      Array.from({ length: 4 }, () => 'Not an object'),
    );
  });

  it('takes an activity as old as the TTL', async () => {
    const userId = await player();
    assert.equal((await ingest(playerEvent({ userId, at: ago(90 * DAY_MS) }))).accepted, 1);
    assert.equal(await read(userId), 1);
  });
});

describe('a gauge', () => {
  it('is the highest of its states, or the latest by its time, or null', async () => {
    const userId = await player();
    const metric = 'level';
    assert.equal(await read(userId, { metric, aggregation: 'HIGHEST' }), null);
    await ingest(
      playerEvent({ userId, metric, value: 5, at: ago(MINUTE_MS) }),
      playerEvent({ userId, metric, value: 9, at: ago(2 * MINUTE_MS) }),
      playerEvent({ userId, metric, value: 3, at: ago(40 * DAY_MS) }),
    );
    assert.equal(await read(userId, { metric, aggregation: 'HIGHEST' }), 9);
    assert.equal(await read(userId, { metric, aggregation: 'LATEST' }), 5);
    const early = { until: new Date(NOW.getTime() - 30 * DAY_MS) };
    assert.equal(await read(userId, { metric, aggregation: 'LATEST', ...early }), 3);
  });

  it('is the latest as its server has it, also where that one’s clock is ahead', async () => {
    const own = await storeFixture();
    try {
      // The value falls, so that the highest is not the latest.
      const states = (userId: string, sentMs: number[]) =>
        sentMs.map((ms, n) => playerEvent({ userId, metric: 'level', value: 9 - n, at: ago(-ms) }));
      const latest = async (userId: string) =>
        await own.store.progress.read(userId, [query({ metric: 'level', aggregation: 'LATEST' })]);
      const players = [await newPlayer(own.store), await newPlayer(own.store)];
      const [together, apart] = players as [string, string];
      await own.store.progress.ingest(states(together, [-1, 10_000, 12_000]), NOW);
      for (const one of states(apart, [-1, 10_000, 12_000]).reverse()) {
        await own.store.progress.ingest([one], NOW);
      }
      for (const userId of players) assert.deepEqual(await latest(userId), [7]);
      await own.store.progress.fold(new Date(NOW.getTime() + 4 * DAY_MS));
      for (const userId of players) assert.deepEqual(await latest(userId), [7], 'once folded');
    } finally {
      await own.close();
    }
  });

  it('without a key is another than with one', async () => {
    const userId = await player();
    const metric = 'level';
    await ingest(
      playerEvent({ userId, metric, value: 5 }),
      playerEvent({ userId, metric, key: 'mage', value: 70 }),
    );
    assert.equal(await read(userId, { metric, aggregation: 'HIGHEST' }), 5);
    assert.equal(await read(userId, { metric, key: 'mage', aggregation: 'HIGHEST' }), 70);
  });
});

describe('activities', () => {
  it('that have expired still count, by their aggregates', async () => {
    const userId = await player();
    const at = new Date(Date.UTC(2026, 10, 10, 10, 5));
    await t.store.progress.ingest([playerEvent({ userId, at: at.toISOString() })], at);
    await ingest(playerEvent({ userId, at: new Date(at.getTime() + MINUTE_MS).toISOString() }));
    await t.store.progress.fold(NOW);
    await t.store.progress.playerEvents.model.deleteMany({ userId });
    assert.equal(await read(userId), 2);
    assert.equal(await read(userId, { from: new Date(Date.UTC(2026, 10, 10, 10)) }), 2);
    assert.equal(await read(userId, { from: new Date(Date.UTC(2026, 10, 10, 10, 15)) }), 0);
  });

  it('are read at most twice for any number of queries', async () => {
    const userId = await player();
    // More than the driver asks for at once unless it is told otherwise.
    const often = Array.from({ length: 150 }, (_, n) =>
      playerEvent({ userId, at: ago(n * 60_000) }),
    );
    const long = Array.from({ length: 50 }, (_, n) => ago((5 + n) * DAY_MS));
    const keyed = ['a', 'b', 'c'].flatMap((key) =>
      long.map((at) => playerEvent({ userId, key, at })),
    );
    await ingest(...often, ...keyed);
    await t.store.progress.fold(NOW);
    assert.equal(await read(userId), 300);
    const queries = Array.from({ length: 20 }, (_, n) =>
      query({
        metric: n % 2 ? 'boss.killed' : `m${n}`,
        from: n % 3 ? null : new Date(NOW.getTime() - n * DAY_MS),
      }),
    );
    const seen = await commandsDuring(() => t.store.progress.read(userId, queries));
    assert.deepEqual(seen, ['activity_events', 'progress_days']);
  });
});

/** The collections of the commands that the work took, in the letters' order. */
async function commandsDuring(work: () => Promise<unknown>): Promise<string[]> {
  const { db } = t.connection;
  assert.ok(db);
  await db.setProfilingLevel('all');
  await work();
  await db.setProfilingLevel('off');
  const found = await db
    .collection('system.profile')
    .find({ op: { $in: ['query', 'command', 'getmore'] } })
    .toArray();
  return found
    .map(({ ns }) => String(ns).split('.').slice(1).join('.'))
    .filter((name) => name.startsWith('activity') || name.startsWith('progress'))
    .sort();
}

const METRICS = ['login', 'boss.killed', 'level'];
const ZONES = ['America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe'];

/**
 * Days before now whose five days before hold nothing of note, or a change of the clocks in one of
 * the zones: 1 November, 25 October, 4 October.
 */
const EPISODES = [0, 18, 25, 46];

/** Times of an episode, which lie at seams as often as between them. */
const momentOf = (daysAgo: number) =>
  fc
    .tuple(
      fc.oneof(
        fc.integer({ min: 0, max: 5 * 96 }),
        fc.integer({ min: 0, max: 5 }).map((d) => d * 96),
      ),
      fc.oneof(fc.constantFrom(0, 1, -1), fc.integer({ min: 0, max: QUARTER_MS })),
    )
    .map(
      ([quarters, ms]) =>
        Math.floor(NOW.getTime() / QUARTER_MS) * QUARTER_MS -
        (daysAgo * 96 + quarters) * QUARTER_MS +
        ms,
    )
    .map((atMs) => Math.min(atMs, NOW.getTime()));

const somePlayerEvent = (moment: fc.Arbitrary<number>) =>
  fc.record({
    metric: fc.constantFrom(...METRICS),
    key: fc.constantFrom(undefined, undefined, 'a', 'b'),
    value: fc.integer({ min: -5, max: 50 }),
    hasValue: fc.boolean(),
    atMs: moment,
  });

const someQuery = (moment: fc.Arbitrary<number>) =>
  fc.record({
    metric: fc.constantFrom(...METRICS),
    key: fc.constantFrom(null, 'a'),
    aggregation: fc.constantFrom<Aggregation>('COUNT', 'HIGHEST', 'LATEST', 'STREAK'),
    from: fc.option(moment.map((ms) => new Date(ms))),
    until: moment.map((ms) => new Date(ms + 1)),
    timeZone: fc.constantFrom(...ZONES),
    resetHour: fc.integer({ min: 0, max: 23 }),
    resetMinute: fc.integer({ min: 0, max: 59 }),
  });

/** The definition read out over the plain list. */
function oracle(events: Sent[], q: ProgressQuery): number | null {
  const isGauge = q.aggregation === 'HIGHEST' || q.aggregation === 'LATEST';
  const asked = events.filter((e) => {
    const at = new Date(e.at);
    const isKey = q.key === null ? !isGauge || e.key === undefined : e.key === q.key;
    return e.metric === q.metric && isKey && (!q.from || q.from <= at) && at < q.until;
  });
  const states = asked.flatMap(({ at, value }) =>
    value === undefined ? [] : [{ at: Date.parse(at), value }],
  );
  if (q.aggregation === 'COUNT') return asked.reduce((sum, { value = 1 }) => sum + value, 0);
  if (q.aggregation === 'STREAK') {
    return streakOf(
      asked.map(({ at }) => Date.parse(at)),
      q,
      new Date(q.until.getTime() - 1),
    );
  }
  if (states.length === 0) return null;
  if (q.aggregation === 'HIGHEST') return Math.max(...states.map(({ value }) => value));
  return states.sort((a, b) => a.at - b.at || a.value - b.value).at(-1)?.value ?? null;
}

describe('progress', () => {
  it('is the same for every order, repetition and batching of the same events, and whenever days are folded', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .constantFrom(...EPISODES)
          .map(momentOf)
          .chain((moment) =>
            fc.tuple(
              fc.array(somePlayerEvent(moment), { minLength: 1, maxLength: 30 }),
              fc.array(someQuery(moment), { minLength: 1, maxLength: 12 }),
            ),
          ),
        fc.array(fc.array(fc.nat(29), { maxLength: 20 }), { maxLength: 3 }),
        fc.nat(4),
        async ([some, queries], repeats, foldAt) => {
          const userId = await player();
          const events = some.map(({ atMs, value, hasValue, key, metric }) =>
            playerEvent({
              userId,
              metric,
              at: new Date(atMs).toISOString(),
              ...(key !== undefined && { key }),
              ...((hasValue || metric === 'level') && { value }),
            }),
          );
          const places = repeats.map((batch) => batch.map((n) => events[n % events.length]));
          const batches = [...places, [...events].reverse(), ...places];
          for (const [n, batch] of batches.entries()) {
            if (n === foldAt) await t.store.progress.fold(NOW);
            await ingest(...batch);
          }
          const read = () => t.store.progress.read(userId, queries);
          const expected = queries.map((q) => oracle(events, q));
          assert.deepEqual(await read(), expected);
          await t.store.progress.fold(NOW);
          assert.deepEqual(await read(), expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is the same once days were folded that were only kept before', async () => {
    // Sent as they happened, before anything was folded, so that all of them wait for the fold.
    await t.connection.collection('progress_state').deleteMany({});
    const userId = await player();
    const events = Array.from({ length: 60 }, (_, n) =>
      playerEvent({
        userId,
        metric: METRICS[n % 3] as string,
        value: n,
        at: new Date(NOW.getTime() - (60 - n) * 3 * HOUR_MS + n).toISOString(),
      }),
    );
    for (const event of events) await t.store.progress.ingest([event], new Date(event.at));
    const queries = fc.sample(someQuery(momentOf(0)), { numRuns: 100, seed: 7 });
    const expected = queries.map((q) => oracle(events, q));
    const fresh = createProgressStore(t.connection, DEFAULT_RULES, () => NOW);
    assert.deepEqual(await fresh.read(userId, queries), expected);
    await Promise.all([t.store.progress.fold(NOW), t.store.progress.fold(NOW)]);
    assert.deepEqual(await t.store.progress.read(userId, queries), expected);
    assert.ok(
      await t.store.progress.days.model.countDocuments({ userId, folded: { $exists: true } }),
    );
  });
});
