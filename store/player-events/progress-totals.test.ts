import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DAY_MS } from '../../domain/conditions/player-event.ts';
import {
  newPlayer,
  profiled,
  type Sent,
  type StoreFixture,
  storeFixture,
  unique,
} from '../test-store.ts';
import type { MetricKey, ProgressTotal } from './progress-totals.ts';

const NOW = new Date('2026-11-22T14:07:31.250Z');

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
  t.setNow(NOW);
});
after(() => t.close());

const daysAgo = (days: number) => new Date(NOW.getTime() - days * DAY_MS);

/** The player does these things. A number instead of a time says how many days ago. */
async function did(userId: string, ...all: (Partial<Omit<Sent, 'at'>> & { days: number })[]) {
  const events = all.map(({ days, ...given }) => {
    const at = daysAgo(days).toISOString();
    return { id: unique('act'), userId, metric: 'boss.killed', at, ...given };
  });
  const { accepted } = await t.store.progress.ingest(events, NOW);
  assert.equal(accepted, all.length);
}

const brief = ({ metric, key, sum }: ProgressTotal) => [metric, key, sum];

describe("a player's totals", () => {
  it('have the days that are folded, what came late, and what is new, each event once', async () => {
    const userId = await newPlayer(t.store);
    const level = { metric: 'level', key: 'mage' };
    await did(userId, { days: 0.5 }, { days: 0, value: 5 }, { days: 0.1, ...level, value: 30 });
    await did(userId, { days: 2.2, ...level, value: 31 }, { days: 40 }, { days: 41, value: 7 });
    const at = (days: number) => ({ lastAt: daysAgo(days) });
    const expected = [
      { metric: 'boss.killed', key: null, sum: 14, highest: 7, latest: 5, ...at(0) },
      { ...level, sum: 61, highest: 31, latest: 30, ...at(0.1) },
    ];
    assert.deepEqual(await t.store.progress.totals(userId, undefined, 10), expected);
    await t.store.progress.fold(NOW);
    assert.deepEqual(await t.store.progress.totals(userId, undefined, 10), expected, 'folded');
  });

  it('come page by page, by metric and key, no key first', async () => {
    const userId = await newPlayer(t.store);
    // By bytes the last key comes after the one before it; by UTF-16 units it would not.
    const keys = [undefined, 'Z', 'a', '\uffee', '\u{1f600}'];
    const of = (metric: string, days: number) =>
      keys.map((key) => ({ metric, days, ...(key !== undefined && { key }) }));
    await did(userId, ...of('b', 0), ...of('b', 30), ...of('a', 50), ...of('c', 0));
    const whole = await t.store.progress.totals(userId, undefined, 50);
    const expected = ['a', 'b', 'c'].flatMap((metric) =>
      keys.map((key) => [metric, key ?? null, metric === 'b' ? 2 : 1]),
    );
    assert.deepEqual(whole.map(brief), expected);
    for (const limit of [1, 2, 7]) {
      const seen: ProgressTotal[] = [];
      for (let from: MetricKey | undefined; ; from = seen.at(-1)) {
        const found = await t.store.progress.totals(userId, from, limit);
        seen.push(...found.slice(0, limit));
        if (found.length <= limit) break;
      }
      assert.deepEqual(seen, whole, `${limit}`);
    }
  });

  it("are the player's own, and none for a player who did nothing", async () => {
    const [userId, other] = [await newPlayer(t.store), await newPlayer(t.store)];
    await did(other, { days: 0 }, { days: 30 });
    assert.deepEqual(await t.store.progress.totals(userId, undefined, 10), []);
  });

  it('stay when all of their days are folded', async (test) => {
    const own = await storeFixture();
    test.after(() => own.close());
    own.setNow(NOW);
    const userId = await newPlayer(own.store);
    const events = [0, 0.4, 3, 30].map((days) => {
      return {
        id: unique('act'),
        userId,
        metric: 'level',
        value: 9,
        at: daysAgo(days).toISOString(),
      };
    });
    await own.store.progress.ingest(events, NOW);
    await own.store.progress.fold(new Date(NOW.getTime() + 5 * DAY_MS));
    const [total] = await own.store.progress.totals(userId, undefined, 10);
    assert.deepEqual([total?.sum, total?.lastAt], [36, NOW]);
  });

  it('are read by the index of the player', async () => {
    const from = { metric: 'b', key: null };
    for (const collection of ['progress_days', 'activity_events']) {
      const seen = await profiled(t.connection, collection, async () => {
        await t.store.progress.totals('usr_1', undefined, 10);
        await t.store.progress.totals('usr_1', from, 10);
      });
      const plans = new Set(seen.map(({ planSummary }) => planSummary));
      assert.equal(plans.size, 1);
      assert.match([...plans].join(), /^IXSCAN \{ userId: 1, /);
    }
  });
});
