import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as later } from 'node:timers/promises';
import { createGate } from './gate.ts';

test('whoever is to be alone waits for those inside, and keeps out those who come later', async () => {
  const gate = createGate();
  const told: string[] = [];
  const work = (name: string) => async () => {
    told.push(`${name} begins`);
    await later();
    told.push(`${name} ends`);
  };
  await Promise.all([
    gate.together(work('first')),
    gate.together(work('second')),
    gate.alone(work('lonely')),
    gate.together(work('third')),
  ]);
  assert.deepEqual(told, [
    'first begins',
    'second begins',
    'first ends',
    'second ends',
    'lonely begins',
    'lonely ends',
    'third begins',
    'third ends',
  ]);
});

test('work that fails leaves the gate open', async () => {
  const gate = createGate();
  const fail = async () => {
    throw new Error('no');
  };
  await assert.rejects(gate.together(fail));
  await assert.rejects(gate.alone(fail));
  assert.equal(await gate.together(async () => 'in'), 'in');
});
