import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fulfillmentOf, type LineEnd } from './fulfillment.ts';

const GRANTED: LineEnd = { state: 'GRANTED' };
const STOPPED: LineEnd = { state: 'STOPPED' };
const REFUSED: LineEnd = { state: 'REFUSED', detail: 'No.' };
const UNKNOWN: LineEnd = { state: 'PARK', reason: 'FULFILLMENT_UNKNOWN', detail: 'No answer.' };
const BROKEN: LineEnd = { state: 'PARK', reason: 'INTERNAL', detail: 'A mistake.' };

describe('S4', () => {
  it('is granted where every line is', () => {
    assert.deepEqual(fulfillmentOf([GRANTED, GRANTED]), { end: 'GRANTED' });
    assert.deepEqual(fulfillmentOf([]), { end: 'GRANTED' });
  });

  it('stops where one line stopped, whatever the others came to', () => {
    assert.deepEqual(fulfillmentOf([GRANTED, REFUSED, UNKNOWN, STOPPED]), { end: 'STOPPED' });
  });

  it('is refused where one line is, so that nobody is asked to decide on the others', () => {
    assert.deepEqual(fulfillmentOf([UNKNOWN, GRANTED, REFUSED]), { end: 'REFUSED' });
  });

  it('is parked for the reason of the first line that a person must decide on', () => {
    const { reason, detail } = UNKNOWN;
    assert.deepEqual(fulfillmentOf([GRANTED, UNKNOWN, BROKEN]), { end: 'PARK', reason, detail });
  });
});
