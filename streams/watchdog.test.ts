import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { createWatchdog } from './watchdog.ts';

const ASSIGNED = { assignments: [{ topic: 'game.activity', partitions: [0] }] };
const SILENCE_MS = 30;
const LONG_MS = 200;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe('the watchdog of a consumer', () => {
  it('finds one that has partitions and hears nothing', async () => {
    const found = Promise.withResolvers<void>();
    const watchdog = createWatchdog(ASSIGNED, found.resolve, SILENCE_MS);
    await found.promise;
    watchdog.end();
  });

  it('leaves one alone that has no partitions, or is at work', async () => {
    const onSilence = mock.fn();
    const idle = createWatchdog({ assignments: [] }, onSilence, SILENCE_MS);
    const none = createWatchdog({ assignments: null }, onSilence, SILENCE_MS);
    const busy = createWatchdog(ASSIGNED, onSilence, SILENCE_MS);
    await busy.during(() => sleep(LONG_MS));
    for (const watchdog of [idle, none, busy]) watchdog.end();
    assert.equal(onSilence.mock.callCount(), 0);
  });
});
