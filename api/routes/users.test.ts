import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Pair, type SignedIn, type TestApp, testApp } from '../test-app.ts';

interface Page {
  items: { id: string; username: string; role: string; status: string }[];
  nextCursor: string | null;
}

let t: TestApp;
let admin: SignedIn;
const left: string[] = [];
let tell: (userId: string) => Promise<void>;
before(async () => {
  t = await testApp({ onUserLeft: (userId) => tell(userId) });
  tell = async (userId) => {
    left.push(userId);
  };
  admin = await t.signIn('ADMIN');
});
after(() => t.close());

const patch = (userId: string, body: unknown) =>
  t.call('PATCH', `/api/users/${userId}`, { token: admin.accessToken, body });
const list = (query: string) =>
  t.call<Page>('GET', `/api/users?${query}`, { token: admin.accessToken });

/**
 * Asks until the answer is 401, long enough for a busy machine. That it takes half a second is
 * tested in `current-users.test.ts`, on a clock of its own.
 */
async function untilRefused(token: string): Promise<void> {
  const startedAtMs = performance.now();
  while ((await t.call('GET', '/api/auth/profile', { token })).status !== 401) {
    assert.ok(performance.now() - startedAtMs < 5_000, 'the token still works');
  }
}

describe('the list of users', () => {
  it('is filtered by name in any letters, by role and by status', async () => {
    const operator = await t.signIn('OPERATOR', 'Filtered-Name');
    const byName = await list('username=fILTERED-nAME');
    assert.deepEqual(
      byName.body.items.map((user) => user.id),
      [operator.id],
    );
    const operators = await list('role=OPERATOR&status=ACTIVE');
    assert.ok(operators.body.items.some((user) => user.id === operator.id));
    assert.ok(operators.body.items.every((user) => user.role === 'OPERATOR'));
    assert.deepEqual((await list('status=WITHDRAWN')).body.items, []);
  });

  it('goes on where the cursor says, to the end', async () => {
    for (let n = 0; n < 5; n += 1) await t.signIn('AUDITOR');
    const first = await list('role=AUDITOR&limit=3');
    assert.equal(first.body.items.length, 3);
    const rest = await list(`role=AUDITOR&limit=3&cursor=${first.body.nextCursor}`);
    assert.equal(rest.body.nextCursor, null);
    const ids = [...first.body.items, ...rest.body.items].map((user) => user.id);
    assert.equal(new Set(ids).size, 5);
  });

  it('shows no hash', async () => {
    assert.ok(!JSON.stringify((await list('')).body).includes('argon2'));
  });

  for (const query of [
    'cursor=garbage',
    'cursor=e30',
    'cursor=',
    'limit=0',
    'limit=201',
    'limit=ten',
    'limit=1&limit=2',
    'role=KING',
    'status=ACTIVE&status=BANNED',
    `query=${'x'.repeat(700)}`,
  ]) {
    it(`refuses ?${query}`, async () => {
      const answer = await list(query);
      assert.deepEqual(
        [answer.status, (answer.body as unknown as { code: string }).code],
        [400, 'invalid_request'],
      );
    });
  }
});

describe("changing a user's role or status", () => {
  it('answers the user as they are now', async () => {
    const user = await t.signIn();
    const answer = await patch(user.id, { role: 'OPERATOR' });
    assert.equal(answer.status, 200);
    assert.deepEqual(
      [answer.body.id, answer.body.role, answer.body.status],
      [user.id, 'OPERATOR', 'ACTIVE'],
    );
  });

  for (const body of [{ role: 'AUDITOR' }, { status: 'SUSPENDED' }, { status: 'BANNED' }]) {
    it(`ends the user's tokens at once with ${JSON.stringify(body)}`, async () => {
      const user = await t.signIn();
      await t.call('GET', '/api/auth/profile', { token: user.accessToken });
      await patch(user.id, body);
      assert.equal(
        (await t.call('GET', '/api/auth/profile', { token: user.accessToken })).status,
        401,
      );
      const refresh = { body: { refreshToken: user.refreshToken } };
      assert.equal((await t.call<Pair>('POST', '/api/auth/refresh', refresh)).status, 401);
    });
  }

  it('ends the tokens soon where another process made the change', async () => {
    const user = await t.signIn();
    await t.call('GET', '/api/auth/profile', { token: user.accessToken });
    const staff = { actor: { userId: admin.id, role: 'ADMIN' as const }, requestId: 'elsewhere' };
    await t.store.users.change(staff, user.id, { status: 'BANNED' }, new Date());
    await untilRefused(user.accessToken);
  });

  it('leaves the tokens alone where nothing differs', async () => {
    const user = await t.signIn();
    assert.equal((await patch(user.id, {})).status, 200);
    assert.equal((await patch(user.id, { role: 'PLAYER', status: 'ACTIVE' })).status, 200);
    const profile = await t.call('GET', '/api/auth/profile', { token: user.accessToken });
    assert.equal(profile.status, 200);
  });

  it('lets a user back in who is active again', async () => {
    const user = await t.signIn();
    await patch(user.id, { status: 'SUSPENDED' });
    await patch(user.id, { status: 'ACTIVE' });
    const { accessToken } = await t.login(user.username);
    assert.equal((await t.call('GET', '/api/auth/profile', { token: accessToken })).status, 200);
  });

  it('is in the audit log once, with what was before and after', async () => {
    const user = await t.signIn();
    for (let n = 0; n < 2; n += 1) await patch(user.id, { role: 'OPERATOR' });
    const entries = await t.store.auditLog.page({ targetId: user.id }, undefined, 5);
    const [before, after] = ['PLAYER', 'OPERATOR'].map((role) => ({ role, status: 'ACTIVE' }));
    assert.deepEqual(
      entries.map((entry) => [entry.action, entry.actorId, entry.before, entry.after]),
      [['user.update', admin.id, before, after]],
    );
  });

  it('tells of a user who left, and only of one who did', async () => {
    const user = await t.signIn();
    await patch(user.id, { role: 'GAME_SERVER' });
    assert.ok(!left.includes(user.id));
    await patch(user.id, { status: 'WITHDRAWN' });
    assert.deepEqual(
      left.filter((id) => id === user.id),
      [user.id],
    );
  });

  it('succeeds though nobody can be told', async () => {
    const user = await t.signIn();
    const told = tell;
    tell = async () => {
      throw new Error('nobody listens');
    };
    assert.equal((await patch(user.id, { status: 'BANNED' })).status, 200);
    tell = told;
  });

  it('does not let the last active admin lock everyone out', async () => {
    for (const body of [{ role: 'PLAYER' }, { status: 'BANNED' }]) {
      const answer = await patch(admin.id, body);
      assert.deepEqual([answer.status, answer.body.code], [409, 'conflict']);
    }
    assert.equal((await list('')).status, 200, 'and their tokens still work');
  });

  for (const userId of ['usr_0123', 'x', '%7B%22$gt%22:%22%22%7D', '%00', '%E0%A4%A']) {
    it(`finds nobody under ${userId}`, async () => {
      const answer = await patch(userId, { role: 'PLAYER' });
      assert.deepEqual([answer.status, answer.body.code], [404, 'not_found']);
    });
  }
});
