import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTraceparent, traceparentOf } from './traceparent.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

test('a traceparent says where in which trace its sender is', () => {
  const header = `00-${TRACE}-${SPAN}-01`;
  const ids = parseTraceparent(header);
  assert.deepEqual(ids, { traceId: TRACE, spanId: SPAN, isSampled: true });
  assert.equal(ids && traceparentOf(ids), header);
  assert.equal(parseTraceparent(`00-${TRACE}-${SPAN}-00`)?.isSampled, false);
});

test('the flags that are not known say nothing', () => {
  assert.equal(parseTraceparent(`00-${TRACE}-${SPAN}-fe`)?.isSampled, false);
  assert.equal(parseTraceparent(`00-${TRACE}-${SPAN}-03`)?.isSampled, true);
});

test('a later version is read as far as it is known', () => {
  assert.equal(parseTraceparent(`01-${TRACE}-${SPAN}-01-more`)?.traceId, TRACE);
});

/** Each breaks one rule of W3C Trace Context, section 3.2. */
const MALFORMED = [
  undefined,
  '',
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE}-${SPAN}-01-more`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
  ` 00-${TRACE}-${SPAN}-01`,
];

for (const header of MALFORMED) {
  test(`a malformed traceparent is ignored: ${header}`, () => {
    assert.equal(parseTraceparent(header), null);
  });
}
