import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { batch, batchReads } from './batching.ts';

interface Named {
  _id: string;
}

/** The IDs of each query, over a store that has every document but `none`. */
function counted(fail?: Error) {
  const queries: string[][] = [];
  const read = batchReads<Named>(async (ids) => {
    queries.push(ids);
    if (fail) throw fail;
    return ids
      .filter((id) => id !== 'none')
      .map((_id) => ({ _id }))
      .reverse();
  });
  return { read, queries };
}

describe('reads of one turn', () => {
  it('are one query, and each gets its own', async () => {
    const { read, queries } = counted();
    const answers = await Promise.all(['a', 'b', 'none', 'a'].map(read));
    assert.deepEqual(answers, [{ _id: 'a' }, { _id: 'b' }, null, { _id: 'a' }]);
    assert.deepEqual(queries, [['a', 'b', 'none']]);
  });

  it('get nothing that was read before they asked', async () => {
    const { read, queries } = counted();
    const first = read('a');
    await new Promise(setImmediate);
    await Promise.all([first, read('a')]);
    assert.deepEqual(queries, [['a'], ['a']]);
  });

  it('are a hundred documents at most', async () => {
    const { read, queries } = counted();
    await Promise.all(Array.from({ length: 250 }, (_, n) => read(`${n}`)));
    assert.deepEqual(
      queries.map((ids) => ids.length),
      [100, 100, 50],
    );
  });

  it('go in a batch of their own where they have another key', async () => {
    const sent: string[][] = [];
    const ask = batch(
      async (all: string[]) => {
        sent.push(all);
        return all.map((one) => one.toUpperCase());
      },
      100,
      (one) => one.slice(0, 1),
    );
    assert.deepEqual(await Promise.all(['a1', 'b1', 'a2'].map(ask)), ['A1', 'B1', 'A2']);
    assert.deepEqual(sent, [['a1', 'a2'], ['b1']]);
  });

  it('fail together, and the next ones by themselves', async () => {
    const { read, queries } = counted(new Error('away'));
    const failed = await Promise.allSettled([read('a'), read('b')]);
    assert.deepEqual(
      failed.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    await assert.rejects(read('a'), /away/);
    assert.equal(queries.length, 2);
  });
});
