/** Bulk retry and abort of parked claims. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { dataOf } from '../../client/index.ts';
import type { Parked } from '../../store/operations.ts';
import { ended, gameEvent, levelsOf, parked, reconcile, recordOf, until } from '../helpers.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { decide } from '../outcomes.ts';
import { uniqueName } from '../servers.ts';

let laurel: Laurel;
let admin: { id: string; token: string };

before(async () => {
  laurel = await startLaurel();
  admin = await laurel.signIn('ADMIN');
});
after(() => laurel.stop());

/** Claims of one event, each parked as the game is down for it; it is up again afterwards. */
async function parkedClaims(count: number) {
  const { eventId } = await gameEvent(laurel);
  laurel.game.rules.add({ do: 'fail', eventId, on: ['grant', 'lookup'] });
  const claimIds = await Promise.all(
    Array.from({ length: count }, async () => {
      const { token } = await laurel.signIn();
      return (await laurel.claim(eventId, token)).body.claimId;
    }),
  );
  await Promise.all(claimIds.map((claimId) => parked(laurel, claimId)));
  laurel.game.rules.clear(eventId);
  return { eventId, claimIds };
}

/** The body may be one that the API refuses. */
async function bulk(verb: 'retry' | 'abort', body: object, key = uniqueName('bulk')) {
  const params = { header: { 'Idempotency-Key': key } };
  const call = { params, body };
  const { data, response } = await laurel.as(admin.token).POST(`/api/event-claims/${verb}`, call);
  const operationId = data && 'operationId' in data ? data.operationId : '';
  return { status: response.status, headers: response.headers, operationId };
}

async function progress(operationId: string) {
  const params = { path: { operationId } };
  return await dataOf(laurel.as(admin.token).GET('/api/operations/{operationId}', { params }));
}

/** What a worker does for one claim of its batch, before it dies. */
async function decideOn(operationId: string, { claimId, number }: Parked): Promise<void> {
  const { operations, claims } = laurel.store;
  const staff = { actor: { userId: admin.id, role: 'ADMIN' as const }, requestId: 'test' };
  const retry = { action: 'RETRY', note: null } as const;
  const claim = await recordOf(laurel, claimId);
  const decided = await claims.decide(staff, claim, number, retry, (session) =>
    operations.count(operationId, claimId, 'done', session),
  );
  assert.ok(decided);
}

/** A bulk retry of three claims whose worker took all, decided on the first, and died. */
async function begunRetry() {
  const { eventId, claimIds } = await parkedClaims(3);
  await laurel.stopWorkers();
  const { operationId } = await bulk('retry', { eventId });
  const operation = await laurel.store.operations.get(operationId);
  assert.ok(operation);
  const [first] = (await laurel.store.operations.takeBatch(operation, 50)).batch;
  assert.ok(first);
  await decideOn(operationId, first);
  return { claimIds, operationId, first: first.claimId };
}

const done = (operationId: string) =>
  until(async () => {
    const now = await progress(operationId);
    return now.state === 'DONE' && now;
  }, `operation ${operationId}`);

describe('a bulk retry', { concurrency: true }, () => {
  test('gets every parked claim of its event granted, and says how far it is', async () => {
    const { eventId, claimIds } = await parkedClaims(6);
    const other = await parkedClaims(1);
    const { status, operationId, headers } = await bulk('retry', {
      eventId,
      note: 'the game is back',
    });
    assert.equal(status, 202);
    assert.equal(headers.get('location'), `/api/operations/${operationId}`);
    const { total, done: decided, failed } = await done(operationId);
    assert.deepEqual([total, decided, failed], [6, 6, 0]);
    for (const claimId of claimIds) assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
    const untouched = await parked(laurel, other.claimIds[0] ?? '');
    assert.equal(untouched.parking?.decision, null, "another event's claim waits on");
  });

  test('sent twice is one', async () => {
    const { eventId } = await parkedClaims(2);
    const key = uniqueName('bulk');
    const answers = await Promise.all([1, 2, 3].map(() => bulk('retry', { eventId }, key)));
    const ids = new Set(answers.map((a) => a.operationId));
    assert.equal(ids.size, 1);
    const again = await bulk('retry', { eventId }, key);
    assert.deepEqual([again.status, ids.has(again.operationId)], [202, true]);
    assert.equal((await bulk('abort', { eventId }, key)).status, 422);
    const log = await laurel.store.auditLog.page({ action: 'claims.retry' }, undefined, 10);
    const own = log.filter((e) => e.targetId === again.operationId);
    assert.equal(own.length, 1, 'and audited once');
  });

  test('whose run could not be started is by reconciliation', async () => {
    const { eventId, claimIds } = await parkedClaims(1);
    const staff = { actor: { userId: admin.id, role: 'ADMIN' as const }, requestId: 'test' };
    const request = { action: 'RETRY', filter: { eventId }, note: null } as const;
    const idempotencyKey = uniqueName('bulk');
    const { _id } = await laurel.store.operations.request(staff, { ...request, idempotencyKey });
    await reconcile(laurel);
    await done(_id);
    assert.equal((await ended(laurel, claimIds[0] ?? '')).state, 'GRANTED');
  });
});

// One after another, as each stops the workers.
describe('a bulk retry whose worker dies', () => {
  test('goes on after a restart, and counts nothing twice', async () => {
    const { claimIds, operationId } = await begunRetry();
    assert.deepEqual((await progress(operationId)).done, 1);
    await laurel.startWorkers();
    const { total, done: decided, failed } = await done(operationId);
    assert.deepEqual([total, decided, failed], [3, 3, 0]);
    for (const claimId of claimIds) assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
  });

  test('that is stopped within a batch leaves the rest as it is, whatever dies meanwhile', async () => {
    const { claimIds, operationId, first } = await begunRetry();
    const stopped = await laurel.as(admin.token).POST('/api/operations/{operationId}/stop', {
      params: { path: { operationId } },
    });
    assert.deepEqual([stopped.response.status, stopped.data?.state], [200, 'STOPPED']);
    await laurel.startWorkers();
    await laurel.client.workflow.getHandle(`operation/${operationId}`).result();
    const { state, total, done: decided, failed } = await progress(operationId);
    assert.deepEqual([state, total, decided, failed], ['STOPPED', 3, 1, 0]);
    for (const claimId of claimIds) {
      const { decision } = (await parked(laurel, claimId)).parking ?? {};
      assert.equal(decision?.action, claimId === first ? 'RETRY' : undefined);
    }
  });

  test('counts a claim that was decided otherwise as failed', async () => {
    const { eventId, claimIds } = await parkedClaims(2);
    await laurel.stopWorkers();
    const { operationId } = await bulk('retry', { eventId });
    // A worker took them both, and died; one that was decided on before is not among them at all.
    const operation = await laurel.store.operations.get(operationId);
    assert.ok(operation);
    assert.equal((await laurel.store.operations.takeBatch(operation, 50)).batch.length, 2);
    await decide(laurel, claimIds[0] ?? '', 'abort');
    await laurel.startWorkers();
    const { done: decided, failed } = await done(operationId);
    assert.deepEqual([decided, failed], [1, 1]);
  });
});

describe('a bulk abort', { concurrency: true }, () => {
  test('undoes every parked claim of its reason', async () => {
    const { eventId, claimIds } = await parkedClaims(3);
    const { operationId } = await bulk('abort', { eventId, reason: 'FULFILLMENT_UNAVAILABLE' });
    const { total } = await done(operationId);
    assert.equal(total, 3);
    for (const claimId of claimIds) {
      const { state, reason } = await ended(laurel, claimId);
      assert.deepEqual([state, reason], ['FAILED', 'ABORTED_BY_ADMIN']);
    }
    assert.deepEqual(await levelsOf(laurel, { eventId }), {
      stock: 10,
      available: 10,
      held: 0,
      granted: 0,
    });
  });

  test('that fits no claim is done at once', async () => {
    const { operationId } = await bulk('abort', { eventId: 'evt_none' });
    const { total, done: decided } = await done(operationId);
    assert.deepEqual([total, decided], [0, 0]);
  });
});

describe('a bulk action is refused', () => {
  test('without a key, from anybody but an admin, and with fields it does not know', async () => {
    const { token } = admin;
    const path = '/api/event-claims/retry';
    assert.equal((await laurel.call('POST', path, { token, body: { all: true } })).status, 400);
    const operator = await laurel.signIn('OPERATOR');
    assert.equal((await laurel.call('POST', path, operator)).status, 403);
    assert.equal((await bulk('retry', { everything: true })).status, 400);
    assert.equal((await bulk('retry', { reason: 'BAD_MOOD' })).status, 400);
    assert.equal((await laurel.call('GET', '/api/operations/op_none', { token })).status, 404);
  });
});

describe('the erasure of a player', () => {
  /** A player with a parked claim. */
  async function playerParked() {
    const { eventId } = await gameEvent(laurel);
    laurel.game.rules.add({ do: 'fail', eventId, on: ['grant', 'lookup'] });
    const { id, token } = await laurel.signIn();
    const { claimId } = (await laurel.claim(eventId, token)).body;
    await parked(laurel, claimId);
    laurel.game.rules.clear(eventId);
    return { id, claimId };
  }

  const erased = async (userId: string) => {
    const params = { path: { userId } };
    const asked = laurel.as(admin.token).POST('/api/users/{userId}/erasure', { params });
    return (await dataOf(asked)).operationId;
  };

  const endOf = async (claimId: string) => {
    const { state, reason, steps, parking } = await recordOf(laurel, claimId);
    return { end: `${state} / ${reason}`, steps, parking };
  };
  const STOPPED = { end: 'FAILED / USER_NOT_ACTIVE', steps: [], parking: null };

  test('stops their parked claim, and is done once nothing of them is left to erase', async () => {
    const { id, claimId } = await playerParked();
    await done(await erased(id));
    assert.deepEqual(await endOf(claimId), STOPPED);
  });

  test('goes on where its worker died, and where its run was never started', async () => {
    const [first, second] = [await playerParked(), await playerParked()];
    await laurel.stopWorkers();
    const operationId = await erased(first.id);
    const staff = { actor: { userId: admin.id, role: 'ADMIN' as const }, requestId: 'test' };
    const { _id: unstarted } = await laurel.store.erasures.request(staff, second.id);
    await laurel.startWorkers();
    await done(operationId);
    await reconcile(laurel);
    await done(unstarted);
    for (const { claimId } of [first, second]) assert.deepEqual(await endOf(claimId), STOPPED);
  });
});
