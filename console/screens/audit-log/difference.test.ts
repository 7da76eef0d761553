import assert from 'node:assert/strict';
import { it } from 'node:test';
import { differences } from './difference.ts';

it('only the fields that differ are named, by their path', () => {
  const before = { title: 'Snow', rewards: [{ stock: 5, name: 'Cape' }], condition: null };
  const after = { title: 'Snow', rewards: [{ stock: 8, name: 'Cape' }], condition: { all: [] } };
  assert.deepEqual(differences(before, after), [
    { path: 'rewards.0.stock', before: 5, after: 8 },
    { path: 'condition', before: null, after: { all: [] } },
  ]);
});

it('what was made or deleted is named field by field', () => {
  assert.deepEqual(differences(null, { a: 1, b: { c: null } }), [
    { path: 'a', before: undefined, after: 1 },
    { path: 'b.c', before: undefined, after: null },
  ]);
  assert.deepEqual(differences({ a: 1 }, null), [{ path: 'a', before: 1, after: undefined }]);
  assert.deepEqual(differences({ a: 1 }, { a: 1 }), []);
});
