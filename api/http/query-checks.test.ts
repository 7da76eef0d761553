import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sign } from '../../providers/webhook-signature.ts';
import { type TestApp, testApp } from '../test-app.ts';

interface Parameter {
  name: string;
  in: string;
}

interface Described {
  parameters?: Parameter[];
  responses: Record<string, object>;
}

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

let t: TestApp;
let tokens: string[];
let routes: { method: string; path: string; described: Described }[];
before(async () => {
  t = await testApp({ providerSecrets: new Map([['unknown', SECRET]]) });
  const callers = await Promise.all([
    t.signIn('ADMIN'),
    t.signIn('PLAYER'),
    t.signIn('GAME_SERVER'),
  ]);
  tokens = callers.map(({ accessToken }) => accessToken);
  type Paths = Record<string, Record<string, Described>>;
  const { body } = await t.call<{ paths: Paths }>('GET', '/openapi.json');
  routes = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      method: method.toUpperCase(),
      path: path.replaceAll(/\{\w+\}/g, 'unknown'),
      described,
    })),
  );
});
after(() => t.close());

/** Calls as the first of an admin, a player and a game server whose role is allowed. */
async function callAsAllowed(method: string, address: string) {
  const body = method === 'GET' || method === 'DELETE' ? undefined : '{}';
  const headers = address.startsWith('/api/provider-callbacks/')
    ? {
        ...sign({
          secret: SECRET,
          id: 'msg_1',
          timestampS: Math.floor(Date.now() / 1_000),
          body: '{}',
        }),
      }
    : { 'sec-fetch-site': 'same-origin' };
  for (const token of tokens) {
    const answer = await t.call(method, address, { token, body, headers });
    if (answer.status !== 403) return answer;
  }
  throw new Error(`nobody may ${method} ${address}`);
}

/** Asserts a 400 that names the parameter. */
async function refused(method: string, address: string, name: string) {
  const { status, body } = await callAsAllowed(method, address);
  const what = `${method} ${address}: ${JSON.stringify(body)}`;
  assert.deepEqual([status, body.code], [400, 'invalid_request'], what);
  assert.ok(String(body.detail).includes(`\`${name}\``), what);
}

const queryOf = ({ parameters = [] }: Described) =>
  parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);

describe('every route of the description', () => {
  it('refuses a query parameter that it does not know, and names it', async () => {
    assert.ok(routes.length > 25, `${routes.length} routes`);
    for (const { method, path } of routes) {
      for (const name of ['notAParameter', '__proto__']) {
        await refused(method, `${path}?${name}=1`, name);
      }
      await refused(method, `${path}?notAParameter`, 'notAParameter');
    }
  });

  it('does not take one of its own in other letters', async () => {
    for (const { method, path, described } of routes) {
      for (const name of queryOf(described)) {
        await refused(method, `${path}?${name.toUpperCase()}=1`, name.toUpperCase());
      }
    }
  });

  it('refuses one of its own that is given twice, as a second value would be dropped', async () => {
    const tried = routes.flatMap(({ method, path, described }) =>
      queryOf(described).map((name) => ({ method, path, name })),
    );
    assert.ok(tried.length > 10, `${tried.length} parameters`);
    for (const { method, path, name } of tried) {
      await refused(method, `${path}?${name}=1&${name}=2`, name);
      await refused(method, `${path}?${name}=1&${name}=1`, name);
    }
  });

  it('refuses one of its own that is empty, as it is no filter', async () => {
    for (const { method, path, described } of routes) {
      for (const name of queryOf(described)) {
        await refused(method, `${path}?${name}=`, name);
        await refused(method, `${path}?${name}`, name);
      }
    }
  });

  it('says that it answers 400', () => {
    const silent = routes.filter(({ described }) => !('400' in described.responses));
    assert.deepEqual(
      silent.map(({ method, path }) => `${method} ${path}`),
      [],
    );
  });
});

describe('a query', () => {
  it('may be there and hold nothing', async () => {
    assert.equal((await t.call('GET', '/healthz?')).status, 200);
  });

  it('is looked at only for who may call', async () => {
    const { status, body } = await t.call('GET', '/api/users?notAParameter=1');
    assert.deepEqual([status, body.code], [401, 'unauthenticated']);
  });
});
