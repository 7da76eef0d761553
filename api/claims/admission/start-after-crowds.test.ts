import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { FairQueue } from './fair-queue.ts';
import { startAfterCrowds } from './starter.ts';

/** Lets everything run that waits for nothing but a slot. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A starter behind a door at which so many wait, by event. */
function behind(waiting: Record<string, number>) {
  const cleared = Promise.withResolvers<void>();
  const started: string[] = [];
  const door = {
    waitingIn: (eventId: string) => waiting[eventId] ?? 0,
    cleared: () => cleared.promise,
  } as unknown as FairQueue;
  const starter = {
    async start({ eventId }: { eventId: string }) {
      started.push(eventId);
    },
  };
  const start = (eventId: string) =>
    startAfterCrowds(starter, door).start({
      ...{ _id: 'clm_1', userId: 'usr_1', idempotencyKey: 'k', recordedAt: new Date() },
      eventId,
    });
  return { start, started, clear: cleared.resolve };
}

describe('the run of a claim in a crowd', () => {
  it('starts once everybody has passed the door, and keeps nobody waiting', async () => {
    const { start, started, clear } = behind({ hot: 250 });
    await start('hot');
    await settle();
    assert.deepEqual(started, []);
    clear();
    await settle();
    assert.deepEqual(started, ['hot']);
  });

  it('starts at once where few wait, or where the crowd is another event’s', async () => {
    const { start, started } = behind({ hot: 1_000, busy: 249 });
    await start('busy');
    await start('cold');
    assert.deepEqual(started, ['busy', 'cold']);
  });

  it('starts after ten seconds though the crowd does not end', async (t: TestContext) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { start, started } = behind({ hot: 250 });
    await start('hot');
    t.mock.timers.tick(9_999);
    await settle();
    assert.deepEqual(started, []);
    t.mock.timers.tick(1);
    await settle();
    assert.deepEqual(started, ['hot']);
  });
});
