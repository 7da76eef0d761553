/** Headers that are sent twice, over a socket, because a `Request` joins them. */
import assert from 'node:assert/strict';
import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type ServerType, serve } from '@hono/node-server';
import { boundedServer } from '../server/connections.ts';
import { type Fields, type TestApp, testApp } from '../test-app.ts';
import { CONNECTIONS } from '../test-bounds.ts';

let t: TestApp;
let server: ServerType;
let admin: string;
let player: string;
before(async () => {
  t = await testApp();
  [{ accessToken: admin }, { accessToken: player }] = await Promise.all([
    t.signIn('ADMIN'),
    t.signIn(),
  ]);
  const createServer = boundedServer(t.deps.metrics, CONNECTIONS, t.deps.admission.behindDoor);
  server = serve({ fetch: t.app.fetch, port: 0, hostname: '127.0.0.1', createServer });
  await new Promise((resolve) => server.once('listening', resolve));
});
after(async () => {
  server?.close();
  await t?.close();
});

/** One request; a header whose value is a list is sent once for each of them. */
async function send(method: string, path: string, headers: Record<string, string | string[]>) {
  const { port } = server.address() as AddressInfo;
  const body = BODIES[`${method} ${path}`];
  const type = body && { 'content-type': 'application/json' };
  const sent = request({ port, method, path, headers: { ...type, ...headers }, agent: false });
  sent.end(body && JSON.stringify(body));
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject);
  });
  let text = '';
  for await (const chunk of answer) text += chunk;
  return { status: answer.statusCode, body: JSON.parse(text) as Fields };
}

/** Every route that takes a key, with a body that fits. A route that is not here fails the test. */
const BODIES: Record<string, object | undefined> = {
  'POST /api/event-claims/{eventId}/claim': undefined,
  'POST /api/events': {
    title: 'Snow festival',
    startsAt: '2026-12-01T00:00:00Z',
    endsAt: '2026-12-31T15:00:00Z',
    rewards: [{ rewardId: 'cape', kind: 'ITEM', name: 'Frost cape', quantity: 1, stock: 5 }],
  },
  'POST /api/events/{eventId}/clone': {
    startsAt: '2027-01-01T00:00:00Z',
    endsAt: '2027-01-31T15:00:00Z',
  },
  'POST /api/events/{eventId}/rewards/{rewardId}/stock': { add: 1 },
  'POST /api/event-claims/retry': { reason: 'INTERNAL' },
  'POST /api/event-claims/abort': { reason: 'INTERNAL' },
};

describe('two idempotency keys', () => {
  it('are refused by every route that takes one', async () => {
    type Described = { parameters?: { name: string }[] };
    type Paths = Record<string, Record<string, Described>>;
    const { paths } = (await t.call<{ paths: Paths }>('GET', '/openapi.json')).body;
    const taking = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { parameters = [] }]) => parameters.some((p) => p.name === 'Idempotency-Key'))
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(taking.sort(), Object.keys(BODIES).sort());
    for (const route of taking) {
      const [method = '', path = ''] = route.split(' ');
      const token = path.endsWith('/claim') ? player : admin;
      const authorization = `Bearer ${token}`;
      for (const keys of [
        { 'Idempotency-Key': ['a', 'b'] },
        { 'Idempotency-Key': ['a', 'a'] },
        { 'Idempotency-Key': 'a', 'X-Idempotency-Key': 'b' },
      ]) {
        const { status, body } = await send(method, path, { authorization, ...keys });
        const what = `${route} ${JSON.stringify(keys)}`;
        assert.deepEqual([status, body.code], [400, 'idempotency_key_invalid'], what);
      }
      // A key may hold a comma.
      const { body } = await send(method, path, { authorization, 'Idempotency-Key': 'a, b' });
      assert.notEqual(body.code, 'idempotency_key_invalid', route);
    }
  });
});

describe('two access tokens', () => {
  it('are none: the second is not dropped', async () => {
    const authorization = [`Bearer ${player}`, `Bearer ${admin}`];
    const { status, body } = await send('GET', '/api/auth/profile', { authorization });
    assert.deepEqual([status, body.code], [401, 'unauthenticated']);
  });
});
