import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TurnRequest } from '../domain/provider-limit.ts';
import { createTurnstile } from './call-limiter.ts';

/** A keeper that grants turns as told, and remembers who asked and who gave back. */
function keeping(waitMs: number | null) {
  const taken: TurnRequest[] = [];
  const givenBack: string[] = [];
  const keeper = {
    async take(request: TurnRequest) {
      taken.push(request);
      return waitMs;
    },
    async giveBack(_: string, turnId: string) {
      givenBack.push(turnId);
    },
  };
  const limits = new Map([['game', { callsAtOnce: 1 }]]);
  return { taken, givenBack, turnstile: createTurnstile(keeper, limits, { timeoutMs: 1_000 }) };
}

describe('a call that is not worth waiting for', () => {
  it('is made at once at a provider without a limit, and takes no turn', async () => {
    const { taken, turnstile } = keeping(null);
    assert.equal(await turnstile.passAtOnce('other', async () => 'made'), 'made');
    assert.deepEqual(taken, []);
  });

  it('is made in its turn where that is now, which is given back after it', async () => {
    const { taken, givenBack, turnstile } = keeping(0);
    const made = await turnstile.passAtOnce('game', async () => {
      assert.deepEqual(givenBack, []);
      return 'made';
    });
    assert.equal(made, 'made');
    assert.equal(taken[0]?.aheadMs, 0, 'a later turn would have been taken');
    assert.deepEqual(givenBack, [taken[0]?.turnId]);
  });

  it('is not made where its turn is not now, and asked for only once', async () => {
    const { taken, givenBack, turnstile } = keeping(null);
    const call = () => assert.fail('it was made');
    assert.equal(await turnstile.passAtOnce('game', call), null);
    assert.deepEqual([taken.length, givenBack], [1, []]);
  });

  it('gives its turn back where it fails, and fails', async () => {
    const { taken, givenBack, turnstile } = keeping(0);
    const failed = turnstile.passAtOnce('game', () => Promise.reject(new Error('no answer')));
    await assert.rejects(failed, /no answer/);
    assert.deepEqual(givenBack, [taken[0]?.turnId]);
  });
});
