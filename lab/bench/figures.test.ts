import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { besideLines, bound, linesOf, type Row, ratio } from './figures.ts';

const row = (name: string, ...values: number[]): Row => {
  return { name, unit: 'a second', samples: values.map((value) => ({ value })) };
};

describe('a ratio', () => {
  it('is taken round by round, as both sides shared the machine in each', () => {
    const rows = [row('ours', 10, 50, 30), row('theirs', 20, 100, 30)];
    const { values, isKept } = ratio(rows, 'ours', 'theirs', { atLeast: 0.6 });
    assert.deepEqual(values, [0.5, 0.5, 1]);
    assert.equal(isKept, false);
  });

  it('of something that was not measured is refused', () => {
    assert.throws(() => ratio([row('ours', 1)], 'ours', 'theirs', { atLeast: 1 }), /theirs/);
  });
});

it('rows beside one of them tell rate, cost and time, each so that one is as good', () => {
  const also = (ms: number) => ({ 'all CPU ms': ms, 'p50 ms': ms });
  const rows = [
    { name: 'nothing', unit: 'a second', samples: [{ value: 40, also: also(30) }] },
    { name: 'ours', unit: 'a second', samples: [{ value: 20, also: also(60) }] },
  ];
  const of = { costs: ['all CPU ms'], times: ['p50 ms'] };
  assert.deepEqual(besideLines(rows, 'nothing', of), [
    'ours : nothing: rate 0.5, by all CPU ms 0.5, p50 ms 2',
  ]);
});

describe('a bound', () => {
  it('is broken by one round', () => {
    assert.equal(bound('granted', [1_000, 1_000, 1_001], { exactly: 1_000 }).isKept, false);
    assert.equal(bound('granted', [1_000, 1_000], { exactly: 1_000 }).isKept, true);
  });
});

it('the tables show medians, spreads and what was not kept', () => {
  const rows = [row('ours', 10, 30, 20), row('theirs', 40, 40, 40)];
  const checks = [ratio(rows, 'ours', 'theirs', { atLeast: 0.6 })];
  const text = linesOf('part', { rows, checks, notes: ['A note.'] }).join('\n');
  assert.match(text, /^part: 3 rounds/);
  assert.match(text, /ours +20 +10–30 +a second/);
  assert.match(text, /ours : theirs +0\.5 +0\.25–0\.75 +≥ 0\.6 +NOT KEPT/);
  assert.match(text, /A note\.$/);
});
