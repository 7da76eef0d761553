import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { uniqueName } from '../../test/servers.ts';
import { createRateLimits } from '../identity/rate-limits.ts';
import { PASSWORD, type Pair, type TestApp, testApp } from '../test-app.ts';

let t: TestApp;
before(async () => {
  t = await testApp({ rateLimits: createRateLimits({ enabled: true }) }, { limits: true });
});
after(() => t.close());

const URL_ = '/api/auth/session';
const OWN_PAGE = { 'sec-fetch-site': 'same-origin' };

/** A call with a cookie, as the console's page makes it. */
const call = (method: string, path: string, cookie?: string, body?: object) =>
  t.call<Pair & { code: string }>(method, path, {
    headers: { ...OWN_PAGE, ...(cookie !== undefined && { cookie: `__Host-laurel=${cookie}` }) },
    ...(body && { body }),
  });

const begin = (username: string, password = PASSWORD) =>
  call('POST', URL_, undefined, { username, password });
const refresh = (cookie?: string) => call('POST', `${URL_}/refresh`, cookie);

/** The value of the answer's cookie, and its attributes. */
function cookieOf({ headers }: { headers: Headers }) {
  const [pair = '', ...attributes] = (headers.get('set-cookie') ?? '').split('; ');
  const [name, value = ''] = pair.split('=');
  return { name, value, attributes };
}

async function registered(): Promise<string> {
  const username = uniqueName('user');
  await t.call('POST', '/api/auth/register', { body: { username, password: PASSWORD } });
  return username;
}

describe('a session', () => {
  it('gives a page the access token, and only its cookie the refresh token', async () => {
    const username = await registered();
    const answer = await begin(username);
    assert.equal(answer.status, 200);
    assert.deepEqual(Object.keys(answer.body), ['accessToken', 'tokenType', 'expiresIn']);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    const { name, value, attributes } = cookieOf(answer);
    assert.equal(name, '__Host-laurel');
    assert.deepEqual(attributes.sort(), [
      'HttpOnly',
      'Max-Age=2592000',
      'Path=/',
      'SameSite=Strict',
      'Secure',
    ]);
    assert.ok(value.length > 80);
    const token = answer.body.accessToken;
    assert.equal((await t.call('GET', '/api/auth/profile', { token })).body.username, username);
  });

  it('goes on by the cookie, whose token is replaced each time', async () => {
    const first = cookieOf(await begin(await registered())).value;
    const second = await refresh(first);
    assert.equal(second.status, 200);
    assert.deepEqual(Object.keys(second.body), ['accessToken', 'tokenType', 'expiresIn']);
    assert.equal(second.headers.get('cache-control'), 'no-store');
    assert.notEqual(cookieOf(second).value, first);
    assert.equal((await refresh(cookieOf(second).value)).status, 200);
  });

  it('ends for whoever holds its tokens when a spent one is used again, and the cookie goes', async () => {
    const first = cookieOf(await begin(await registered())).value;
    const second = cookieOf(await refresh(first)).value;
    const reused = await refresh(first);
    assert.deepEqual([reused.status, reused.body.code], [401, 'unauthenticated']);
    assert.equal(cookieOf(reused).value, '');
    assert.ok(cookieOf(reused).attributes.includes('Max-Age=0'));
    assert.equal((await refresh(second)).status, 401);
  });

  it('ends where the same browser begins another', async () => {
    const username = await registered();
    const first = cookieOf(await begin(username)).value;
    const second = await call('POST', URL_, first, { username, password: PASSWORD });
    assert.equal((await refresh(first)).status, 401);
    assert.equal((await refresh(cookieOf(second).value)).status, 200);
  });

  it('outlives an outage: its cookie is cleared by a refusal alone', async () => {
    const cookie = cookieOf(await begin(await registered())).value;
    const { refreshTokens } = t.store;
    const { rotate } = refreshTokens;
    refreshTokens.rotate = () => Promise.reject(new Error('the database is away'));
    const failed = await refresh(cookie);
    refreshTokens.rotate = rotate;
    assert.deepEqual([failed.status, failed.headers.get('set-cookie')], [500, null]);
    assert.equal((await refresh(cookie)).status, 200);
  });

  it('is none without a cookie', async () => {
    const answer = await refresh();
    assert.deepEqual([answer.status, answer.body.code], [401, 'unauthenticated']);
  });

  it('ends at sign-out, also where there is none', async () => {
    const begun = await begin(await registered());
    const cookie = cookieOf(begun).value;
    const ended = await call('DELETE', URL_, cookie);
    const token = begun.body.accessToken;
    assert.equal((await t.call('GET', '/api/auth/profile', { token })).status, 401);
    assert.equal(ended.status, 204);
    assert.ok(cookieOf(ended).attributes.includes('Max-Age=0'));
    assert.equal((await refresh(cookie)).status, 401);
    assert.equal((await call('DELETE', URL_)).status, 204);
  });
});

describe('signing in to a session', () => {
  it('refuses what login refuses', async () => {
    const username = await registered();
    for (const password of ['another long password', 'short']) {
      const answer = await begin(username, password);
      assert.deepEqual([answer.status, answer.body.code], [401, 'invalid_credentials']);
      assert.equal(answer.headers.get('set-cookie'), null);
    }
    const user = await t.store.users.findByUsername(username);
    await t.store.users.model.updateOne(
      { _id: user?.userId ?? '' },
      { $set: { status: 'BANNED' } },
    );
    const banned = await begin(username);
    assert.deepEqual([banned.status, banned.body.code], [403, 'user_not_active']);
  });

  it('counts failures together with those of login', async () => {
    const username = await registered();
    const wrong = { username, password: 'another long password' };
    for (let n = 0; n < 5; n += 1) {
      await t.call('POST', '/api/auth/login', { body: wrong });
      await begin(username, wrong.password);
    }
    const answer = await begin(username);
    assert.deepEqual([answer.status, answer.body.code], [429, 'rate_limited']);
  });
});

describe('what no page of this origin sent', () => {
  const ROUTES = [
    ['POST', URL_],
    ['POST', `${URL_}/refresh`],
    ['DELETE', URL_],
  ] as const;

  for (const site of ['same-site', 'cross-site', 'none', undefined]) {
    it(`is refused, and changes nothing: Sec-Fetch-Site ${site}`, async () => {
      const username = await registered();
      const cookie = cookieOf(await begin(username)).value;
      for (const [method, path] of ROUTES) {
        const headers = { ...(site && { 'sec-fetch-site': site }) };
        const answer = await t.call(method, path, {
          headers: { ...headers, cookie: `__Host-laurel=${cookie}` },
          ...(method === 'POST' && path === URL_ && { body: { username, password: PASSWORD } }),
        });
        assert.deepEqual([answer.status, answer.body.code], [403, 'forbidden'], path);
        assert.equal(answer.headers.get('set-cookie'), null);
      }
      assert.equal((await refresh(cookie)).status, 200);
    });
  }
});
