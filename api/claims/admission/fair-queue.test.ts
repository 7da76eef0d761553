import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createFairQueue, type QueueResult, type QueueSettings } from './fair-queue.ts';

/** Lets everything run that waits for nothing but a slot. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** The refusal of an entry that was turned away. */
async function refusalOf(entry: Promise<QueueResult<string>>) {
  const result = await entry;
  assert.ok(result.state === 'TURNED_AWAY', result.state);
  return result.refusal;
}

async function assertState(entry: Promise<QueueResult<string>>, state: string): Promise<void> {
  assert.equal((await entry).state, state);
}

/** A queue whose work the test ends, on timers that it turns. */
function queueing(t: TestContext, given: Partial<QueueSettings> = {}) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let turnedAway = 0;
  const settings = { atOnce: 2, waiting: 10, patienceMs: 1_000, ...given };
  const queue = createFairQueue(settings, () => {
    turnedAway += 1;
  });
  const begun: string[] = [];
  const ends: PromiseWithResolvers<string>[] = [];
  return {
    queue,
    begun,
    ends,
    turnedAway: () => turnedAway,
    ask(lane: string, name = lane, onWait?: (leave: () => void) => void) {
      const work = async () => {
        begun.push(name);
        const end = Promise.withResolvers<string>();
        ends.push(end);
        return await end.promise;
      };
      const done = queue.run(lane, work, onWait);
      done.catch(() => {});
      return done;
    },
  };
}

describe('a fair queue', () => {
  it('works on so much at once and no more, first come first served', async (t) => {
    const { queue, ask, begun, ends } = queueing(t);
    for (const name of ['a', 'b', 'c', 'd']) ask('hot', name);
    await settle();
    assert.deepEqual(begun, ['a', 'b']);
    assert.deepEqual([queue.underWay(), queue.waiting()], [2, 2]);
    ends[1]?.resolve('');
    await settle();
    assert.deepEqual(begun, ['a', 'b', 'c']);
    ends[0]?.resolve('');
    ends[2]?.resolve('');
    await settle();
    ends[3]?.resolve('');
    await settle();
    assert.deepEqual(begun, ['a', 'b', 'c', 'd']);
    assert.deepEqual([queue.underWay(), queue.waiting()], [0, 0]);
  });

  it('passes the slot on when the work fails', async (t) => {
    const { ask, begun, ends } = queueing(t, { atOnce: 1 });
    const failing = ask('hot', 'a');
    const next = ask('hot', 'b');
    ends[0]?.reject(new Error('broken'));
    await assert.rejects(failing, /broken/);
    await settle();
    assert.deepEqual(begun, ['a', 'b']);
    ends[1]?.resolve('done');
    assert.deepEqual(await next, { state: 'DONE', value: 'done' });
  });

  it('serves every lane in rotation, however many wait in another', async (t) => {
    const { ask, begun, ends } = queueing(t, { atOnce: 1 });
    for (const n of [0, 1, 2, 3, 4]) ask('hot', `hot ${n}`);
    ask('cold');
    ask('cool');
    for (let n = 0; n < 7; n++) {
      await settle();
      ends[n]?.resolve('');
    }
    await settle();
    const order = ['hot 0', 'hot 1', 'cold', 'cool', 'hot 2', 'hot 3', 'hot 4'];
    assert.deepEqual(begun, order);
  });

  it('turns away who finds the queue full, for one to three seconds and without having begun', async (t) => {
    const { ask, begun, turnedAway } = queueing(t, { atOnce: 1, waiting: 5 });
    ask('a');
    for (const lane of ['a', 'b', 'c', 'd', 'e']) ask(lane);
    const seconds = new Set<number>();
    for (let n = 0; n < 6; n++) {
      const { code, retryAfterS } = await refusalOf(ask('f'));
      assert.equal(code, 'unavailable');
      seconds.add(retryAfterS ?? 0);
    }
    assert.deepEqual([...seconds].sort(), [1, 2, 3]);
    assert.deepEqual(begun, ['a']);
    assert.equal(turnedAway(), 6);
  });

  it('keeps a fifth of the queue free of any one lane', async (t) => {
    const { ask, queue } = queueing(t, { atOnce: 1, waiting: 10 });
    for (let n = 0; n < 9; n++) ask('hot');
    await assertState(ask('hot'), 'TURNED_AWAY');
    ask('cold');
    assert.equal(queue.waiting(), 9);
  });

  it('tells when nobody waits in a lane any more', async (t) => {
    const { ask, ends, queue } = queueing(t, { atOnce: 1 });
    for (const name of ['a', 'b']) ask('hot', name);
    let isClear = false;
    void queue.cleared('hot').then(() => {
      isClear = true;
    });
    await queue.cleared('cold');
    assert.deepEqual([queue.waitingIn('hot'), isClear], [1, false]);
    ends[0]?.resolve('');
    await settle();
    assert.deepEqual([queue.waitingIn('hot'), isClear], [0, true]);
  });

  it('turns away for the longer the longer a queue is full', async (t) => {
    const { ask } = queueing(t, { atOnce: 1, waiting: 6_000 });
    for (let n = 0; n <= 4_800; n++) ask('hot');
    const seconds = new Set<number>();
    for (let n = 0; n < 12; n++) seconds.add((await refusalOf(ask('hot'))).retryAfterS ?? 0);
    assert.deepEqual([...seconds].sort(), [1, 2, 3, 4, 5, 6]);
  });

  it('recalls who waits in a lane, and nobody else', async (t) => {
    const { ask, begun, ends, queue } = queueing(t, { atOnce: 1 });
    const working = ask('hot', 'a');
    const waiting = [ask('hot', 'b'), ask('hot', 'c')];
    ask('cold');
    queue.recall('hot');
    for (const one of waiting) await assertState(one, 'RECALLED');
    assert.deepEqual([queue.waiting(), queue.waitingIn('hot')], [1, 0]);
    ends[0]?.resolve('done');
    assert.deepEqual(await working, { state: 'DONE', value: 'done' });
    await settle();
    assert.deepEqual(begun, ['a', 'cold']);
  });

  it('lets go who does not want the slot any more', async (t) => {
    const { ask, begun, ends, queue } = queueing(t, { atOnce: 1 });
    const leaves: (() => void)[] = [];
    const [, left, stays] = ['a', 'b', 'c'].map((name) =>
      ask('hot', name, (leave) => leaves.push(leave)),
    ) as [unknown, Promise<QueueResult<string>>, Promise<QueueResult<string>>];
    leaves[0]?.();
    await assertState(left, 'RECALLED');
    assert.equal(queue.waiting(), 1);
    ends[0]?.resolve('');
    await settle();
    leaves[1]?.();
    ends[1]?.resolve('done');
    assert.deepEqual(await stays, { state: 'DONE', value: 'done' });
    assert.deepEqual(begun, ['a', 'c']);
  });

  it('turns away who waits once it is closed, and lets nobody wait from then on', async (t) => {
    const { ask, begun, ends, queue } = queueing(t, { atOnce: 1 });
    const working = ask('hot', 'a');
    const waiting = [ask('hot'), ask('cold')];
    queue.close();
    for (const one of waiting) await assertState(one, 'TURNED_AWAY');
    await assertState(ask('hot'), 'TURNED_AWAY');
    ends[0]?.resolve('done');
    assert.deepEqual(await working, { state: 'DONE', value: 'done' });
    assert.deepEqual(begun, ['a']);
  });

  it('turns away who has waited too long, and does not work for them later', async (t) => {
    const { ask, begun, ends, queue } = queueing(t, { atOnce: 1 });
    ask('hot', 'a');
    const late = ask('hot', 'b');
    t.mock.timers.tick(999);
    ask('hot', 'c');
    t.mock.timers.tick(1);
    await assertState(late, 'TURNED_AWAY');
    assert.equal(queue.waiting(), 1);
    ends[0]?.resolve('');
    await settle();
    assert.deepEqual(begun, ['a', 'c']);
  });
});
