/** What bodies may come to in memory, in all requests together. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type TestApp, testApp } from './test-app.ts';

const MIB = 1024 * 1024;

let t: TestApp;
let gameServer: string;
before(async () => {
  t = await testApp();
  gameServer = (await t.signIn('GAME_SERVER')).accessToken;
});
after(() => t.close());

/** A request whose body has begun and goes on when the test says so. */
function sending(path: string, more: Record<string, string>) {
  let end = () => {};
  const body = new ReadableStream({
    start(controller) {
      end = () => {
        controller.enqueue(new TextEncoder().encode('{"events":[]}'));
        controller.close();
      };
    },
  });
  const headers = { 'content-type': 'application/json', ...more };
  const init: RequestInit = { method: 'POST', headers, body, duplex: 'half' };
  return { answer: t.app.request(path, init), end: () => end() };
}

const batch = (token: string, length: number | undefined) =>
  sending('/api/activity-events', {
    authorization: `Bearer ${token}`,
    ...(length === undefined
      ? { 'transfer-encoding': 'chunked' }
      : { 'content-length': String(length) }),
  });

describe('bodies', () => {
  for (const length of [4 * MIB, undefined]) {
    const how = length === undefined ? 'in chunks' : 'of a length that is told';
    it(`are refused where they come to too much at once, and taken again after: ${how}`, async () => {
      // As many as there is room for, and one.
      const all = Array.from({ length: 17 }, () => batch(gameServer, length));
      const refused = await Promise.race(all.map(({ answer }) => answer));
      assert.equal(refused.status, 503);
      assert.ok(Number(refused.headers.get('retry-after')) > 0);
      assert.equal((await t.call('GET', '/api/auth/profile', { token: gameServer })).status, 200);
      for (const { end } of all) end();
      const statuses = (await Promise.all(all.map(({ answer }) => answer))).map((a) => a.status);
      assert.deepEqual(statuses.sort(), [...Array(16).fill(202), 503]);
      const again = batch(gameServer, length);
      again.end();
      assert.equal((await again.answer).status, 202);
    });
  }

  it('of megabytes are not begun to be read before it is known who sends them', async () => {
    const { accessToken } = await t.signIn();
    for (const [token, status] of [
      ['nobody', 401],
      [accessToken, 403],
    ] as const) {
      const sent = batch(token, 4 * MIB);
      assert.equal((await sent.answer).status, status);
    }
  });
});
