import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SlotRequest } from '../domain/provider-limit.ts';
import { createCallLimiter } from './call-limiter.ts';

/** A keeper that gives slots as the test says, and remembers who asked and who gave back. */
function keeping(waitMs: number | null) {
  const taken: SlotRequest[] = [];
  const givenBack: string[] = [];
  const keeper = {
    async take(request: SlotRequest) {
      taken.push(request);
      return waitMs;
    },
    async giveBack(_: string, slotId: string) {
      givenBack.push(slotId);
    },
  };
  const limits = new Map([['game', { callsAtOnce: 1 }]]);
  return { taken, givenBack, callLimiter: createCallLimiter(keeper, limits, { timeoutMs: 1_000 }) };
}

describe('a call that is not worth waiting for', () => {
  it('is made at once at a provider without a limit, and takes no turn', async () => {
    const { taken, callLimiter } = keeping(null);
    assert.equal(await callLimiter.runNow('other', async () => 'made'), 'made');
    assert.deepEqual(taken, []);
  });

  it('is made in its turn where that is now, which is given back after it', async () => {
    const { taken, givenBack, callLimiter } = keeping(0);
    const made = await callLimiter.runNow('game', async () => {
      assert.deepEqual(givenBack, []);
      return 'made';
    });
    assert.equal(made, 'made');
    assert.equal(taken[0]?.aheadMs, 0, 'a later turn would have been taken');
    assert.deepEqual(givenBack, [taken[0]?.slotId]);
  });

  it('is not made where its turn is not now, and asked for only once', async () => {
    const { taken, givenBack, callLimiter } = keeping(null);
    const call = () => assert.fail('it was made');
    assert.equal(await callLimiter.runNow('game', call), null);
    assert.deepEqual([taken.length, givenBack], [1, []]);
  });

  it('gives its turn back where it fails, and fails', async () => {
    const { taken, givenBack, callLimiter } = keeping(0);
    const failed = callLimiter.runNow('game', () => Promise.reject(new Error('no answer')));
    await assert.rejects(failed, /no answer/);
    assert.deepEqual(givenBack, [taken[0]?.slotId]);
  });
});
