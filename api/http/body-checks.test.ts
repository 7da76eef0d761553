/** The limit on the memory that all bodies take together. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { newRouter } from '../router.ts';
import { type TestApp, testApp } from '../test-app.ts';
import { limitBodies } from './body-checks.ts';

const MIB = 1024 * 1024;

let t: TestApp;
let gameServer: string;
before(async () => {
  t = await testApp();
  gameServer = (await t.signIn('GAME_SERVER')).accessToken;
});
after(() => t.close());

/** A request whose body begins with so many bytes, and goes on when the test says so. */
function sending(path: string, headers: Record<string, string>, begun = 0) {
  let end = () => {};
  const body = new ReadableStream({
    start(controller) {
      if (begun > 0) controller.enqueue(new Uint8Array(begun).fill(SPACE));
      end = () => {
        controller.enqueue(new TextEncoder().encode(BODY));
        controller.close();
      };
    },
  });
  const all = { 'content-type': 'application/json', ...headers };
  const init: RequestInit = { method: 'POST', headers: all, body, duplex: 'half' };
  return { answer: t.app.request(path, init), end: () => end() };
}
const SPACE = 0x20;
const BODY = '{"events":[]}';

/** A batch, with a `Content-Length` or in chunks. */
const batch = (token: string, length: number | undefined, begun = 0) =>
  sending(
    '/api/activity-events',
    {
      authorization: `Bearer ${token}`,
      ...(length === undefined
        ? { 'transfer-encoding': 'chunked' }
        : { 'content-length': String(length) }),
    },
    begun,
  );

const sorted = async (all: { answer: Response | Promise<Response> }[]) =>
  (await Promise.all(all.map(({ answer }) => answer))).map(({ status }) => status).sort();

async function heldBytes(): Promise<number[]> {
  const gauge = await t.deps.metrics.getSingleMetric('laurel_http_body_bytes')?.get();
  return (gauge?.values ?? []).map(({ value }) => value);
}

describe('bodies', () => {
  for (const length of [4 * MIB, undefined]) {
    const how = length === undefined ? 'in chunks' : 'of a length that is told';
    const begun = 4 * MIB - BODY.length;

    it(`are refused where what came is too much at once, and taken again after: ${how}`, async () => {
      // One more than there is room for.
      const all = Array.from({ length: 17 }, () => batch(gameServer, length, begun));
      const refused = await Promise.race(all.map(({ answer }) => answer));
      assert.equal(refused.status, 503);
      assert.ok(Number(refused.headers.get('retry-after')) > 0);
      const metrics = await t.deps.metrics.metrics();
      assert.match(metrics, /laurel_http_bodies_refused_total\{kind="batch"\} [1-9]/);
      // Game servers do not block players.
      const login = { username: 'nobody', password: 'wrong' };
      assert.equal((await t.call('POST', '/api/auth/login', { body: login })).status, 401);
      for (const { end } of all) end();
      assert.deepEqual(await sorted(all), [...Array(16).fill(202), 503]);
      assert.deepEqual(await heldBytes(), [0, 0]);
      const again = batch(gameServer, length);
      again.end();
      assert.equal((await again.answer).status, 202);
    });

    it(`count only with what came of them: ${how}`, async () => {
      const all = Array.from({ length: 40 }, () => batch(gameServer, length));
      const last = batch(gameServer, length);
      last.end();
      assert.equal((await last.answer).status, 202);
      for (const { end } of all) end();
      assert.deepEqual(await sorted(all), Array(40).fill(202));
    });
  }

  it('of which nothing came stop nobody, however long they say they are', async () => {
    const declared = { 'content-length': String(64 * 1024) };
    const all = Array.from({ length: 1_100 }, () => sending('/api/auth/login', declared));
    const login = { username: 'nobody', password: 'wrong' };
    assert.equal((await t.call('POST', '/api/auth/login', { body: login })).status, 401);
    for (const { end } of all) end();
    assert.deepEqual(await sorted(all), Array(1_100).fill(400));
  });

  it('are let go where a request goes on for long after it was read', async () => {
    const app = newRouter();
    const done = Promise.withResolvers<void>();
    const metrics = new Registry();
    app.use(limitBodies(metrics));
    app.post('/', async (c) => {
      const read = await c.req.json();
      c.get('letGoOfBody')?.();
      began();
      await done.promise;
      return c.json(read);
    });
    const begun = Promise.withResolvers<void>();
    const began = begun.resolve;
    const answer = app.request('/', { method: 'POST', body: BODY });
    await begun.promise;
    assert.match(await metrics.metrics(), /laurel_http_body_bytes\{kind="single"\} 0/);
    done.resolve();
    assert.deepEqual(await (await answer).json(), { events: [] });
    assert.match(await metrics.metrics(), /laurel_http_body_bytes\{kind="single"\} 0/);
  });

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
