import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jsonDifferences } from './json-difference.ts';

describe('the differences of two JSON values', () => {
  it('are none for the same, also with the fields in another order', () => {
    assert.deepEqual(
      jsonDifferences({ a: [1, { b: null }], c: 2 }, { c: 2, a: [1, { b: null }] }),
      [],
    );
  });

  it('are at the innermost place', () => {
    const before = { title: 'a', period: { kind: 'DAILY', hour: 5 }, rewards: [{ stock: 1 }, 2] };
    const after = { title: 'b', period: { kind: 'DAILY', hour: 6 }, rewards: [{ stock: 3 }, 2] };
    assert.deepEqual(jsonDifferences(before, after), [
      { pointer: '/title', before: 'a', after: 'b' },
      { pointer: '/period/hour', before: 5, after: 6 },
      { pointer: '/rewards/0/stock', before: 1, after: 3 },
    ]);
  });

  it('have null for what is on one side only, and a list of another length as a whole', () => {
    assert.deepEqual(jsonDifferences({ a: 1, l: [1] }, { 'b/~': 2, l: [1, 2] }), [
      { pointer: '/a', before: 1, after: null },
      { pointer: '/l', before: [1], after: [1, 2] },
      { pointer: '/b~1~0', before: null, after: 2 },
    ]);
    assert.deepEqual(jsonDifferences({ c: null }, { c: { all: [] } }), [
      { pointer: '/c', before: null, after: { all: [] } },
    ]);
    assert.deepEqual(jsonDifferences([], {}), [{ pointer: '', before: [], after: {} }]);
  });
});
