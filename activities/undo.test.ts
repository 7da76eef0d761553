import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { refusalOrRevoked } from './undo.ts';

const REFUSAL = { state: 'REFUSED', detail: 'Too late.' } as const;

describe('a provider that refuses to take a grant back', () => {
  it('is believed where it says that the grant stands', () => {
    assert.deepEqual(refusalOrRevoked('GRANTED', REFUSAL), REFUSAL);
  });

  it('has taken it back before, or never gave it, where it says so', () => {
    assert.deepEqual(refusalOrRevoked('REVOKED', REFUSAL), { state: 'REVOKED' });
    assert.deepEqual(refusalOrRevoked('REFUSED', REFUSAL), { state: 'REVOKED' });
  });

  it('is asked again where it contradicts itself, as nobody could decide', () => {
    for (const state of ['PENDING', 'NEVER_SEEN'] as const) {
      assert.throws(
        () => refusalOrRevoked(state, REFUSAL),
        (error) =>
          error instanceof ApplicationFailure &&
          error.type === 'FULFILLMENT_UNAVAILABLE' &&
          !error.nonRetryable,
      );
    }
  });
});
