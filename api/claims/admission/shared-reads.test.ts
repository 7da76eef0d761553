import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shareReads } from './shared-reads.ts';

/** Lets everything run that waits for nothing but a slot. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Shared reads that the test answers. */
function sharing() {
  const reads: { key: string; answer: PromiseWithResolvers<string> }[] = [];
  const read = shareReads(
    (key: string) => key,
    (key: string) => {
      const answer = Promise.withResolvers<string>();
      reads.push({ key, answer });
      return answer.promise;
    },
  );
  return { read, reads };
}

describe('shared reads', () => {
  it('give nobody the answer of a read that began before they asked', async () => {
    const { read, reads } = sharing();
    const first = read('a');
    const others = [read('a'), read('a')];
    assert.equal(reads.length, 1);
    reads[0]?.answer.resolve('old');
    assert.equal(await first, 'old');
    await settle();
    assert.equal(reads.length, 2, 'one read for all who came during the first');
    reads[1]?.answer.resolve('new');
    assert.deepEqual(await Promise.all(others), ['new', 'new']);
  });

  it('begin at once where none is under way', async () => {
    const { read, reads } = sharing();
    const first = read('a');
    reads[0]?.answer.resolve('1');
    await first;
    await settle();
    void read('a');
    assert.equal(reads.length, 2);
  });

  it('are not shared between keys', () => {
    const { read, reads } = sharing();
    void read('a');
    void read('b');
    assert.deepEqual(
      reads.map((r) => r.key),
      ['a', 'b'],
    );
  });

  it('fail for those who shared them, and for nobody after', async () => {
    const { read, reads } = sharing();
    const first = read('a');
    const second = read('a');
    reads[0]?.answer.reject(new Error('away'));
    await assert.rejects(first, /away/);
    await settle();
    reads[1]?.answer.resolve('back');
    assert.equal(await second, 'back');
  });
});
