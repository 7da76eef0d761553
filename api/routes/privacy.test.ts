import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { entryOf } from '../../store/privacy/read-log.ts';
import { newClaim, unique } from '../../store/test-store.ts';
import { type Fields, type SignedIn, type TestApp, testApp } from '../test-app.ts';

let t: TestApp;
let admin: SignedIn;
let support: SignedIn;
before(async () => {
  // No worker runs here: operations are only recorded.
  t = await testApp({ bulkRuns: { start: async () => {} } });
  admin = await t.signIn('ADMIN');
  support = await t.signIn('SUPPORT');
});
after(() => t.close());

const get = <T = Fields>(path: string, { accessToken }: SignedIn) =>
  t.call<T>('GET', path, { token: accessToken });
const erase = (userId: string, body?: unknown) =>
  t.call('POST', `/api/users/${userId}/erasure`, { token: admin.accessToken, body });

async function exportOf(userId: string, { accessToken }: SignedIn) {
  const headers = { authorization: `Bearer ${accessToken}` };
  const response = await t.app.request(`/api/users/${userId}/export`, { headers });
  const text = await response.text();
  return { response, text };
}

/** The routes by which somebody was seen to read the user's data. */
async function readsOf(userId: string): Promise<string[]> {
  await t.deps.personalReads.flush();
  const { body } = await get<{ items: Fields[] }>(`/api/read-log?userId=${userId}`, admin);
  return body.items.map(({ route }) => String(route)).sort();
}

describe('the export', () => {
  it('is JSON lines for the user and for admins, and not there for anybody else', async () => {
    const player = await t.signIn();
    await t.store.claims.accept(newClaim({ userId: player.id }));
    for (const reader of [player, admin]) {
      const { response, text } = await exportOf(player.id, reader);
      assert.equal(response.status, 200);
      assert.match(response.headers.get('content-type') ?? '', /^application\/x-ndjson/);
      const types = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).type);
      assert.ok(types.includes('user') && types.includes('claim'), String(types));
    }
    for (const role of ['PLAYER', 'SUPPORT', 'OPERATOR', 'AUDITOR', 'GAME_SERVER'] as const) {
      const { response } = await exportOf(player.id, await t.signIn(role));
      assert.equal(response.status, 404, role);
    }
    assert.equal((await exportOf('usr_nobody', admin)).response.status, 404);
    assert.equal(t.deps.longRequests.open(), 0);
  });
});

describe('an erasure', () => {
  it('ends the sign-in, takes the name away, and is an operation that cannot be stopped', async () => {
    const player = await t.signIn();
    const { status, headers, body } = await erase(player.id);
    assert.equal(status, 202);
    assert.equal(headers.get('location'), `/api/operations/${body.operationId}`);
    assert.equal((await get('/api/auth/profile', player)).status, 401);
    const login = { username: player.username, password: 'correct horse battery' };
    assert.equal((await t.call('POST', '/api/auth/login', { body: login })).status, 401);
    const { body: user } = await get(`/api/users/${player.id}`, admin);
    assert.deepEqual([user.status, typeof user.erasedAt], ['WITHDRAWN', 'string']);
    assert.doesNotMatch(JSON.stringify(user), new RegExp(player.username));
    const operation = (await get(`/api/operations/${body.operationId}`, admin)).body;
    assert.deepEqual([operation.action, operation.filter], ['ERASE', { userId: player.id }]);
    const stop = `/api/operations/${body.operationId}/stop`;
    const stopped = await t.call('POST', stop, { token: admin.accessToken });
    assert.deepEqual([stopped.status, stopped.body.code], [409, 'invalid_transition']);
    assert.equal((await erase(player.id)).body.operationId, body.operationId, 'asked for again');
  });

  it('lets somebody else have the name, and is refused for whom there is not', async () => {
    const player = await t.signIn();
    await erase(player.id);
    const register = { username: player.username, password: 'correct horse battery' };
    assert.equal((await t.call('POST', '/api/auth/register', { body: register })).status, 201);
    assert.equal((await erase('usr_nobody')).status, 404);
    assert.equal((await erase(player.id, { sure: true })).status, 400);
    const change = { token: admin.accessToken, body: { status: 'ACTIVE' } };
    const back = await t.call('PATCH', `/api/users/${player.id}`, change);
    assert.deepEqual([back.status, back.body.code], [409, 'conflict']);
  });
});

describe('the read log', () => {
  it('has every route by which staff look at one person', async () => {
    const player = await t.signIn();
    const { claim } = await t.store.claims.accept(newClaim({ userId: player.id }));
    const { id, username } = player;
    for (const path of [
      `/api/users/${id}`,
      `/api/users/${id}/progress`,
      `/api/users?username=${username}`,
      `/api/event-claims?userId=${id}`,
      `/api/event-claims/summary?userId=${id}`,
      `/api/event-claims/${claim._id}`,
      `/api/grants?userId=${id}`,
    ]) {
      assert.equal((await get(path, support)).status, 200, path);
    }
    await exportOf(id, admin);
    assert.deepEqual(await readsOf(id), [
      'GET /api/event-claims',
      'GET /api/event-claims/summary',
      'GET /api/event-claims/{claimId}',
      'GET /api/grants',
      'GET /api/users',
      'GET /api/users/{userId}',
      'GET /api/users/{userId}/export',
      'GET /api/users/{userId}/progress',
    ]);
  });

  it('has who it was, when and from where', async () => {
    const player = await t.signIn();
    const since = new Date();
    const { headers } = await get(`/api/users/${player.id}`, support);
    await t.deps.personalReads.flush();
    const query = `userId=${player.id}&actorId=${support.id}&from=${since.toISOString()}`;
    const { body } = await get<{ items: Fields[] }>(`/api/read-log?${query}`, admin);
    const [{ at, ...entry } = { at: '' }] = body.items;
    assert.deepEqual(entry, {
      actorId: support.id,
      actorRole: 'SUPPORT',
      userId: player.id,
      route: 'GET /api/users/{userId}',
      requestId: headers.get('x-request-id'),
      from: 'no socket',
    });
    assert.ok(new Date(String(at)) >= since);
    const later = await get<{ items: Fields[] }>(`/api/read-log?${query}&to=${String(at)}`, admin);
    assert.deepEqual(later.body.items, []);
  });

  it('has one entry for the reads of a minute, also of two processes', async () => {
    const read = { at: new Date(), actorId: 'usr_s', actorRole: 'SUPPORT' as const };
    const entry = entryOf({ ...read, userId: unique('usr'), route: 'GET /', requestId: 'r' });
    await t.store.readLog.add([entry]);
    await t.store.readLog.add([entry, { ...entry, _id: `${entry._id}b` }]);
    assert.equal((await readsOf(entry.userId)).length, 2);
  });

  it('has nothing of what users read of themselves, and nothing of lists of many', async () => {
    const player = await t.signIn();
    await t.store.claims.accept(newClaim({ userId: player.id }));
    await get('/api/auth/profile', player);
    await get('/api/event-claims', player);
    await exportOf(player.id, player);
    await get('/api/users', support);
    await get(`/api/event-claims?eventId=${unique('evt')}`, support);
    assert.deepEqual(await readsOf(player.id), []);
    await get(`/api/users/${support.id}`, support);
    assert.deepEqual(await readsOf(support.id), []);
  });
});

describe('a claim whose time is over', () => {
  it('is answered as any other, without steps, and its key still stands for it', async () => {
    const player = await t.signIn();
    const idempotencyKey = unique('key');
    const { claim } = await t.store.claims.accept(newClaim({ userId: player.id, idempotencyKey }));
    await t.store.claims.refuse(claim, { reason: 'CONDITION_NOT_MET', steps: claim.steps });
    await t.store.claims.slimOf(player.id, 10);
    for (const reader of [player, support, admin]) {
      const { status, body } = await get(`/api/event-claims/${claim._id}`, reader);
      assert.deepEqual(
        [status, body.state, body.reason, body.steps],
        [200, 'REJECTED', 'CONDITION_NOT_MET', []],
      );
    }
    const again = (eventId: string) =>
      t.call('POST', `/api/event-claims/${eventId}/claim`, {
        token: player.accessToken,
        headers: { 'idempotency-key': idempotencyKey },
      });
    const replayed = await again(claim.eventId);
    assert.deepEqual([replayed.status, replayed.body.claimId], [200, claim._id]);
    assert.equal(replayed.headers.get('idempotency-replayed'), 'true');
    assert.equal((await again('evt_other')).status, 422);
  });
});
