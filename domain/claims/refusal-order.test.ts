import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { REFUSAL_ORDER, refusalsAmong } from './claim.ts';

describe('the reasons to refuse a claim', () => {
  it('count in one order, however they were looked at', () => {
    const found = { SOLD_OUT: true, CONDITION_NOT_MET: true, USER_NOT_ACTIVE: true };
    assert.deepEqual(refusalsAmong(found), ['USER_NOT_ACTIVE', 'CONDITION_NOT_MET', 'SOLD_OUT']);
  });

  it('are those that hold, and none that was not looked at', () => {
    assert.deepEqual(refusalsAmong({}), []);
    const reasons = fc.subarray([...REFUSAL_ORDER]);
    fc.assert(
      fc.property(reasons, (held) => {
        const holds = Object.fromEntries(REFUSAL_ORDER.map((r) => [r, held.includes(r)]));
        assert.deepEqual(refusalsAmong(holds), held);
      }),
    );
  });
});
