import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EventFields } from '../events/types.ts';
import { differencesOf, merged, patchOf } from './changes.ts';
import { comparable, emptyValues, fieldsOf, newReward } from './form-values.ts';

const BASE: EventFields = comparable({
  ...fieldsOf({ ...emptyValues('Asia/Seoul'), title: 'Snow', condition: null, rewards: [] }),
  rewards: [
    { rewardId: 'cape', kind: 'ITEM', name: 'Cape', quantity: 1, stock: 5 },
    { rewardId: 'gold', kind: 'CURRENCY', name: 'Gold', quantity: 10, stock: null },
  ],
});

const withReward = (index: number, change: object) =>
  BASE.rewards.map((reward, at) => (at === index ? { ...reward, ...change } : reward));

describe('a partial update', () => {
  it('has what was changed alone', () => {
    assert.deepEqual(patchOf(BASE, structuredClone(BASE)), {});
    const mine = { ...BASE, title: 'Ice', period: { ...BASE.period, resetHour: 5 } };
    assert.deepEqual(patchOf(BASE, mine), { title: 'Ice', period: { resetHour: 5 } });
  });

  it('names no stock that was not changed', () => {
    const { rewards } = patchOf(BASE, { ...BASE, rewards: withReward(0, { name: 'Frost cape' }) });
    assert.deepEqual(rewards, [
      { rewardId: 'cape', kind: 'ITEM', name: 'Frost cape', quantity: 1 },
      { rewardId: 'gold', kind: 'CURRENCY', name: 'Gold', quantity: 10 },
    ]);
  });

  it('keeps a condition that nobody touched as it is', () => {
    const condition = { all: [{ metric: 'level', atLeast: 3, source: 'progress' }] };
    const base = comparable({ ...BASE, condition });
    assert.deepEqual(patchOf(base, comparable(base)), {});
  });
});

describe('two changes of one event', () => {
  it('keep both where they touch different values', () => {
    const mine = { ...BASE, rewards: withReward(0, { name: 'Frost cape' }) };
    const theirs = { ...BASE, rewards: withReward(0, { stock: 105 }), title: 'Ice' };
    const found = differencesOf(BASE, mine, theirs);
    const settled = found.map(({ path, settled }) => [path.join('.'), settled]);
    assert.deepEqual(settled, [
      ['title', 'theirs'],
      ['rewards.cape.name', 'mine'],
      ['rewards.cape.stock', 'theirs'],
    ]);
    const both = merged(
      theirs,
      found.filter(({ settled }) => settled === 'mine'),
    );
    assert.deepEqual(both, {
      ...theirs,
      rewards: withReward(0, { stock: 105, name: 'Frost cape' }),
    });
  });

  it('ask where both changed one value', () => {
    const found = differencesOf(BASE, { ...BASE, title: 'Mine' }, { ...BASE, title: 'Theirs' });
    assert.deepEqual(found, [
      { path: ['title'], base: 'Snow', mine: 'Mine', theirs: 'Theirs', settled: undefined },
    ]);
  });

  it('take an added reward as a whole, and a removed one away', () => {
    const { id: _, ...added } = { ...newReward(), rewardId: 'hat', quantity: 1, stock: null };
    const mine: EventFields = { ...BASE, rewards: [...BASE.rewards.slice(1), added] };
    const found = differencesOf(BASE, mine, BASE);
    assert.deepEqual(merged(BASE, found).rewards, mine.rewards);
  });
});
