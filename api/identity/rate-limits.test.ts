import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { trustedProxies } from '../../process/config.ts';
import { PASSWORD, type TestApp, testApp } from '../test-app.ts';
import { createRateLimits } from './rate-limits.ts';

const lines: Record<string, unknown>[] = [];
const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) });

let t: TestApp;
before(async () => {
  const rateLimits = createRateLimits({ enabled: true });
  const parts = { log, rateLimits, trustedProxies: trustedProxies.parse('10.0.0.0/8') };
  t = await testApp(parts, { limits: true });
});
after(() => t.close());

const login = (username: string, password: string) =>
  t.call('POST', '/api/auth/login', { body: { username, password } });

const WRONG = 'not the password';

/** Uses up one of the limits of 600 a minute, but for so many. */
async function takeAllBut(left: number, limit: 'logins' | 'questions', key: string) {
  for (let n = left; n < 600; n += 1) await t.deps.rateLimits[limit].take(key);
}

describe('failed sign-ins', () => {
  it('to one name from one address end at ten, however they are spelled and sent', async () => {
    await t.signIn('PLAYER', 'attacked');
    const names = ['attacked', 'ATTACKED', 'Attacked'];
    const attempts = Array.from({ length: 30 }, (_, n) => login(names[n % 3] ?? '', WRONG));
    const statuses = (await Promise.all(attempts)).map((answer) => answer.status);
    assert.equal(statuses.filter((status) => status === 401).length, 10);
    assert.equal(statuses.filter((status) => status === 429).length, 20);
    const right = await login('attacked', PASSWORD);
    assert.deepEqual([right.status, right.body.code], [429, 'rate_limited']);
    const retryAfterS = Number(right.headers.get('retry-after'));
    assert.ok(retryAfterS > 0 && retryAfterS <= 300, `${retryAfterS} s`);
  });

  it('do not keep another name from signing in', async () => {
    await t.signIn('PLAYER', 'bystander');
    assert.equal((await login('bystander', PASSWORD)).status, 200);
  });

  it('are forgiven with a success', async () => {
    await t.signIn('PLAYER', 'forgetful');
    for (let round = 0; round < 3; round += 1) {
      for (let n = 0; n < 6; n += 1) assert.equal((await login('forgetful', WRONG)).status, 401);
      assert.equal((await login('forgetful', PASSWORD)).status, 200);
    }
  });
});

describe('a proxy', () => {
  const loginFrom = async (peer: string, forwardedFor: string, password: string) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ username: 'popular', password });
    const socket = { remoteAddress: peer };
    const sent = { headers: { 'x-forwarded-for': forwardedFor }, socket };
    const incoming = Object.assign(Readable.from([Buffer.from(body)]), sent);
    const init = { method: 'POST', headers, body };
    return (await t.app.request('/api/auth/login', init, { incoming } as never)).status;
  };

  it('that is trusted shields a player from who guesses their password elsewhere', async () => {
    await t.signIn('PLAYER', 'popular');
    for (let n = 0; n < 10; n += 1) {
      assert.equal(await loginFrom('10.0.0.1', '198.51.100.6', WRONG), 401);
    }
    assert.equal(await loginFrom('10.0.0.1', '198.51.100.6', PASSWORD), 429);
    assert.equal(await loginFrom('10.0.0.1', '198.51.100.7', PASSWORD), 200);
    assert.equal(await loginFrom('10.0.0.1', '198.51.100.7, 198.51.100.6', PASSWORD), 429);
  });

  it('that is not trusted is the client, whatever it says', async () => {
    for (let n = 0; n < 10; n += 1) await loginFrom('203.0.113.1', `198.51.100.${n}`, WRONG);
    assert.equal(await loginFrom('203.0.113.1', '192.0.2.1', PASSWORD), 429);
  });
});

describe('sign-ins from one address', () => {
  const from = async (address: string, path: string, headers: Record<string, string> = {}) => {
    const incoming = Object.assign(Readable.from([]), {
      headers: {},
      socket: { remoteAddress: address },
    });
    const init = { method: 'POST', headers };
    return (await t.app.request(path, init, { incoming } as never)).status;
  };
  const begin = (address: string, site = 'same-origin') =>
    from(address, '/api/auth/session', { 'sec-fetch-site': site });

  it('are limited together, whether of a page or not', async () => {
    const address = '203.0.113.20';
    await takeAllBut(2, 'logins', address);
    assert.deepEqual([await begin(address), await from(address, '/api/auth/login')], [400, 400]);
    assert.deepEqual([await begin(address), await from(address, '/api/auth/login')], [429, 429]);
  });

  it('are not used up by what another site sends', async () => {
    const address = '203.0.113.21';
    await takeAllBut(1, 'logins', address);
    for (let n = 0; n < 2; n += 1) assert.equal(await begin(address, 'cross-site'), 403);
    assert.equal(await begin(address), 400);
  });
});

describe('questions whether a player may claim', () => {
  it('are limited for each player', async () => {
    const ask = async (token: string) =>
      (await t.call('GET', '/api/events/evt_none/eligibility', { token })).status;
    const { id, accessToken } = await t.signIn();
    await takeAllBut(1, 'questions', id);
    assert.equal(await ask(accessToken), 404);
    assert.equal(await ask(accessToken), 429);
    assert.equal(await ask((await t.signIn()).accessToken), 404);
  });
});

describe("a request's log line", () => {
  it('says how the client reached the proxy in front', async () => {
    const seen: unknown[] = [];
    for (const remoteAddress of ['10.0.0.1', '203.0.113.1']) {
      const incoming = { headers: { 'x-forwarded-proto': 'https' }, socket: { remoteAddress } };
      await t.app.request('/healthz', {}, { incoming } as never);
      seen.push(lines.findLast(({ msg }) => msg === 'request')?.scheme);
    }
    assert.deepEqual(seen, ['https', 'http']);
  });
});

describe('a trusted proxy that does not say who its clients are', () => {
  it('is not held to what one address may do', async () => {
    const incoming = { headers: {}, socket: { remoteAddress: '10.0.0.9' } };
    const register = async (peer: typeof incoming) => {
      const sent = Object.assign(Readable.from([]), peer);
      const init = { method: 'POST' };
      return (await t.app.request('/api/auth/register', init, { incoming: sent } as never)).status;
    };
    for (let n = 0; n < 600; n += 1) assert.equal(await register(incoming), 400);
    assert.equal(await register(incoming), 400);
    const client = { headers: {}, socket: { remoteAddress: '203.0.113.9' } };
    for (let n = 0; n < 600; n += 1) assert.equal(await register(client), 400);
    assert.equal(await register(client), 429);
  });
});

describe('the limits', () => {
  it('end at their number and say when to come back', async () => {
    const { registrations } = createRateLimits({ enabled: true });
    for (let n = 0; n < 600; n += 1) await registrations.take('here');
    await assert.rejects(registrations.take('here'), (error: { retryAfterS: number }) => {
      return error.retryAfterS > 0 && error.retryAfterS <= 60;
    });
    await registrations.take('elsewhere');
  });

  it('are all off with RATE_LIMITS=off', async () => {
    const off = createRateLimits({ enabled: false });
    for (let n = 0; n < 1_000; n += 1) {
      await Promise.all([off.registrations, off.logins, off.claims].map((l) => l.take('here')));
    }
  });
});
