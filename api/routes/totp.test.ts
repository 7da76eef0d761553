import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { STAFF } from '../../domain/user.ts';
import { createRateLimits } from '../identity/rate-limits.ts';
import { PASSWORD, type Pair, type SignedIn, type TestApp, testApp } from '../test-app.ts';

let t: TestApp;
let admin: SignedIn;
let clock = new Date('2026-11-26T12:00:00Z');
before(async () => {
  const rateLimits = createRateLimits({ enabled: true });
  t = await testApp(
    { now: () => clock, rateLimits },
    { limits: true, encryptionKeys: [randomBytes(32)] },
  );
  admin = await t.signIn('ADMIN');
});
after(() => t.close());

const STEP_MS = 30_000;
/** Goes on to the next time step, so that a code is a new one. */
const nextStep = () => {
  clock = new Date(clock.getTime() + STEP_MS);
};
const codeOf = (secret: string, steps = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({
    timestamp: clock.getTime() + steps * STEP_MS,
  });

interface Problem {
  code: string;
  mfaToken: string;
  mfa: string;
}

const post = <T = Record<string, unknown>>(path: string, body?: object, token?: string) =>
  t.call<T & Problem>('POST', path, { body, token });
const login = (username: string) => post<Pair>('/api/auth/login', { username, password: PASSWORD });
const second = (mfaToken: string, code?: string) =>
  post<Pair>('/api/auth/login/totp', { mfaToken, ...(code !== undefined && { code }) });
const begin = (token: string) => post<{ secret: string; uri: string }>('/api/auth/totp', {}, token);
const confirm = (token: string, code: string) =>
  post<{ recoveryCodes: string[] }>('/api/auth/totp/confirm', { code }, token);
const profile = async (token: string) =>
  (await t.call('GET', '/api/auth/profile', { token })).status;

/** An operator with a second factor. */
async function enrolled() {
  const user = await t.signIn('OPERATOR');
  const { secret } = (await begin(user.accessToken)).body;
  const { body, status } = await confirm(user.accessToken, codeOf(secret));
  assert.equal(status, 200);
  nextStep();
  return { ...user, secret, recoveryCodes: body.recoveryCodes };
}

/** The right password of a user with a second factor. @returns the token to go on with */
async function firstStep(username: string): Promise<string> {
  const { status, body, headers } = await login(username);
  assert.deepEqual([status, body.code, body.mfa], [401, 'mfa_required', 'CODE']);
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.equal((body as Partial<Pair>).accessToken, undefined);
  return body.mfaToken;
}

describe('a code', () => {
  // RFC 6238, appendix B, SHA-1. Six digits of a code are the last six of its eight.
  for (const [atS, code] of [
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ] as const) {
    it(`is the one of RFC 6238 at ${atS} s`, async () => {
      const _id = `usr_rfc_${atS}`;
      const secret = `open:${Secret.fromLatin1('12345678901234567890').base32}`;
      await t.store.totp.model.create({ _id, secret, lastStep: -1, recovery: [] });
      const before = clock;
      clock = new Date(atS * 1_000);
      const client = { address: '192.0.2.1', isProxy: false, scheme: 'https' } as const;
      try {
        await t.deps.secondFactors.take(_id, code.slice(2), client);
      } finally {
        clock = before;
      }
    });
  }

  it('is asked for after the right password, and then signs in', async () => {
    const { username, secret } = await enrolled();
    const mfaToken = await firstStep(username);
    const { status, body } = await second(mfaToken, codeOf(secret));
    assert.equal(status, 200);
    assert.equal(await profile(body.accessToken), 200);
    const again = await second(mfaToken, codeOf(secret, 1));
    assert.deepEqual([again.status, again.body.code], [401, 'unauthenticated']);
  });

  it('is asked for after a reset of the password too', async () => {
    const { id, username, secret } = await enrolled();
    const { accessToken } = await t.signIn('ADMIN');
    const made = await post<{ resetToken: string }>(
      `/api/users/${id}/password-reset`,
      undefined,
      accessToken,
    );
    const { resetToken } = made.body;
    await post('/api/auth/password-reset', { resetToken, newPassword: PASSWORD });
    assert.equal((await second(await firstStep(username), codeOf(secret))).status, 200);
  });

  it('counts once: not for another sign-in, and not where it has confirmed', async () => {
    const user = await t.signIn('AUDITOR');
    const { secret } = (await begin(user.accessToken)).body;
    const code = codeOf(secret);
    await confirm(user.accessToken, code);
    const refused = await second(await firstStep(user.username), code);
    assert.deepEqual([refused.status, refused.body.code], [401, 'invalid_credentials']);
    nextStep();
    const next = codeOf(secret);
    assert.equal((await second(await firstStep(user.username), next)).status, 200);
    assert.equal((await second(await firstStep(user.username), next)).status, 401);
  });

  it('counts once for two sign-ins at once', async () => {
    const { username, secret } = await enrolled();
    const tokens = await Promise.all([firstStep(username), firstStep(username)]);
    const both = await Promise.all(tokens.map((token) => second(token, codeOf(secret))));
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 401]);
  });

  it('may be a step early or late, and no more', async () => {
    const { username, secret } = await enrolled();
    for (const [steps, status] of [
      [-2, 401],
      [2, 401],
      [1, 200],
    ] as const) {
      const answer = await second(await firstStep(username), codeOf(secret, steps));
      assert.equal(answer.status, status, `${steps} steps`);
    }
    for (let n = 0; n < 3; n += 1) nextStep();
    assert.equal((await second(await firstStep(username), codeOf(secret, -1))).status, 200);
  });

  it('is of its own user', async () => {
    const [one, other] = [await enrolled(), await enrolled()];
    assert.equal((await second(await firstStep(one.username), codeOf(other.secret))).status, 401);
  });

  it('cannot be guessed: five wrong ones end the tries, also over new sign-ins', async () => {
    const { username, secret } = await enrolled();
    const wrong = codeOf(secret) === '000000' ? '000001' : '000000';
    const answers = [];
    for (let n = 0; n < 7; n += 1) answers.push(await second(await firstStep(username), wrong));
    const codes = answers.map(({ body }) => body.code);
    assert.equal(codes.filter((code) => code === 'invalid_credentials').length, 5);
    const right = await second(await firstStep(username), codeOf(secret));
    assert.deepEqual([right.status, right.body.code], [429, 'rate_limited']);
  });
});

describe('a recovery code', () => {
  it('stands for a code, once, in whatever letters', async () => {
    const { username, recoveryCodes, accessToken } = await enrolled();
    assert.equal(new Set(recoveryCodes).size, 10);
    const [one = '', two = ''] = recoveryCodes;
    assert.match(one, /^([a-z2-7]{4}-){5}[a-z2-7]{4}$/);
    assert.equal((await second(await firstStep(username), one)).status, 200);
    assert.equal((await second(await firstStep(username), one)).status, 401);
    const typed = two.toUpperCase().replaceAll('-', ' ');
    assert.equal((await second(await firstStep(username), typed)).status, 200);
    const state = await t.call('GET', '/api/auth/totp', { token: accessToken });
    assert.deepEqual(state.body, { enabled: true, recoveryCodesLeft: 8 });
  });

  it('counts once for two sign-ins at once', async () => {
    const { username, recoveryCodes } = await enrolled();
    const tokens = await Promise.all([firstStep(username), firstStep(username)]);
    const both = await Promise.all(tokens.map((token) => second(token, recoveryCodes[0] ?? '')));
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 401]);
  });
});

describe('setting up a second factor', () => {
  it('shows the secret once, for any authenticator', async () => {
    const { accessToken, username } = await t.signIn('SUPPORT');
    const { status, body, headers } = await begin(accessToken);
    assert.equal(status, 201);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.match(body.secret, /^[A-Z2-7]{32}$/);
    const uri = new URL(body.uri);
    assert.equal(uri.protocol, 'otpauth:');
    assert.equal(uri.searchParams.get('secret'), body.secret);
    assert.ok(decodeURIComponent(uri.pathname).includes(username));
  });

  it('counts only once it is confirmed, and the last one begun counts', async () => {
    const { accessToken, username } = await t.signIn('SUPPORT');
    const first = (await begin(accessToken)).body.secret;
    const last = (await begin(accessToken)).body.secret;
    assert.equal((await login(username)).status, 200);
    for (const wrong of [codeOf(first), '12345', '１２３４５６', '한글여섯글자']) {
      assert.equal((await confirm(accessToken, wrong)).status, 401, wrong);
    }
    assert.equal((await confirm(accessToken, codeOf(last))).status, 200);
    assert.equal((await begin(accessToken)).status, 409);
    assert.equal((await confirm(accessToken, codeOf(last))).status, 409);
  });

  it('ends all other sign-ins and keeps this one; so does removing it', async () => {
    const { accessToken, username } = await t.signIn('OPERATOR');
    const other = await t.login(username);
    const { secret } = (await begin(accessToken)).body;
    await confirm(accessToken, codeOf(secret));
    assert.deepEqual([await profile(other.accessToken), await profile(accessToken)], [401, 200]);
    nextStep();
    const third = (await second(await firstStep(username), codeOf(secret))).body;
    const removed = await t.call('DELETE', '/api/auth/totp', { token: accessToken });
    assert.equal(removed.status, 204);
    assert.deepEqual([await profile(third.accessToken), await profile(accessToken)], [401, 200]);
    assert.equal((await login(username)).status, 200);
    const none = await t.call('DELETE', '/api/auth/totp', { token: accessToken });
    assert.equal(none.status, 404);
  });

  it('is not for the key of a service account', async () => {
    const token = admin.accessToken;
    const account = await post('/api/service-accounts', { name: 'reader', role: 'SUPPORT' }, token);
    const path = `/api/service-accounts/${account.body.id}/keys`;
    const { key } = (await post<{ key: string }>(path, {}, token)).body;
    assert.equal((await begin(key)).status, 403);
  });

  it('is undone by an admin for who lost it, which the audit log tells', async () => {
    const { id, username, accessToken } = await enrolled();
    const token = admin.accessToken;
    assert.equal((await t.call('DELETE', `/api/users/${id}/totp`, { token })).status, 204);
    assert.equal(await profile(accessToken), 401);
    assert.equal((await login(username)).status, 200);
    const path = `/api/audit-log?targetId=${id}`;
    const { body } = await t.call<{ items: { action: string; actorId: string }[] }>('GET', path, {
      token,
    });
    assert.deepEqual(
      body.items.map(({ action, actorId }) => [action, actorId]),
      [
        ['user.totp_removed', admin.id],
        ['user.totp_enabled', id],
      ],
    );
  });

  it('stores nothing that can be read out of the database', async () => {
    const { secret, recoveryCodes, username } = await enrolled();
    const mfaToken = await firstStep(username);
    const stored = JSON.stringify([
      await t.store.totp.model.find().lean(),
      await t.store.mfaChallenges.model.find().lean(),
    ]);
    for (const one of [secret, mfaToken, ...recoveryCodes]) assert.ok(!stored.includes(one));
  });
});

describe('a browser session', () => {
  const own = { 'sec-fetch-site': 'same-origin' };

  it('needs the code too, and then gets its cookie; the one before ends', async () => {
    const { username, secret, refreshToken } = await enrolled();
    const body = { username, password: PASSWORD };
    const first = await t.call<Problem>('POST', '/api/auth/session', { body, headers: own });
    assert.deepEqual([first.status, first.body.code], [401, 'mfa_required']);
    assert.equal(first.headers.get('set-cookie'), null);
    const sent = { mfaToken: first.body.mfaToken, code: codeOf(secret) };
    const path = '/api/auth/session/totp';
    const foreign = await t.call('POST', path, { body: sent });
    assert.equal(foreign.status, 403);
    const headers = { ...own, cookie: `__Host-laurel=${refreshToken}` };
    const done = await t.call<Pair>('POST', path, { body: sent, headers });
    assert.equal(done.status, 200);
    assert.match(done.headers.get('set-cookie') ?? '', /^__Host-laurel=/);
    assert.equal(done.body.refreshToken, undefined);
    assert.equal((await post('/api/auth/refresh', { refreshToken })).status, 401);
  });
});

describe('a sign-in that waits for its code', () => {
  it('is over after ten minutes, and after a change of the user', async () => {
    const { username, secret, id } = await enrolled();
    const first = await firstStep(username);
    clock = new Date(clock.getTime() + 600_000);
    assert.equal((await second(first, codeOf(secret))).status, 401);
    const token = await firstStep(username);
    const { accessToken } = await t.signIn('ADMIN');
    const body = { role: 'AUDITOR' };
    await t.call('PATCH', `/api/users/${id}`, { token: accessToken, body });
    const refused = await second(token, codeOf(secret));
    assert.deepEqual([refused.status, refused.body.code], [401, 'unauthenticated']);
  });

  it('gives a token that reads nothing', async () => {
    const mfaToken = await firstStep((await enrolled()).username);
    for (const path of ['/api/auth/profile', '/api/users', '/api/auth/totp']) {
      assert.equal((await t.call('GET', path, { token: mfaToken })).status, 401, path);
    }
    assert.equal((await begin(mfaToken)).status, 401, 'nor does it set up another factor');
  });
});

describe('STAFF_MFA=required', () => {
  let strict: TestApp;
  before(async () => {
    strict = await testApp({ now: () => clock }, { mfaRequired: true });
  });
  after(() => strict.close());

  const call = <T>(path: string, body: object, token?: string) =>
    strict.call<T & Problem>('POST', path, { body, token });

  for (const role of STAFF) {
    it(`makes ${role} set one up before the first sign-in`, async () => {
      const { username, id } = await strict.signIn('PLAYER');
      await strict.store.users.model.updateOne({ _id: id }, { $set: { role } });
      const credentials = { username, password: PASSWORD };
      const { status, body } = await call('/api/auth/login', credentials);
      assert.deepEqual([status, body.code, body.mfa], [401, 'mfa_required', 'ENROL']);
      const { mfaToken } = body;
      const early = await call('/api/auth/login/totp', { mfaToken, code: '000000' });
      assert.deepEqual([early.status, early.body.code], [401, 'mfa_required']);
      const reading = await strict.call('GET', '/api/users', { token: mfaToken });
      assert.equal(reading.status, 401);
      const begun = await call<{ secret: string }>('/api/auth/totp', {}, mfaToken);
      const code = codeOf(begun.body.secret);
      const confirmed = await call<object>('/api/auth/totp/confirm', { code }, mfaToken);
      assert.equal(confirmed.status, 200);
      const done = await call<Pair>('/api/auth/login/totp', { mfaToken });
      assert.equal(done.status, 200);
      assert.equal((await call('/api/auth/login/totp', { mfaToken })).status, 401);
      const token = done.body.accessToken;
      assert.equal((await strict.call('GET', '/api/users', { token })).status, 200);
      const later = await call('/api/auth/login', credentials);
      assert.deepEqual([later.body.code, later.body.mfa], ['mfa_required', 'CODE']);
    });
  }

  it('asks players for nothing', async () => {
    const { username } = await strict.signIn('PLAYER');
    const { status } = await call('/api/auth/login', { username, password: PASSWORD });
    assert.equal(status, 200);
  });

  it('ends sign-ins of staff from before it was required', async () => {
    const { id, refreshToken } = await strict.signIn('PLAYER');
    await strict.store.users.model.updateOne({ _id: id }, { $set: { role: 'ADMIN' } });
    const answer = await call('/api/auth/refresh', { refreshToken });
    assert.deepEqual([answer.status, answer.body.code], [401, 'unauthenticated']);
  });
});
