import assert from 'node:assert/strict';
import { it } from 'node:test';
import { unitTests } from './unit-tests.ts';

const found = unitTests();

it('a test of pure rules is a unit test', () => {
  assert.ok(found.includes('domain/claims/claim.test.ts'));
  assert.ok(found.includes('providers/pace.test.ts'));
});

it('a test that asks for a server is none, whether by an import or by a process that it runs', () => {
  for (const file of [
    'store/stock/stock.test.ts',
    'local/start.test.ts',
    'lab/chaos/chaos.test.ts',
  ]) {
    assert.ok(!found.includes(file), file);
  }
});
