import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Context } from 'hono';
import { clientAddress, createRateLimits } from './rate-limits.ts';
import { PASSWORD, type TestApp, testApp } from './test-app.ts';

let t: TestApp;
before(async () => {
  t = await testApp({ rateLimits: createRateLimits({ enabled: true }) });
});
after(() => t.close());

const login = (username: string, password: string) =>
  t.call('POST', '/api/auth/login', { body: { username, password } });

const WRONG = 'not the password';

describe('failed sign-ins', () => {
  it('to one name from one address end at ten, however they are spelled and sent', async () => {
    await t.signIn('PLAYER', 'attacked');
    const names = ['attacked', 'ATTACKED', 'Attacked'];
    const attempts = Array.from({ length: 30 }, (_, n) => login(names[n % 3] ?? '', WRONG));
    const statuses = (await Promise.all(attempts)).map((answer) => answer.status);
    const tried = statuses.filter((status) => status === 401).length;
    // As many as are compared at once may get in beside the tenth.
    assert.ok(tried >= 10 && tried <= 14, `${tried} tried`);
    assert.equal(statuses.filter((status) => status === 429).length, 30 - tried);
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
      const attempt = off.loginAttempt('here', 'name');
      await attempt.after(false);
      await attempt.before();
    }
  });
});

describe("a caller's address", () => {
  const from = (remoteAddress?: string) =>
    clientAddress({ env: { incoming: { socket: { remoteAddress } } } } as unknown as Context);

  it('is the socket’s, and the network of an IPv6 caller', () => {
    assert.equal(from('192.0.2.1'), '192.0.2.1');
    assert.equal(from('::ffff:192.0.2.1'), '192.0.2.1');
    assert.equal(from('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
    assert.equal(from('2001:db8:1:2::9'), '2001:db8:1:2::/64');
    assert.equal(from('2001:db8::9'), '2001:db8:0:0::/64');
    assert.equal(from('::1'), '0:0:0:0::/64');
    assert.equal(from(undefined), 'no socket');
  });
});
