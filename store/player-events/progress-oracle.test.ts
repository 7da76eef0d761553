/** Progress compared with its definition, which is computed over the plain list of events. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { QUARTER_MS } from '../../domain/conditions/player-event.ts';
import type { Aggregation, ProgressQuery } from '../../domain/conditions/progress.ts';
import { streakOf } from '../../domain/conditions/streak.ts';
import { newPlayer, type Sent, type StoreFixture, storeFixture, unique } from '../test-store.ts';
import { createProgressStore, DEFAULT_RULES } from './progress.ts';

const NOW = new Date('2026-11-22T14:07:31.250Z');
const HOUR_MS = 60 * 60_000;

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
  t.setNow(NOW);
});
after(() => t.close());

const playerEvent = (given: Omit<Sent, 'id'>): Sent => ({ id: unique('act'), ...given });

const player = () => newPlayer(t.store);

const ingest = (...events: unknown[]) => t.store.progress.ingest(events, NOW);

const METRICS = ['login', 'boss.killed', 'level'];
const ZONES = ['America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe'];

/**
 * Days before now. The five days before each have nothing special, or a clock change in one of the
 * zones: 1 November, 25 October, 4 October.
 */
const EPISODES = [0, 18, 25, 46];

/** Times in an episode: on a border of quarters or days as often as between them. */
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

/** The definition, computed over the plain list of events. */
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
    // Sent when they happened and before any fold, so that all of them wait for the fold.
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
