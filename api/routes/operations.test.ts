import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Claim } from '../../store/claims/claim-record.ts';
import { newClaim, unique } from '../../store/test-store.ts';
import { type Fields, type SignedIn, type TestApp, testApp } from '../test-app.ts';

let t: TestApp;
let admin: SignedIn;
before(async () => {
  // No worker runs here: the actions are only recorded.
  t = await testApp({ bulkRuns: { start: async () => {} } });
  admin = await t.signIn('ADMIN');
});
after(() => t.close());

let eventId: string;
let claimIds: string[];
beforeEach(async () => {
  eventId = unique('evt');
  const claims = await Promise.all(['mailbox', 'game', 'game'].map(parkedClaim));
  claimIds = claims.map(({ _id }) => _id);
});

async function parkedClaim(provider: string): Promise<Claim> {
  const { claims } = t.store;
  const { snapshot } = newClaim();
  const { claim } = await claims.accept(newClaim({ eventId, snapshot: { ...snapshot, provider } }));
  const { lines, steps } = claim;
  await claims.startFulfilling(claim, steps);
  const why = { reason: 'FULFILLMENT_UNKNOWN', detail: '', step: 'S4_FULFIL' } as const;
  await claims.park(claim, { number: 1, lineIds: [], ...why }, { lines, steps });
  return claim;
}

async function bulk(body: unknown, key: string | null = unique('key')) {
  const headers = key === null ? {} : { 'idempotency-key': key };
  const call = { token: admin.accessToken, body, headers };
  return await t.call('POST', '/api/event-claims/abort', call);
}

const get = (path: string) => t.call('GET', path, { token: admin.accessToken });
const stop = (operationId: unknown) =>
  t.call('POST', `/api/operations/${operationId}/stop`, { token: admin.accessToken });

const operations = () => t.store.operations.model.countDocuments();

describe('a bulk action', () => {
  it('says which claims it is about, or that it is about all: never both, never neither', async () => {
    const before = await operations();
    for (const body of [
      undefined,
      {},
      { note: 'why' },
      { all: false },
      { all: true, eventId },
      { all: true, parkedBefore: '2026-01-01T00:00:00Z' },
      { dryRun: true },
      { dryRun: true, all: true, provider: 'game' },
      { eventId: '' },
      { parkedBefore: 'yesterday' },
      { claimIds },
    ]) {
      const { status, body: said } = await bulk(body);
      const what = `${JSON.stringify(body)}: ${JSON.stringify(said)}`;
      assert.deepEqual([status, said.code], [400, 'invalid_request'], what);
    }
    assert.equal(await operations(), before, 'one was recorded');
    const { errors } = (await bulk({ all: true, eventId })).body;
    const [{ pointer, message }] = errors as [{ pointer: string; message: string }];
    assert.equal(pointer, '/all');
    assert.match(message, /beside `eventId`.*not clear which was meant/);
    assert.equal((await bulk({ all: true })).status, 202);
    assert.equal((await bulk({ all: false, eventId })).status, 202);
  });

  it('does not take its filter in the address', async () => {
    const path = `/api/event-claims/abort?eventId=${eventId}`;
    const headers = { 'idempotency-key': unique('key') };
    for (const body of [undefined, { all: true }]) {
      const { status } = await t.call('POST', path, { token: admin.accessToken, headers, body });
      assert.equal(status, 400);
    }
  });

  it('is another one with another filter', async () => {
    const key = unique('key');
    assert.equal((await bulk({ eventId, provider: 'game' }, key)).status, 202);
    assert.equal((await bulk({ eventId, provider: 'game' }, key)).status, 202);
    for (const body of [{ eventId }, { eventId, provider: 'mailbox' }, { all: true }]) {
      const { status, body: said } = await bulk(body, key);
      assert.deepEqual([status, said.code], [422, 'idempotency_key_reused']);
    }
  });
});

describe('a dry run', () => {
  it('tells what would be done, changes nothing, and leaves its key unused', async () => {
    const [before, key] = [await operations(), unique('key')];
    const records = await t.store.claims.model.find({ eventId }).lean();
    const asked = { eventId, dryRun: true };
    for (const { status, body } of [await bulk(asked, null), await bulk(asked, key)]) {
      assert.equal(status, 200);
      const { matches, groups, sample } = body;
      const reason = 'FULFILLMENT_UNKNOWN';
      assert.equal(matches, 3);
      assert.deepEqual(groups, [
        { reason, eventId, provider: 'game', count: 2 },
        { reason, eventId, provider: 'mailbox', count: 1 },
      ]);
      assert.deepEqual((sample as string[]).toSorted(), claimIds.toSorted());
    }
    assert.equal(await operations(), before);
    assert.deepEqual(await t.store.claims.model.find({ eventId }).lean(), records);
    assert.equal((await bulk({ eventId, provider: 'game' }, key)).status, 202);
  });
});

describe('the list of bulk actions', () => {
  it('shows them newest first, whole, and by their state', async () => {
    const note = 'the game is gone';
    const asked = { eventId, parkedBefore: '2100-01-01T09:00:00+09:00', note };
    const { operationId: first } = (await bulk(asked)).body;
    const { operationId: second } = (await bulk({ eventId, provider: 'game' })).body;
    const { items, nextCursor } = (await get('/api/operations?limit=1')).body;
    const [latest] = items as Fields[];
    assert.equal(latest?.operationId, second);
    const next = (await get(`/api/operations?limit=1&cursor=${nextCursor}`)).body;
    const [{ createdAt, updatedAt, ...shown }] = next.items as [Fields];
    assert.ok(createdAt && updatedAt);
    assert.deepEqual(shown, {
      operationId: first,
      action: 'ABORT',
      filter: { eventId, parkedBefore: '2100-01-01T00:00:00.000Z' },
      note,
      by: admin.id,
      state: 'RUNNING',
      total: 3,
      done: 0,
      failed: 0,
    });
    await stop(first);
    const stopped = (await get('/api/operations?state=STOPPED')).body.items as Fields[];
    assert.deepEqual(
      stopped.map(({ operationId }) => operationId),
      [first],
    );
    const running = (await get('/api/operations?state=RUNNING')).body.items as Fields[];
    assert.ok(running.every(({ operationId }) => operationId !== first));
  });
});

describe('stopping a bulk action', () => {
  it('may be said twice, stands in the audit log once, and is too late when it is done', async () => {
    const { operationId } = (await bulk({ eventId })).body;
    for (const again of [1, 2]) {
      const { status, body } = await stop(operationId);
      assert.deepEqual([status, body.state, body.total], [200, 'STOPPED', 3], `${again}`);
    }
    const log = await get(`/api/audit-log?targetId=${operationId}`);
    const actions = (log.body.items as Fields[]).map(({ action, actorId }) => [action, actorId]);
    assert.deepEqual(actions, [
      ['operation.stop', admin.id],
      ['claims.abort', admin.id],
    ]);
    const { operationId: done } = (await bulk({ eventId: 'evt_none' })).body;
    const operation = await t.store.operations.get(String(done));
    assert.ok(operation);
    await t.store.operations.finish(operation);
    const late = await stop(done);
    assert.deepEqual([late.status, late.body.code], [409, 'invalid_transition']);
    assert.equal((await stop('op_none')).status, 404);
  });
});
