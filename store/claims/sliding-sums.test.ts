import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSlidingSums, type Span } from './sliding-sums.ts';

const S = 1_000;
/** A moment at the start of a bucket, in milliseconds since the epoch. */
const NOON = Date.UTC(2026, 10, 22, 12);

/** A window of a minute over things that happened at these moments, and the spans that it read. */
function fixture(things: number[], { withinMs = 100, tooMany = false } = {}) {
  const read: Span[] = [];
  let clockMs = 0;
  const sums = createSlidingSums<{ count: number }>({
    windowMs: 60 * S,
    withinMs,
    now: () => clockMs,
    async sumUp(span) {
      read.push(span);
      clockMs += 60;
      if (tooMany) return null;
      const found = things.filter((ms) => span.fromMs <= ms && ms < span.untilMs);
      return found.map((ms) => ({ bucketMs: ms - (ms % (10 * S)), count: 1 }));
    },
  });
  const count = async (atMs: number, stampOf?: (bucketMs: number) => string) =>
    (await sums.read(atMs, stampOf))?.reduce((sum, one) => sum + one.count, 0) ?? null;
  const spans = () => read.splice(0).map(({ fromMs, untilMs }) => [fromMs - NOON, untilMs - NOON]);
  return { count, spans, windowAt: sums.windowAt };
}

describe('the sums of a window', () => {
  it('have what is in it, from the start of its first bucket', async () => {
    const { count, windowAt } = fixture([-61, -60, -59, -1, 0, 3].map((s) => NOON + s * S));
    assert.equal(await count(NOON + 3 * S), 5);
    assert.deepEqual(windowAt(NOON + 3 * S), { fromMs: NOON - 60 * S, untilMs: NOON + 10 * S });
    assert.equal(await count(NOON + 49 * S), 3);
  });

  it('read again only what may have changed: young buckets, and those with another stamp', async () => {
    const things: number[] = [];
    const { count, spans } = fixture(things);
    assert.equal(await count(NOON), 0);
    assert.deepEqual(spans(), [
      [-60 * S, 0],
      [0, 10 * S],
    ]);
    things.push(NOON - 15 * S, NOON - 55 * S);
    assert.equal(await count(NOON + 2 * S), 1, 'the old bucket is not read again');
    assert.deepEqual(spans(), [[-20 * S, 10 * S]]);
    const stamps = (bucketMs: number) => (bucketMs === NOON - 60 * S ? 'another' : '');
    assert.equal(await count(NOON + 4 * S, stamps), 2);
    assert.deepEqual(spans(), [
      [-60 * S, -50 * S],
      [-20 * S, 10 * S],
    ]);
  });

  it('read a bucket once more that was young when nobody looked for a while', async () => {
    const things: number[] = [];
    const { count } = fixture(things);
    await count(NOON + 5 * S);
    things.push(NOON + 6 * S);
    assert.equal(await count(NOON + 60 * S), 1);
  });

  it('are null where they take too long, and go on from there at the next look', async () => {
    const { count, spans } = fixture([NOON - 5 * S], { withinMs: 50 });
    assert.equal(await count(NOON), null);
    assert.deepEqual(spans(), [[-60 * S, 0]]);
    assert.equal(await count(NOON), 1);
    assert.deepEqual(spans(), [[-20 * S, 10 * S]]);
    assert.equal(await fixture([], { tooMany: true }).count(NOON), null);
  });
});
