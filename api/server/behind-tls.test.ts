/** A browser's session behind a real proxy that ends TLS, over sockets. */
import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { apiConfig } from '../../process/config.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../../test/openid-provider.ts';
import { uniqueName } from '../../test/servers.ts';
import { startTlsProxy } from '../../test/tls-proxy.ts';
import { createApp } from '../app.ts';
import { createStaffSignIn } from '../identity/staff-oidc.ts';
import { PASSWORD, type TestApp, testApp, testKey } from '../test-app.ts';
import { type Front, listen } from './front.ts';

/** As browsers see us; no loopback name, so plain HTTP would not do. */
const HOST = 'laurel.example';
const SESSION = '/api/auth/session';
const OWN_PAGE = { 'sec-fetch-site': 'same-origin' };

let provider: OpenIdProvider;
let t: TestApp;
let front: Front;
let proxy: Awaited<ReturnType<typeof startTlsProxy>>;

before(async () => {
  const config = apiConfig({
    MONGODB_URI: 'mongodb://127.0.0.1/laurel?replicaSet=rs0',
    TEMPORAL_ADDRESS: '127.0.0.1:7233',
    ADMIN_PASSWORD: PASSWORD,
    HOST: '127.0.0.1',
    PORT: '0',
    TRUSTED_PROXIES: '127.0.0.1',
    JWT_KEYS: JSON.stringify([await testKey()]),
  });
  const checks = { mongodb: async () => {}, temporal: async () => {} };
  const log = pino({ level: 'silent' });
  provider = await startOpenIdProvider(['http://localhost/callback']);
  const { issuer, clientId, clientSecret } = provider;
  const settings = {
    ...{ name: 'studio', issuer, clientId, clientSecret, scope: 'openid' },
    roles: { claim: 'groups', map: {}, allowAdmin: false },
  };
  front = await listen(config, checks, log);
  const { TRUSTED_PROXIES: trustedProxies } = config;
  const staffOidc = { settings, signIn: createStaffSignIn(settings) };
  t = await testApp({ trustedProxies, staffOidc, log });
  proxy = await startTlsProxy(HOST, front.port);
});
after(async () => {
  await proxy?.close();
  await front?.close(() => {});
  await t?.close();
  await provider?.close();
});

/** The cookie that an answer sets, as a browser sends it back. */
const cookieOf = ({ headers }: { headers: { 'set-cookie'?: string[] | undefined } }) =>
  headers['set-cookie']?.[0]?.split(';')[0] ?? '';

async function credentials() {
  const username = uniqueName('user');
  await t.call('POST', '/api/auth/register', { body: { username, password: PASSWORD } });
  return { username, password: PASSWORD };
}

describe('a session behind a proxy that ends TLS', () => {
  it('begins, goes on and ends, where the proxy is trusted', async () => {
    front.open(t.app);
    const begun = await proxy.call('POST', SESSION, OWN_PAGE, await credentials());
    assert.equal(begun.status, 200);
    assert.match(begun.headers['set-cookie']?.[0] ?? '', /^__Host-laurel=.+; Secure/);
    const cookie = cookieOf(begun);
    const next = await proxy.call('POST', `${SESSION}/refresh`, { ...OWN_PAGE, cookie });
    assert.equal(next.status, 200);
    const authorization = `Bearer ${next.body.accessToken}`;
    assert.equal((await proxy.call('GET', '/api/auth/profile', { authorization })).status, 200);
    const left = { ...OWN_PAGE, cookie: cookieOf(next) };
    assert.equal((await proxy.call('DELETE', SESSION, left)).status, 204);
    assert.equal((await proxy.call('POST', `${SESSION}/refresh`, left)).status, 401);
  });

  it('sends a sign-in at the studio’s provider back to the https address', async () => {
    front.open(t.app);
    const { status, headers } = await proxy.call('GET', '/api/auth/oidc/start', {});
    assert.equal(status, 303);
    const sentTo = new URL(headers.location ?? '');
    assert.equal(sentTo.origin, provider.issuer);
    const back = sentTo.searchParams.get('redirect_uri');
    assert.equal(back, `https://${HOST}/api/auth/oidc/callback`);
  });

  it('is refused where nobody said that the proxy is one, and the answer says what to do', async () => {
    front.open(createApp({ ...t.deps, metrics: new Registry(), trustedProxies: new BlockList() }));
    const refused = await proxy.call('POST', SESSION, OWN_PAGE, await credentials());
    assert.deepEqual([refused.status, refused.body.code], [403, 'forbidden']);
    assert.match(String(refused.body.detail), /TRUSTED_PROXIES/);
    assert.equal(refused.headers['set-cookie'], undefined);
  });
});
