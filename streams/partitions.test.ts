import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createProgress, type Sight } from './partitions.ts';

const STALLED_AFTER_MS = 120_000;
const LOOK_EVERY_MS = 10_000;

/** A progress whose clock moves on by ten seconds with each look. */
function progress() {
  let nowMs = 0;
  const whole = createProgress(STALLED_AFTER_MS, () => nowMs);
  return {
    ...whole,
    passes(ms: number) {
      nowMs += ms;
    },
    /** Looks for that long while all stays as in `sights`. Returns what became stalled. */
    staysFor(ms: number, sights: (n: number) => Sight[]): number[] {
      const looks = Array.from({ length: ms / LOOK_EVERY_MS }, (_, n) => n);
      return looks.flatMap((n) => {
        nowMs += LOOK_EVERY_MS;
        return whole.look(sights(n));
      });
    },
  };
}

const behind = (partition: number, committed = 7n): Sight => ({
  partition,
  committed,
  isBehind: true,
  lag: 3n,
});
const idle = (partition: number): Sight => ({ partition, committed: 7n, isBehind: false, lag: 0n });

describe('the progress of partitions', () => {
  it('ends where one of them has records and nothing of it is committed for two minutes', () => {
    const p = progress();
    assert.deepEqual(
      p.staysFor(120_000, (n) => [behind(0, BigInt(n)), behind(1)]),
      [],
    );
    assert.ok(p.isMoving());
    assert.deepEqual(
      p.staysFor(20_000, (n) => [behind(0, BigInt(100 + n)), behind(1)]),
      [1],
    );
    assert.ok(!p.isMoving());
    p.staysFor(10_000, () => [behind(0, 200n), behind(1, 8n)]);
    assert.ok(p.isMoving(), 'it goes on');
  });

  it('goes on where there is nothing to read, however long', () => {
    const p = progress();
    p.staysFor(600_000, () => [idle(0), idle(1)]);
    assert.ok(p.isMoving());
  });

  it('goes on where what stands still belongs to another process by now', () => {
    const p = progress();
    p.staysFor(130_000, () => [behind(0)]);
    assert.ok(!p.isMoving());
    p.staysFor(10_000, () => [idle(1)]);
    assert.ok(p.isMoving());
  });

  it('begins anew where the database was away, or no broker answered', () => {
    for (const interruption of ['database', 'broker']) {
      const p = progress();
      p.staysFor(110_000, () => [behind(0)]);
      if (interruption === 'database') p.excuse();
      else p.passes(90_000);
      p.staysFor(110_000, () => [behind(0)]);
      assert.ok(p.isMoving(), interruption);
      p.staysFor(20_000, () => [behind(0)]);
      assert.ok(!p.isMoving(), interruption);
    }
  });
});
