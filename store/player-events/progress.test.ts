import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DAY_MS } from '../../domain/conditions/player-event.ts';
import type { ProgressQuery } from '../../domain/conditions/progress.ts';
import { newPlayer, type Sent, type StoreFixture, storeFixture, unique } from '../test-store.ts';

const NOW = new Date('2026-11-22T14:07:31.250Z');
const MINUTE_MS = 60_000;

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

/** The answer of a single query. */
async function read(userId: string, given: Partial<ProgressQuery> = {}): Promise<number | null> {
  const [answer] = await t.store.progress.read(userId, [query(given)]);
  assert.notEqual(answer, undefined);
  return answer as number | null;
}

describe('a player event', () => {
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

  it('takes a player event as old as the TTL', async () => {
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
      // The values fall, so that the highest is not the latest.
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

describe('player events', () => {
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
    // More documents than the driver fetches at once by default.
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

/** The collections of all commands that the work sent, sorted by name. */
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
