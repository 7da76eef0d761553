import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { ROLES, type Role } from '../../domain/user.ts';
import { type SignedIn, type TestApp, testApp } from '../test-app.ts';
import { ACCESS_FILE, accessDocument } from './access-document.ts';
import { OWN_ONLY, WHO } from './access-table.ts';

let t: TestApp;
const signedIn = new Map<Role, SignedIn>();
before(async () => {
  t = await testApp();
  for (const role of ROLES) signedIn.set(role, await t.signIn(role));
});
after(() => t.close());

/** Calls a route with a body and a query that do not fit: 401 and 403 must come before 400. */
async function call(route: string, token?: string) {
  const [method = '', path = ''] = route.split(' ');
  const sends = method !== 'GET' && method !== 'DELETE';
  const address = `${path.replaceAll(/\{\w+\}/g, 'unknown')}?limit=none`;
  const body = sends ? { notAField: 1 } : undefined;
  const headers = { 'sec-fetch-site': 'same-origin' };
  return await t.call(method, address, { token, body, headers });
}

describe('who may call what', () => {
  it('is decided for every route', async () => {
    const { body } = await t.call<{ paths: Record<string, object> }>('GET', '/openapi.json');
    const described = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(described.sort(), Object.keys(WHO).sort());
  });

  for (const [route, roles] of Object.entries(WHO)) {
    if (roles === 'anyone') {
      it(`${route} takes anyone`, async () => {
        const { status } = await call(route);
        assert.ok(![401, 403].includes(status), `${status}`);
      });
      continue;
    }

    it(`${route} takes nobody who is not signed in`, async () => {
      for (const token of [undefined, 'garbage']) {
        const answer = await call(route, token);
        assert.deepEqual([answer.status, answer.body.code], [401, 'unauthenticated']);
        assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer /);
      }
    });

    for (const role of ROLES) {
      const may = roles.includes(role);
      it(`${route} ${may ? 'takes' : 'refuses'} ${role}`, async () => {
        const answer = await call(route, signedIn.get(role)?.accessToken);
        if (may) assert.ok(![401, 403].includes(answer.status), `${answer.status}`);
        else assert.deepEqual([answer.status, answer.body.code], [403, 'forbidden']);
      });
    }
  }
});

describe('the table', () => {
  it('is what docs/access.md shows; else run `npm run access`', async () => {
    assert.equal(await readFile(ACCESS_FILE, 'utf8'), accessDocument());
  });

  it('lets SUPPORT read, and change nothing but its own account', () => {
    const changing = Object.entries(WHO).filter(
      ([route, roles]) =>
        !route.startsWith('GET ') && roles !== 'anyone' && roles.includes('SUPPORT'),
    );
    const elsewhere = changing
      .map(([route]) => route)
      .filter((route) => !/ \/api\/auth\//.test(route));
    assert.deepEqual(elsewhere, []);
  });

  it('says "own" only of those who may call the route at all', () => {
    for (const [route, roles] of Object.entries(OWN_ONLY)) {
      const may = WHO[route];
      assert.ok(may && may !== 'anyone' && roles.every((role) => may.includes(role)), route);
    }
  });
});

describe('the header', () => {
  it('is read whatever the letters of the scheme', async () => {
    const { accessToken } = signedIn.get('PLAYER') as SignedIn;
    for (const scheme of ['bearer', 'BEARER']) {
      const headers = { authorization: `${scheme} ${accessToken}` };
      assert.equal((await t.call('GET', '/api/auth/profile', { headers })).status, 200);
    }
  });

  for (const value of ['', 'Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a b', 'Bearer ä']) {
    it(`is refused as ${JSON.stringify(value)}`, async () => {
      const headers = { authorization: value };
      const answer = await t.call('GET', '/api/auth/profile', { headers });
      assert.deepEqual([answer.status, answer.body.code], [401, 'unauthenticated']);
    });
  }
});
