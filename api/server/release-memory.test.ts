import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createMemoryRelease } from './release-memory.ts';

/** A process with the utilization that the test sets, second by second. */
function processWith(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let share = 0;
  let collections = 0;
  const memory = createMemoryRelease({
    collect: () => {
      collections += 1;
    },
    utilization: () => ({ utilization: share, idle: 0, active: 0 }),
  });
  return {
    memory,
    collections: () => collections,
    seconds(...shares: number[]) {
      for (share of shares) t.mock.timers.tick(1_000);
    },
  };
}

describe('memory after a crowd', () => {
  it('is given back after three seconds at rest, once', (t: TestContext) => {
    const { memory, seconds, collections } = processWith(t);
    memory.soon();
    memory.soon();
    seconds(0.9, 0.2, 0.2, 0.9, 0.1, 0.1);
    assert.equal(collections(), 0);
    seconds(0.1);
    assert.equal(collections(), 1);
    seconds(0, 0, 0, 0);
    assert.equal(collections(), 1);
  });

  it('is given back again after the next', (t: TestContext) => {
    const { memory, seconds, collections } = processWith(t);
    memory.soon();
    seconds(0, 0, 0);
    memory.soon();
    seconds(0, 0, 0);
    assert.equal(collections(), 2);
  });

  it('is left alone where nobody asked, and once the process ends', (t: TestContext) => {
    const { memory, seconds, collections } = processWith(t);
    seconds(0, 0, 0);
    memory.soon();
    memory.stop();
    seconds(0, 0, 0);
    assert.equal(collections(), 0);
  });

  it('leaves the heap smaller than it found it', async (t: TestContext) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    let litter: unknown[] | undefined = Array.from({ length: 1_000_000 }, (_, n) => ({ n }));
    const before = process.memoryUsage().heapTotal;
    assert.ok(litter.length > 0);
    litter = undefined;
    const memory = createMemoryRelease({
      utilization: () => ({ utilization: 0, idle: 0, active: 0 }),
    });
    memory.soon();
    t.mock.timers.tick(3_000);
    const after = process.memoryUsage().heapTotal;
    assert.ok(after < before - 20_000_000, `${before} bytes, then ${after}`);
  });
});
