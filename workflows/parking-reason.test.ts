import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { parkingReasonOf } from './activity-calls.ts';
import { FAILURE_TYPES } from './contract.ts';

describe('a claim whose attempts are used up is parked', () => {
  it('for what its activity says of the provider', () => {
    for (const type of FAILURE_TYPES) {
      const cause = ApplicationFailure.create({ message: 'It said 503.', type });
      const parking = parkingReasonOf({ cause }, 'FULFILLMENT_UNKNOWN');
      assert.deepEqual(parking, { reason: type, detail: 'It said 503.' });
    }
  });

  it('for a mistake of ours where the failure is of no known type, and without its words', () => {
    for (const type of ['TypeError', undefined]) {
      const cause = ApplicationFailure.create({ message: 'x is undefined', ...(type && { type }) });
      const { reason, detail } = parkingReasonOf({ cause }, 'FULFILLMENT_UNKNOWN');
      assert.equal(reason, 'INTERNAL');
      assert.doesNotMatch(detail, /undefined/);
    }
  });

  it('for the reason of its step where the activity did not end in time', () => {
    const cause = new Error('activity StartToClose timeout');
    assert.deepEqual(parkingReasonOf({ cause }, 'FULFILLMENT_UNAVAILABLE'), {
      reason: 'FULFILLMENT_UNAVAILABLE',
      detail: 'activity StartToClose timeout',
    });
    assert.equal(parkingReasonOf({}, 'FULFILLMENT_UNKNOWN').reason, 'FULFILLMENT_UNKNOWN');
  });
});
