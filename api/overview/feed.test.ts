import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFeed, type Shared } from './feed.ts';

/** In milliseconds: short, as tests wait for several of them. */
const EVERY_MS = 20;

/** A feed of `value`, with how often it was made and how often at once. */
function fixture(everyMs = EVERY_MS) {
  const made = { value: 'a', times: 0, atOnce: 0, most: 0, failures: 0 };
  let fails = false;
  const feed = createFeed<string>({
    everyMs,
    isSame: (a, b) => a === b,
    onFailure: () => {
      made.failures += 1;
    },
    async make() {
      made.times += 1;
      made.atOnce += 1;
      made.most = Math.max(made.most, made.atOnce);
      await new Promise((resolve) => setTimeout(resolve, 5));
      made.atOnce -= 1;
      if (fails) throw new Error('the database is away');
      return made.value;
    },
  });
  /** Follows until `isEnough`; returns what was told. */
  const follow = (isEnough: (told: (Shared<string> | null)[]) => boolean) =>
    new Promise<(Shared<string> | null)[]>((resolve) => {
      const told: (Shared<string> | null)[] = [];
      const leave = feed.follow((one) => {
        told.push(one);
        if (!isEnough(told)) return;
        leave();
        resolve(told);
      });
    });
  return { feed, made, follow, fail: (does: boolean) => (fails = does) };
}

describe('a feed', () => {
  it('is made once for all who read at the same time, and again when it is old', async () => {
    const { feed, made } = fixture();
    const read = await Promise.all([feed.read(), feed.read(), feed.read()]);
    assert.deepEqual([new Set(read).size, made.times], [1, 1]);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS + 5));
    await feed.read();
    assert.equal(made.times, 2);
  });

  it('is not made again while it is young', async () => {
    const { feed, made } = fixture(60_000);
    assert.equal(await feed.read(), await feed.read());
    assert.equal(made.times, 1);
  });

  it('is made once each time for all who follow, and says whether it differs', async () => {
    const { feed, made, follow } = fixture();
    const three = (told: unknown[]) => told.length === 3;
    const [told, others] = await Promise.all([
      follow((seen) => {
        if (seen.length === 2) made.value = 'b';
        return three(seen);
      }),
      follow(three),
      ...Array.from({ length: 20 }, () => follow(three)),
    ]);
    assert.deepEqual(told, others);
    assert.deepEqual(
      told.map((one) => [one?.value, one?.number]),
      [
        ['a', 1],
        ['a', 1],
        ['b', 2],
      ],
    );
    assert.deepEqual([made.times, made.most], [3, 1]);
    assert.equal((await feed.read()).value, 'b');
  });

  it('is not made while nobody looks, and again once somebody does', async () => {
    const { made, follow } = fixture();
    await follow((told) => told.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 3 * EVERY_MS));
    assert.equal(made.times, 1);
    await follow((told) => told.length === 2);
    assert.equal(made.times, 3);
  });

  it('tells followers that it could not be made, and readers why', async () => {
    const { feed, made, follow, fail } = fixture();
    fail(true);
    await assert.rejects(feed.read(), /away/);
    const told = await follow((seen) => {
      if (seen.length === 1) fail(false);
      return seen.length === 2;
    });
    assert.deepEqual([told[0], told[1]?.value, made.failures], [null, 'a', 1]);
  });

  it('tells all followers when the process ends, and later ones at once', async () => {
    const { feed, follow } = fixture();
    const before = follow((told) => told.includes(null));
    feed.end();
    assert.equal((await before).at(-1), null);
    assert.deepEqual(await follow(() => true), [null]);
  });
});
