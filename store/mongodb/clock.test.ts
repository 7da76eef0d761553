import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type StoreFixture, storeFixture } from '../test-store.ts';
import { createServerClock } from './clock.ts';

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
});
after(() => t.close());

const serverNowMs = async (): Promise<number> => {
  const hello = await t.connection.getClient().db('admin').command({ hello: 1 });
  return (hello.localTime as Date).getTime();
};

describe("the database server's clock", () => {
  it('is known closely, and never as later than it is', async () => {
    const clock = createServerClock(t.connection);
    const earliest = await serverNowMs();
    const believed = await clock.nowMs();
    const latest = await serverNowMs();
    // The server's clock is read in whole milliseconds.
    assert.ok(believed <= latest + 1, `${believed - latest} ms ahead`);
    assert.ok(believed >= earliest - (latest - earliest) - 1, `${earliest - believed} ms behind`);
  });
});
