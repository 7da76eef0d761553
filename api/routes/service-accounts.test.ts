import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { ROLES, SERVICE_ROLES } from '../../domain/user.ts';
import { uniqueName } from '../../test/servers.ts';
import { stillCounts } from '../identity/auth.ts';
import { createRateLimits } from '../identity/rate-limits.ts';
import { createServiceKeys } from '../identity/service-keys.ts';
import { PASSWORD, type SignedIn, type TestApp, testApp } from '../test-app.ts';

let t: TestApp;
let admin: SignedIn;
let clock = new Date();
/** Another API process over the same database: its cache and its limits are its own. */
let elsewhere: ReturnType<typeof createServiceKeys>;
let elsewhereMs = 0;
before(async () => {
  const rateLimits = createRateLimits({ enabled: true });
  t = await testApp({ rateLimits, now: () => clock });
  admin = await t.signIn('ADMIN');
  elsewhere = createServiceKeys({
    store: t.store.serviceKeys,
    rateLimits,
    log: pino({ level: 'silent' }),
    now: () => clock,
    nowMs: () => elsewhereMs,
  });
});
after(() => t.close());

const CLIENT = { address: '192.0.2.1', isProxy: false, scheme: 'https' } as const;
const ACCOUNTS = '/api/service-accounts';

interface Key {
  keyId: string;
  key: string;
  prefix: string;
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
}

const asAdmin = <T = Record<string, unknown>>(method: string, path: string, body?: unknown) =>
  t.call<T & { code: string }>(method, path, { token: admin.accessToken, body });
const account = async (role = 'GAME_SERVER', name = uniqueName('server')) =>
  String((await asAdmin('POST', ACCOUNTS, { name, role })).body.id);
const newKey = (userId: string, body?: object) =>
  asAdmin<Key>('POST', `${ACCOUNTS}/${userId}/keys`, body);
const keysOf = async (userId: string) =>
  (await asAdmin<{ items: Key[] }>('GET', `${ACCOUNTS}/${userId}/keys`)).body.items;
const deleteKey = (userId: string, keyId: string) =>
  asAdmin('DELETE', `${ACCOUNTS}/${userId}/keys/${keyId}`);
const profile = (token: string) => t.call('GET', '/api/auth/profile', { token });

describe('a service account', () => {
  it('is a user without a password, with one of three roles', async () => {
    const name = uniqueName('server');
    const made = await asAdmin('POST', ACCOUNTS, { name, role: 'AUDITOR' });
    assert.equal(made.status, 201);
    const { id, createdAt, ...rest } = made.body;
    assert.deepEqual(rest, { userId: id, name, role: 'AUDITOR', status: 'ACTIVE' });
    const listed = await asAdmin<{ items: unknown[] }>('GET', `${ACCOUNTS}?limit=1`);
    assert.deepEqual(listed.body.items, [{ id, createdAt, ...rest }]);
    const user = await asAdmin('GET', `/api/users/${id}`);
    assert.deepEqual([user.body.username, user.body.role], [name, 'AUDITOR']);
    const body = { username: name, password: PASSWORD };
    const login = await t.call('POST', '/api/auth/login', { body });
    assert.deepEqual([login.status, login.body.code], [401, 'invalid_credentials']);
  });

  it('never has another role, neither at first nor by a change', async () => {
    const id = await account();
    for (const role of ROLES.filter((one) => !(SERVICE_ROLES as readonly string[]).includes(one))) {
      const made = await asAdmin('POST', ACCOUNTS, { name: uniqueName('server'), role });
      assert.deepEqual([made.status, made.body.code], [400, 'invalid_request'], role);
      const changed = await asAdmin('PATCH', `/api/users/${id}`, { role });
      assert.deepEqual([changed.status, changed.body.code], [409, 'conflict'], role);
    }
    assert.equal((await asAdmin('PATCH', `/api/users/${id}`, { role: 'SUPPORT' })).status, 200);
  });

  it('shares the names of users', async () => {
    const taken = await asAdmin('POST', ACCOUNTS, { name: admin.username, role: 'SUPPORT' });
    assert.deepEqual([taken.status, taken.body.code], [409, 'username_taken']);
  });
});

describe('a key', () => {
  it('is a bearer token, shown once, and kept as its hash', async () => {
    const userId = await account();
    const { status, body, headers } = await newKey(userId);
    assert.equal(status, 201);
    assert.equal(headers.get('cache-control'), 'no-store');
    const { key, ...shown } = body;
    assert.match(key, /^lrl_[A-Za-z0-9_-]{43}$/, '32 bytes in base64url');
    assert.ok(key.startsWith(shown.prefix) && shown.prefix.length < 12);
    assert.equal((await profile(key)).body.id, userId);
    const listed = await asAdmin('GET', `${ACCOUNTS}/${userId}/keys`);
    const secret = key.slice(shown.prefix.length);
    const kept = JSON.stringify([
      listed.body,
      await t.store.serviceKeys.model.find({ userId }).lean(),
      (await asAdmin('GET', `/api/audit-log?targetId=${userId}`)).body,
    ]);
    assert.ok(!kept.includes(secret));
  });

  it('has the rights of its account as they are now', async () => {
    const userId = await account('GAME_SERVER');
    const { key } = (await newKey(userId)).body;
    const send = () => t.call('POST', '/api/activity-events', { token: key, body: { events: [] } });
    assert.ok(![401, 403].includes((await send()).status));
    await asAdmin('PATCH', `/api/users/${userId}`, { role: 'AUDITOR' });
    assert.equal((await send()).status, 403);
    assert.equal((await t.call('GET', '/api/audit-log', { token: key })).status, 200);
    await asAdmin('PATCH', `/api/users/${userId}`, { status: 'SUSPENDED' });
    assert.equal((await profile(key)).status, 401);
  });

  it('is one of two at most, also where ten are asked for at once', async () => {
    const userId = await account();
    const all = await Promise.all(Array.from({ length: 10 }, () => newKey(userId)));
    assert.equal(all.filter(({ status }) => status === 201).length, 2);
    assert.equal(all.filter(({ body }) => body.code === 'conflict').length, 8);
    assert.equal((await keysOf(userId)).length, 2);
  });

  it('is one of two at most, as the database itself refuses a third', async () => {
    const userId = await account();
    await newKey(userId);
    const [one] = await t.store.serviceKeys.model.find({ userId }).lean();
    const twin = { ...one, _id: 'key_twin', hash: 'twin' };
    await assert.rejects(t.store.serviceKeys.model.insertOne(twin as never), /E11000.*slot/);
  });

  it('ends at its time, and then gives its slot up', async () => {
    const userId = await account();
    const expiresAt = new Date(clock.getTime() + 60_000).toISOString();
    const { key } = (await newKey(userId, { expiresAt })).body;
    await newKey(userId);
    assert.equal((await newKey(userId)).status, 409);
    clock = new Date(clock.getTime() + 59_999);
    assert.equal((await profile(key)).status, 200);
    clock = new Date(clock.getTime() + 1);
    const late = await profile(key);
    assert.deepEqual([late.status, late.body.code], [401, 'token_expired']);
    assert.equal((await keysOf(userId)).length, 2, 'an admin still sees it');
    assert.equal((await newKey(userId)).status, 201);
  });

  it('cannot be made to end in the past', async () => {
    const refused = await newKey(await account(), { expiresAt: '2020-01-01T00:00:00Z' });
    assert.equal(refused.status, 400);
    assert.deepEqual(
      (refused.body as unknown as { errors: { pointer: string }[] }).errors.map((e) => e.pointer),
      ['/expiresAt'],
    );
  });

  it('is refused in every process within a second after it was deleted', async () => {
    const userId = await account();
    const { key, keyId } = (await newKey(userId)).body;
    await elsewhere.verify(key, CLIENT);
    assert.equal((await profile(key)).status, 200);
    assert.equal((await deleteKey(userId, keyId)).status, 204);
    assert.equal((await profile(key)).status, 401, 'at once where it was deleted');
    elsewhereMs += 500;
    await assert.rejects(elsewhere.verify(key, CLIENT), { code: 'unauthenticated' });
    assert.equal((await deleteKey(userId, keyId)).status, 404);
  });

  it('ends what was open under it, as a stream, once it is deleted', async () => {
    const userId = await account();
    const { key, keyId } = (await newKey(userId)).body;
    const token = await t.deps.serviceKeys.verify(key, CLIENT);
    assert.equal(await stillCounts(t.deps, token), true);
    await deleteKey(userId, keyId);
    assert.equal(await stillCounts(t.deps, token), false);
  });

  it('of another account is not found, and neither is a key of a person', async () => {
    const { keyId } = (await newKey(await account())).body;
    assert.equal((await deleteKey(await account(), keyId)).status, 404);
    assert.equal((await newKey(admin.id)).status, 404);
    assert.equal((await asAdmin('GET', `${ACCOUNTS}/usr_none/keys`)).status, 404);
  });

  it('is rotated without a gap: no call fails while the old one goes', async () => {
    const userId = await account();
    const old = (await newKey(userId)).body;
    let [inUse, calls, failures, isOver] = [old.key, 0, 0, false];
    const load = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        failures += (await profile(inUse)).status === 200 ? 0 : 1;
        calls += 1;
      }
    });
    const fresh = (await newKey(userId)).body;
    inUse = fresh.key;
    // Until every call that began with the old key has ended.
    const since = calls;
    while (calls < since + 16) await profile(fresh.key);
    await deleteKey(userId, old.keyId);
    const later = calls;
    while (calls < later + 16) await profile(fresh.key);
    isOver = true;
    await Promise.all(load);
    assert.equal(failures, 0);
    assert.equal((await profile(old.key)).status, 401);
  });
});

describe('when a key was used last', () => {
  it('is written once a minute, and not with every call', async () => {
    const userId = await account();
    const { key, keyId } = (await newKey(userId)).body;
    const writes: Date[] = [];
    const watched = createServiceKeys({
      store: {
        findByHash: t.store.serviceKeys.findByHash,
        noteUse: async (id, at) => {
          writes.push(at);
          await t.store.serviceKeys.noteUse(id, at);
        },
      },
      rateLimits: t.deps.rateLimits,
      log: pino({ level: 'silent' }),
      now: () => clock,
    });
    for (let n = 0; n < 50; n += 1) await watched.verify(key, CLIENT);
    assert.equal(writes.length, 1);
    clock = new Date(clock.getTime() + 60_000);
    await watched.verify(key, CLIENT);
    assert.deepEqual(writes[1], clock);
    await t.store.serviceKeys.noteUse(keyId, new Date(0));
    assert.equal((await keysOf(userId))[0]?.lastUsedAt, clock.toISOString(), 'the later one stays');
  });
});

describe('guessing keys', () => {
  it('ends in 429 for the address, and not for a key that was seen to be good', async () => {
    const userId = await account();
    const { key } = (await newKey(userId)).body;
    const client = { ...CLIENT, address: '198.51.100.1' };
    const keys = createServiceKeys({
      store: t.store.serviceKeys,
      rateLimits: createRateLimits({ enabled: true }),
      log: pino({ level: 'silent' }),
      now: () => clock,
    });
    await keys.verify(key, client);
    const guesses = Array.from({ length: 100 }, async (_, n) => {
      const refused = keys.verify(`lrl_${n}`, client);
      return await refused.then(() => 'good').catch((error: { code: string }) => error.code);
    });
    const answers = await Promise.all(guesses);
    assert.equal(answers.filter((code) => code === 'unauthenticated').length, 60);
    assert.equal(answers.filter((code) => code === 'rate_limited').length, 40);
    await keys.verify(key, client);
    await keys.verify(key, { ...client, address: '198.51.100.2' });
  });
});

describe('the audit log', () => {
  it('says who made and deleted what, and from where', async () => {
    const userId = await account();
    const { keyId, prefix } = (await newKey(userId)).body;
    await deleteKey(userId, keyId);
    const { body } = await asAdmin<{ items: Record<string, unknown>[] }>(
      'GET',
      `/api/audit-log?targetId=${userId}`,
    );
    const [deleted, made, created] = body.items;
    assert.deepEqual(
      [deleted?.action, made?.action, created?.action],
      ['service_key.delete', 'service_key.create', 'service_account.create'],
    );
    assert.deepEqual(made?.after, { keyId, prefix, expiresAt: null });
    assert.deepEqual(deleted?.before, made?.after);
    assert.deepEqual([made?.actorId, made?.from], [admin.id, 'no socket']);
  });
});
