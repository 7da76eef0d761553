import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { withHeartbeat } from './progress.ts';

it('a message that takes long is made once at a time, and is not said after the work', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const said: string[] = [];
  const described: PromiseWithResolvers<string>[] = [];
  const describe = () => {
    const message = Promise.withResolvers<string>();
    described.push(message);
    return message.promise;
  };
  const work = Promise.withResolvers<void>();
  const done = withHeartbeat((line) => void said.push(line), describe, work.promise, 1_000);
  t.mock.timers.tick(3_000);
  assert.equal(described.length, 1);
  described[0]?.resolve('half');
  await turn();
  t.mock.timers.tick(1_000);
  assert.equal(described.length, 2);
  work.resolve();
  await done;
  described[1]?.resolve('nearly all');
  await turn();
  assert.deepEqual(said, ['half']);
});
