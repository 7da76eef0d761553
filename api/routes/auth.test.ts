import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { uniqueName } from '../../test/servers.ts';
import { PASSWORD, type Pair, type TestApp, testApp } from '../test-app.ts';

let t: TestApp;
before(async () => {
  t = await testApp();
});
after(() => t.close());

/** Whether an access token is still good: 200 or 401. */
const statusOf = async (token: string) =>
  (await t.call('GET', '/api/auth/profile', { token })).status;

const refresh = (refreshToken: string) =>
  t.call<Pair>('POST', '/api/auth/refresh', { body: { refreshToken } });

describe('registering', () => {
  it('makes an active player and answers nothing of the password', async () => {
    const body = { username: 'Mira', password: PASSWORD, displayName: 'Mira the Swift' };
    const answer = await t.call('POST', '/api/auth/register', { body });
    assert.equal(answer.status, 201);
    const { id, createdAt, ...rest } = answer.body;
    assert.match(String(id), /^usr_[0-9a-f]{24}$/);
    assert.ok(Math.abs(Date.parse(String(createdAt)) - Date.now()) < 10_000);
    assert.deepEqual(rest, {
      username: 'Mira',
      displayName: 'Mira the Swift',
      externalId: null,
      role: 'PLAYER',
      status: 'ACTIVE',
    });
  });

  it('shows the username where no other name is given', async () => {
    const body = { username: 'nameless', password: PASSWORD };
    const answer = await t.call('POST', '/api/auth/register', { body });
    assert.equal(answer.body.displayName, 'nameless');
  });

  it('refuses a name that is taken, in whatever letters it is written', async () => {
    await t.call('POST', '/api/auth/register', {
      body: { username: 'Åsa-1H', password: PASSWORD },
    });
    for (const username of ['åSA-1h', 'A\u030asa-1H', 'Åsa-１H', 'Åsa-1\u210c']) {
      const body = { username, password: PASSWORD };
      const answer = await t.call('POST', '/api/auth/register', { body });
      assert.deepEqual([answer.status, answer.body.code], [409, 'username_taken'], username);
    }
  });

  it('lets one of two have a name they want at once', async () => {
    const body = { username: 'wanted', password: PASSWORD };
    const both = [1, 2].map(() => t.call('POST', '/api/auth/register', { body }));
    const statuses = (await Promise.all(both)).map((answer) => answer.status);
    assert.deepEqual(statuses.sort(), [201, 409]);
  });

  it('stores the password as argon2id with the parameters OWASP names', async () => {
    await t.signIn('PLAYER', 'hashed');
    const user = await t.store.users.findByUsername('hashed');
    assert.match(user?.passwordHash ?? '', /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('takes passwords of 12 to 128 characters, and every character counts', async () => {
    const register = async (password: string) => {
      const username = uniqueName('long');
      const { status } = await t.call('POST', '/api/auth/register', {
        body: { username, password },
      });
      return { username, status };
    };
    const all = `${'long passwords differ at their end, '.repeat(4)}`.slice(0, 128);
    for (const [password, status] of [
      [all.slice(0, 11), 400],
      [all.slice(0, 12), 201],
      [all, 201],
      [`${all}x`, 400],
    ] as const) {
      assert.equal((await register(password)).status, status, `${password.length} characters`);
    }
    const { username } = await register(all);
    for (const password of [`${all.slice(0, -1)}x`, all.toUpperCase(), all.slice(0, 127)]) {
      const answer = await t.call('POST', '/api/auth/login', { body: { username, password } });
      assert.equal(answer.status, 401);
    }
  });

  it('points at each field that does not fit', async () => {
    const body = { username: 'ab', password: 'short', displayName: '\u0000', 'a/b~c': 1 };
    const answer = await t.call('POST', '/api/auth/register', { body });
    assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_request']);
    const errors = answer.body.errors as { pointer: string }[];
    assert.deepEqual(errors.map((e) => e.pointer).sort(), [
      '/a~1b~0c',
      '/displayName',
      '/password',
      '/username',
    ]);
  });
});

describe('signing in', () => {
  it('answers a pair of tokens that no cache keeps', async () => {
    await t.signIn('PLAYER', 'Lena');
    const body = { username: 'lena', password: PASSWORD };
    const answer = await t.call<Pair>('POST', '/api/auth/login', { body });
    assert.equal(answer.status, 200);
    assert.equal(answer.body.tokenType, 'Bearer');
    assert.equal(answer.body.expiresIn, 900);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    const profile = await t.call('GET', '/api/auth/profile', { token: answer.body.accessToken });
    assert.deepEqual([profile.status, profile.body.username], [200, 'Lena']);
  });

  it('says the same for a wrong password, an unknown name and wrong shapes', async () => {
    await t.signIn('PLAYER', 'known');
    const wrong = [
      { username: 'known', password: 'another long password' },
      { username: 'nobody-here', password: PASSWORD },
      { username: 'known', password: 'short' },
      { username: 'k', password: PASSWORD },
      { username: 'known', password: 'x'.repeat(129) },
      { username: { $gt: '' }, password: { $gt: '' } },
      { username: 'known' },
    ];
    const answers = await Promise.all(
      wrong.map((body) => t.call('POST', '/api/auth/login', { body })),
    );
    for (const answer of answers) {
      assert.deepEqual([answer.status, answer.body.code], [401, 'invalid_credentials']);
      assert.equal(answer.body.detail, answers[0]?.body.detail);
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer /);
    }
  });

  it('tells only the right password that the user is not active', async () => {
    const { id } = await t.signIn('PLAYER', 'banned');
    await t.store.users.model.updateOne({ _id: id }, { $set: { status: 'BANNED' } });
    const right = { username: 'banned', password: PASSWORD };
    const refused = await t.call('POST', '/api/auth/login', { body: right });
    assert.deepEqual([refused.status, refused.body.code], [403, 'user_not_active']);
    const wrong = { username: 'banned', password: 'another long password' };
    const unknown = await t.call('POST', '/api/auth/login', { body: wrong });
    assert.equal(unknown.body.code, 'invalid_credentials');
  });

  it('takes as long for a name nobody has as for a wrong password', async () => {
    await t.signIn('PLAYER', 'timed');
    // CPU time, because a busy machine adds little to it.
    const loginMs = async (username: string) => {
      const before = process.cpuUsage();
      const body = { username, password: 'another long password' };
      await t.call('POST', '/api/auth/login', { body });
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1_000;
    };
    // The least of several, measured alternately: other work in this process does not add to that.
    let [known, unknown] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let n = 0; n < 9; n += 1) {
      known = Math.min(known, await loginMs('timed'));
      unknown = Math.min(unknown, await loginMs('nobody-timed'));
    }
    assert.ok(unknown > known / 2, `${unknown} ms for nobody, ${known} ms for somebody`);
  });
});

describe('refreshing', () => {
  it('answers a new pair, and the new refresh token works in turn', async () => {
    const first = await t.signIn();
    const second = await refresh(first.refreshToken);
    assert.equal(second.status, 200);
    assert.notEqual(second.body.refreshToken, first.refreshToken);
    assert.equal((await refresh(second.body.refreshToken)).status, 200);
    const { status } = await t.call('GET', '/api/auth/profile', { token: second.body.accessToken });
    assert.equal(status, 200);
  });

  it('ends the whole family when a spent token is used again', async () => {
    const first = await t.signIn();
    const second = await refresh(first.refreshToken);
    const reused = await refresh(first.refreshToken);
    assert.deepEqual(
      [reused.status, (reused.body as unknown as { code: string }).code],
      [401, 'unauthenticated'],
    );
    assert.equal((await refresh(second.body.refreshToken)).status, 401);
  });

  it('ends the access tokens of the family too when a spent token is used again', async () => {
    const first = await t.signIn();
    const second = await refresh(first.refreshToken);
    assert.equal(await statusOf(second.body.accessToken), 200);
    await refresh(first.refreshToken);
    assert.equal(await statusOf(first.accessToken), 401);
    assert.equal(await statusOf(second.body.accessToken), 401);
  });

  it('leaves other sign-ins of the same user alone when one family ends', async () => {
    const { username, refreshToken } = await t.signIn();
    const other = await t.login(username);
    await refresh(refreshToken);
    await refresh(refreshToken);
    assert.equal((await refresh(other.refreshToken)).status, 200);
  });

  it('lets one of many who show the same token at once win, and ends the family', async () => {
    const { refreshToken } = await t.signIn();
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(refreshToken)));
    const won = answers.filter((answer) => answer.status === 200);
    assert.equal(won.length, 1);
    assert.equal((await refresh(won[0]?.body.refreshToken ?? '')).status, 401);
  });

  it('keeps no refresh token that could be read out of the database', async () => {
    const { refreshToken } = await t.signIn();
    const families = await t.store.refreshTokens.model.find().lean();
    const stored = JSON.stringify(families);
    for (const part of refreshToken.split('.')) assert.ok(!stored.includes(part));
  });

  it('refuses a user who is no longer active', async () => {
    const { id, refreshToken } = await t.signIn();
    await t.store.users.model.updateOne({ _id: id }, { $set: { status: 'WITHDRAWN' } });
    assert.equal((await refresh(refreshToken)).status, 401);
    await t.store.users.model.updateOne({ _id: id }, { $set: { status: 'ACTIVE' } });
    assert.equal((await refresh(refreshToken)).status, 401, 'and the family has ended');
  });

  it('does not take an access token, nor is its own token taken for one', async () => {
    const { accessToken, refreshToken } = await t.signIn();
    assert.equal((await refresh(accessToken.slice(0, 200))).status, 401);
    const profile = await t.call('GET', '/api/auth/profile', { token: refreshToken });
    assert.deepEqual([profile.status, profile.body.code], [401, 'unauthenticated']);
  });
});

describe('signing out', () => {
  it('ends the family, and says the same for a token it does not know', async () => {
    const { refreshToken } = await t.signIn();
    const body = { refreshToken };
    assert.equal((await t.call('POST', '/api/auth/logout', { body })).status, 204);
    assert.equal((await refresh(refreshToken)).status, 401);
    assert.equal((await t.call('POST', '/api/auth/logout', { body })).status, 204);
    const unknown = { refreshToken: 'no token of ours' };
    assert.equal((await t.call('POST', '/api/auth/logout', { body: unknown })).status, 204);
  });

  it('ends the access tokens of that sign-in, and no others', async () => {
    const { username, refreshToken, accessToken } = await t.signIn();
    const next = await refresh(refreshToken);
    const other = await t.login(username);
    const body = { refreshToken: next.body.refreshToken };
    assert.equal(await statusOf(accessToken), 200);
    await t.call('POST', '/api/auth/logout', { body });
    assert.equal(await statusOf(accessToken), 401);
    assert.equal(await statusOf(next.body.accessToken), 401);
    assert.equal(await statusOf(other.accessToken), 200);
  });

  it('is remembered for the last twenty sign-ins', async () => {
    const { id, username, refreshToken, accessToken } = await t.signIn();
    await t.call('POST', '/api/auth/logout', { body: { refreshToken } });
    for (let n = 1; n < 20; n += 1) {
      const { refreshToken: another } = await t.login(username);
      await t.call('POST', '/api/auth/logout', { body: { refreshToken: another } });
    }
    assert.equal(await statusOf(accessToken), 401);
    const last = await t.login(username);
    await t.call('POST', '/api/auth/logout', { body: { refreshToken: last.refreshToken } });
    assert.equal(await statusOf(last.accessToken), 401);
    assert.equal((await t.store.users.get(id))?.endedSignIns.length, 20);
  });

  it('ends the family of a token that is already spent', async () => {
    const { refreshToken } = await t.signIn();
    const next = await refresh(refreshToken);
    await t.call('POST', '/api/auth/logout', { body: { refreshToken } });
    assert.equal((await refresh(next.body.refreshToken)).status, 401);
  });
});
