import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { ProviderError } from '../domain/claims/fulfillment.ts';
import { LimitReached } from '../domain/provider-limit.ts';
import { brokenData, retriedForSlot, withProviderFailures } from './failures.ts';

/** The failure that a call comes to. */
async function failureOf(
  run: (call: () => Promise<never>) => Promise<never>,
  error: Error,
): Promise<unknown> {
  return await run(() => Promise.reject(error)).catch((failure: unknown) => failure);
}

describe('a failed activity', () => {
  it('is retried and counts as no error where a provider gave no definite answer', async () => {
    for (const kind of ['UNAVAILABLE', 'UNKNOWN'] as const) {
      const failure = await failureOf(
        withProviderFailures,
        new ProviderError(kind, 'It said 503.'),
      );
      assert.ok(failure instanceof ApplicationFailure);
      assert.equal(failure.type, `FULFILLMENT_${kind}`);
      assert.equal(failure.nonRetryable, false);
      assert.equal(failure.category, ApplicationFailureCategory.BENIGN);
      assert.equal(failure.nextRetryDelay, undefined);
    }
  });

  it('is retried when the provider says', async () => {
    const error = new ProviderError('UNAVAILABLE', 'It said 429.', 30_000);
    const failure = await failureOf(withProviderFailures, error);
    assert.ok(failure instanceof ApplicationFailure);
    assert.equal(failure.nextRetryDelay, 30_000);
  });

  it('is retried after a second where the provider’s limit had no free slot', async () => {
    const failure = await failureOf(retriedForSlot, new LimitReached('game is at its limit.'));
    assert.ok(failure instanceof ApplicationFailure);
    assert.equal(failure.nextRetryDelay, 1_000);
  });

  it('is what it was where its error is of no known kind', async () => {
    const error = new TypeError('x is undefined');
    assert.equal(await failureOf(withProviderFailures, error), error);
    assert.equal(await failureOf(retriedForSlot, error), error);
  });

  it('is not retried where our own data is broken', () => {
    const failure = brokenData('There is no record of claim clm_1.');
    assert.equal(failure.nonRetryable, true);
    assert.equal(failure.type, 'INTERNAL');
  });
});
