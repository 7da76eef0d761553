import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createWorkQueue } from './work-queue.ts';

/** A job that ends when told to, and tells when it began. */
function job(begun: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const run = () => {
    begun.push(name);
    return promise;
  };
  return { run, end: () => resolve(name), fail: () => reject(new Error(name)) };
}

describe('a work queue', () => {
  it('runs so many jobs at once, and the others in the order they came', async () => {
    const begun: string[] = [];
    const queue = createWorkQueue({ atOnce: 2 });
    const jobs = ['a', 'b', 'c', 'd'].map((name) => job(begun, name));
    const ended = jobs.map(({ run }) => queue(run));
    await new Promise(setImmediate);
    assert.deepEqual(begun, ['a', 'b']);
    jobs[1]?.end();
    await ended[1];
    await new Promise(setImmediate);
    assert.deepEqual(begun, ['a', 'b', 'c']);
    for (const { end } of jobs) end();
    assert.deepEqual(await Promise.all(ended), ['a', 'b', 'c', 'd']);
  });

  it('refuses a job where too many wait, and does not run it', async () => {
    const begun: string[] = [];
    const full = (waiting: number) => new RangeError(`${waiting} wait`);
    const queue = createWorkQueue({ atOnce: 1, waiting: 1, full });
    const [first, second, third] = ['a', 'b', 'c'].map((name) => job(begun, name));
    const ended = [first, second].map((one) => queue((one as typeof first & {}).run));
    await assert.rejects(queue((third as typeof first & {}).run), new RangeError('1 wait'));
    first?.end();
    second?.end();
    await Promise.all(ended);
    assert.deepEqual(begun, ['a', 'b']);
  });

  it('goes on after a job that fails', async () => {
    const begun: string[] = [];
    const queue = createWorkQueue({ atOnce: 1 });
    const [first, second] = [job(begun, 'a'), job(begun, 'b')];
    const failed = queue(first.run);
    const ended = queue(second.run);
    first.fail();
    await assert.rejects(failed, new Error('a'));
    second.end();
    assert.equal(await ended, 'b');
  });
});
