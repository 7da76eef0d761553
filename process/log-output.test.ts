import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { logOutput } from './log-output.ts';

/** A reader that takes nothing until it is let, and everything from then on. */
function stuckReader() {
  const taken: string[] = [];
  let isStuck = true;
  let waiting = () => {};
  const stream = new Writable({
    decodeStrings: false,
    highWaterMark: 100,
    write(line, _, done) {
      taken.push(String(line));
      if (isStuck) waiting = done;
      else done();
    },
  });
  const readOn = () => {
    isStuck = false;
    waiting();
  };
  return { stream, taken, readOn };
}

const LINE = `${'x'.repeat(99)}\n`;

test('a log that nobody reads takes no more memory than its bound', () => {
  const { stream } = stuckReader();
  const { write } = logOutput('api', stream, 1_000);
  for (let n = 0; n < 100; n++) write(LINE);
  assert.equal(stream.writableLength, 1_000);
});

test('a reader that goes on is told how much was dropped', async () => {
  const { stream, taken, readOn } = stuckReader();
  const { write } = logOutput('api', stream, 1_000);
  for (let n = 0; n < 100; n++) write(LINE);
  const drained = once(stream, 'drain');
  readOn();
  await drained;
  write(LINE);
  const told = taken.filter((line) => line !== LINE).map((line) => JSON.parse(line));
  assert.deepEqual(
    told.map(({ level, process, lost }) => ({ level, process, lost })),
    [{ level: 40, process: 'api', lost: 90 }],
  );
  assert.equal(taken.at(-1), LINE, 'and reads on');
});

test('a reader that is gone is no reason to end', () => {
  const { stream } = stuckReader();
  logOutput('api', stream);
  stream.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
});
