import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { holdsOf, isHeldEarly, isLimited, needsHold } from './holds.ts';

const CAPE = { lineId: 'cape', quantity: 2, buckets: 4 };
const HAT = { lineId: 'hat', quantity: 1, buckets: 1 };
const MESOS = { lineId: 'mesos', quantity: 1_000, buckets: null };

describe('the holds of a claim', () => {
  it('are one for each limited line, in the order of the lines', () => {
    const claim = { _id: 'clm_1', eventId: 'evt_1', lines: [MESOS, CAPE, HAT] };
    assert.deepEqual(holdsOf(claim), [
      { holdId: 'clm_1:cape', eventId: 'evt_1', rewardId: 'cape', quantity: 2, buckets: 4 },
      { holdId: 'clm_1:hat', eventId: 'evt_1', rewardId: 'hat', quantity: 1, buckets: 1 },
    ]);
  });

  it('are needed where one of its lines is limited', () => {
    assert.deepEqual([CAPE, MESOS].map(isLimited), [true, false]);
    assert.equal(needsHold({ lines: [MESOS, CAPE] }), true);
    assert.equal(needsHold({ lines: [MESOS] }), false);
    assert.equal(needsHold({ lines: [] }), false);
  });

  it('are taken by the API unless a condition may still refuse the claim', () => {
    const condition = { tree: {} };
    assert.equal(isHeldEarly({ lines: [CAPE], snapshot: {} }), true);
    assert.equal(isHeldEarly({ lines: [CAPE], snapshot: { condition: null } }), true);
    assert.equal(isHeldEarly({ lines: [CAPE], snapshot: { condition } }), false);
    assert.equal(isHeldEarly({ lines: [MESOS], snapshot: {} }), false);
  });
});
