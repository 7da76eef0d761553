import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PASSWORD, type Pair, type SignedIn, type TestApp, testApp } from '../test-app.ts';

let t: TestApp;
let admin: SignedIn;
let clock = new Date();
before(async () => {
  t = await testApp({ now: () => clock });
  admin = await t.signIn('ADMIN');
});
after(() => t.close());

const NEXT = 'a wholly different one';

const change = (token: string, currentPassword: string, newPassword: string) =>
  t.call('POST', '/api/auth/password', { token, body: { currentPassword, newPassword } });
const loginAs = (username: string, password: string) =>
  t.call<Pair>('POST', '/api/auth/login', { body: { username, password } });
const refresh = (refreshToken: string) =>
  t.call<Pair>('POST', '/api/auth/refresh', { body: { refreshToken } });
const profile = async (token: string) =>
  (await t.call('GET', '/api/auth/profile', { token })).status;
const issue = (userId: string, token = admin.accessToken) =>
  t.call<{ resetToken: string; expiresAt: string }>('POST', `/api/users/${userId}/password-reset`, {
    token,
  });
const reset = (resetToken: string, newPassword = NEXT) =>
  t.call('POST', '/api/auth/password-reset', { body: { resetToken, newPassword } });
const actionsOn = async (userId: string) => {
  const path = `/api/audit-log?targetId=${userId}`;
  type Entry = { action: string; actorId: string; after: object; from: string };
  const { body } = await t.call<{ items: Entry[] }>('GET', path, { token: admin.accessToken });
  return body.items.map(({ action, actorId, after: what, from }) => [action, actorId, what, from]);
};

describe('changing a password', () => {
  it('takes the new one in place of the old one', async () => {
    const { accessToken, username, id } = await t.signIn();
    assert.equal((await change(accessToken, PASSWORD, NEXT)).status, 204);
    assert.equal((await loginAs(username, PASSWORD)).status, 401);
    assert.equal((await loginAs(username, NEXT)).status, 200);
    assert.deepEqual(await actionsOn(id), [
      ['user.password_changed', id, { by: 'USER' }, 'no socket'],
    ]);
  });

  it('ends all other sign-ins and keeps this one, also when it is done twice', async () => {
    const { accessToken, refreshToken, username } = await t.signIn();
    const other = await t.login(username);
    for (const [old, next] of [
      [PASSWORD, NEXT],
      [NEXT, PASSWORD],
    ] as const) {
      assert.equal((await change(accessToken, old, next)).status, 204);
      assert.equal(await profile(other.accessToken), 401);
      assert.equal(await profile(accessToken), 200);
    }
    assert.equal((await refresh(other.refreshToken)).status, 401);
    const refreshed = await refresh(refreshToken);
    assert.equal(refreshed.status, 200);
    assert.equal(await profile(refreshed.body.accessToken), 200);
  });

  it('keeps no sign-in that a change of role ends later', async () => {
    const { accessToken, id } = await t.signIn();
    await change(accessToken, PASSWORD, NEXT);
    const body = { role: 'SUPPORT' };
    await t.call('PATCH', `/api/users/${id}`, { token: admin.accessToken, body });
    assert.equal(await profile(accessToken), 401);
  });

  it('refuses a wrong current password, whatever its shape', async () => {
    const { accessToken, username } = await t.signIn();
    for (const wrong of ['another long password', 'short']) {
      const { status, body } = await change(accessToken, wrong, NEXT);
      assert.deepEqual([status, body.code], [401, 'invalid_credentials']);
    }
    assert.equal((await loginAs(username, PASSWORD)).status, 200);
  });

  it('points at a new password that is too short, common, or holds the username', async () => {
    const { accessToken, username } = await t.signIn();
    for (const bad of ['short', 'Password1234', `my ${username.toUpperCase()}!!`]) {
      const { status, body } = await change(accessToken, PASSWORD, bad);
      assert.deepEqual([status, body.code], [400, 'invalid_request'], bad);
      const pointers = (body.errors as { pointer: string }[]).map(({ pointer }) => pointer);
      assert.deepEqual(pointers, ['/newPassword']);
    }
  });

  it('counts once for two who know the old password and change it at once', async () => {
    const { accessToken, username } = await t.signIn();
    const wanted = ['the first of two new', 'the second of two new'];
    const both = await Promise.all(wanted.map((next) => change(accessToken, PASSWORD, next)));
    assert.deepEqual(both.map(({ status }) => status).sort(), [204, 401]);
    const logins = await Promise.all(wanted.map((one) => loginAs(username, one)));
    const won = both.findIndex(({ status }) => status === 204);
    assert.equal(logins[won]?.status, 200);
  });
});

describe('registering', () => {
  it('points at a password that is common or holds the username', async () => {
    for (const password of ['qwertyuiop12', 'the secret of mira']) {
      const body = { username: 'Mira', password };
      const { status, body: problem } = await t.call('POST', '/api/auth/register', { body });
      assert.equal(status, 400);
      assert.equal((problem.errors as { pointer: string }[])[0]?.pointer, '/password');
    }
  });
});

describe('a reset by an admin', () => {
  it('sets a new password once, within an hour, and ends all sign-ins', async () => {
    const { id, username, accessToken, refreshToken } = await t.signIn();
    const made = await issue(id);
    assert.equal(made.status, 201);
    assert.equal(made.headers.get('cache-control'), 'no-store');
    assert.equal(Date.parse(made.body.expiresAt) - clock.getTime(), 3_600_000);
    assert.equal((await loginAs(username, PASSWORD)).status, 200, 'until it is used');
    assert.equal((await reset(made.body.resetToken)).status, 204);
    assert.equal((await loginAs(username, NEXT)).status, 200);
    assert.equal(await profile(accessToken), 401);
    assert.equal((await refresh(refreshToken)).status, 401);
    assert.equal((await reset(made.body.resetToken)).status, 401);
    const { expiresAt } = made.body;
    assert.deepEqual(await actionsOn(id), [
      ['user.password_changed', id, { by: 'RESET' }, 'no socket'],
      ['user.password_reset', admin.id, { expiresAt }, 'no socket'],
    ]);
  });

  it('counts once for ten who use it at once', async () => {
    const { body } = await issue((await t.signIn()).id);
    const all = await Promise.all(Array.from({ length: 10 }, () => reset(body.resetToken)));
    assert.equal(all.filter(({ status }) => status === 204).length, 1);
    assert.equal(all.filter(({ status }) => status === 401).length, 9);
  });

  it('is over after an hour, after a newer one, and after a change', async () => {
    const { id, accessToken } = await t.signIn();
    const first = (await issue(id)).body.resetToken;
    const second = (await issue(id)).body.resetToken;
    assert.equal((await reset(first)).status, 401);
    await change(accessToken, PASSWORD, NEXT);
    assert.equal((await reset(second)).status, 401);
    const third = (await issue(id)).body.resetToken;
    const before = clock;
    clock = new Date(clock.getTime() + 3_600_000);
    const late = await reset(third);
    clock = before;
    assert.deepEqual([late.status, late.body.code], [401, 'unauthenticated']);
  });

  it('answers the same for every token that is not valid', async () => {
    const answers = await Promise.all(
      ['x', 'A'.repeat(43), 'no token of ours'].map((token) => reset(token)),
    );
    assert.equal(new Set(answers.map(({ body }) => `${body.code} ${body.detail}`)).size, 1);
  });

  it('keeps its token for a better password', async () => {
    const { id, username } = await t.signIn();
    const { resetToken } = (await issue(id)).body;
    const refused = await reset(resetToken, `${username} ${username}`);
    assert.deepEqual(
      (refused.body.errors as { pointer: string }[]).map(({ pointer }) => pointer),
      ['/newPassword'],
    );
    assert.equal((await reset(resetToken)).status, 204);
  });

  it('stores no token that could be read out of the database', async () => {
    const { id } = await t.signIn();
    const { resetToken } = (await issue(id)).body;
    const stored = JSON.stringify(await t.store.passwords.resets.find().lean());
    assert.ok(!stored.includes(resetToken));
  });

  it('is 404 for nobody, and 409 for a service account', async () => {
    assert.equal((await issue('usr_none')).status, 404);
    const body = { name: 'a-game-server', role: 'GAME_SERVER' };
    const { accessToken: token } = await t.signIn('ADMIN');
    const account = await t.call('POST', '/api/service-accounts', { token, body });
    assert.equal((await issue(String(account.body.id), token)).status, 409);
  });
});
