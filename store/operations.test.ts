import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Connection } from 'mongoose';
import type { Reason } from '../domain/claims/claim.ts';
import { type TestServers, testServers } from '../test/servers.ts';
import type { Claim } from './claims/claim-record.ts';
import { connect } from './mongodb/connection.ts';
import {
  type BulkFilter,
  createOperationStore,
  type Operation,
  type OperationStore,
} from './operations.ts';
import { newClaim, type StoreFixture, storeFixture, unique } from './test-store.ts';

const ADMIN = { actor: { userId: 'usr_admin', role: 'ADMIN' as const }, requestId: 'req_1' };
const ABORT = { action: 'ABORT', note: null } as const;

let t: StoreFixture;
let servers: TestServers;
let other: Connection;
let elsewhere: OperationStore;
before(async () => {
  t = await storeFixture();
  servers = await testServers();
  other = await connect(servers.mongodbUri(t.connection.name), { appName: 'laurel-test' });
  elsewhere = createOperationStore(other);
});
after(async () => {
  await other?.close();
  await servers?.stop();
  await t.close();
});

/** A parked claim with that provider and reason. */
async function parkedClaim(
  eventId: string,
  { provider = 'mailbox', reason = 'FULFILLMENT_UNKNOWN' as Reason } = {},
): Promise<Claim> {
  const { claims } = t.store;
  const { snapshot } = newClaim();
  const { claim } = await claims.accept(newClaim({ eventId, snapshot: { ...snapshot, provider } }));
  const parking = { number: 1, reason, detail: '', step: 'S4_FULFIL' as const, lineIds: [] };
  const { lines, steps } = claim;
  await claims.startFulfilling(claim, steps);
  const parked = await claims.park(claim, parking, { lines, steps });
  assert.ok(parked);
  return parked;
}

const parkedClaims = (eventId: string, count: number) =>
  Promise.all(Array.from({ length: count }, () => parkedClaim(eventId)));

async function requested(filter: BulkFilter): Promise<Operation> {
  const idempotencyKey = unique('key');
  return await t.store.operations.request(ADMIN, { ...ABORT, filter, idempotencyKey });
}

/** What a worker does with one claim of a batch. */
const decided = (operation: Operation, claim: Claim) =>
  t.store.claims.decide(ADMIN, claim, 1, ABORT, (session) =>
    t.store.operations.count(operation._id, claim._id, 'done', session),
  );

async function now(operation: Operation): Promise<Operation> {
  const found = await t.store.operations.get(operation._id);
  assert.ok(found);
  return found;
}

const withDecision = (eventId: string) =>
  t.store.claims.model.countDocuments({ eventId, 'parking.decision.action': 'ABORT' });

describe('a bulk action', () => {
  it('is about the claims that fit all of its filter, and only those', async () => {
    const [eventId, otherEvent] = [unique('evt'), unique('evt')];
    const [first] = await Promise.all([
      parkedClaim(eventId, { provider: 'game' }),
      parkedClaim(eventId, { reason: 'INTERNAL' }),
      parkedClaim(eventId),
      parkedClaim(otherEvent),
      t.store.claims.accept(newClaim({ eventId })),
    ]);
    const at = first.parking?.at as Date;
    const later = new Date(at.getTime() + 60_000);
    const cases: [BulkFilter, number][] = [
      [{ eventId }, 3],
      [{ eventId, provider: 'game' }, 1],
      [{ eventId, reason: 'INTERNAL' }, 1],
      [{ eventId, reason: 'INTERNAL', provider: 'game' }, 0],
      [{ eventId, parkedBefore: later }, 3],
      [{ eventId, provider: 'game', parkedBefore: at }, 0],
      [{ all: true }, 4],
    ];
    for (const [filter, matches] of cases) {
      const what = JSON.stringify(filter);
      assert.equal((await t.store.operations.preview(filter)).matches, matches, what);
      const operation = await requested(filter);
      assert.equal(operation.total, matches, what);
      assert.equal((await t.store.operations.takeBatch(operation, 50)).batch.length, matches, what);
    }
  });

  it('counts as failed what left before its turn came', async () => {
    const eventId = unique('evt');
    const [first, second] = (await parkedClaims(eventId, 2)) as [Claim, Claim];
    const operation = await requested({ eventId });
    await t.store.claims.decide(ADMIN, second, 1, { action: 'RETRY', note: null });
    await t.store.claims.unpark(second, 1, true);
    const taken = await t.store.operations.takeBatch(operation, 50);
    await decided(taken, first);
    await t.store.operations.endBatch(taken);
    const left = await t.store.operations.takeBatch(await now(operation), 50);
    await t.store.operations.finish(left);
    const { state, total, done, failed } = await now(operation);
    assert.deepEqual([state, total, done, failed], ['DONE', 2, 1, 1]);
  });
});

describe('a bulk action that is stopped', () => {
  it('decides on no claim from then on, and has counted those it decided on', async () => {
    const eventId = unique('evt');
    const [first, second] = (await parkedClaims(eventId, 2)) as [Claim, Claim];
    const operation = await t.store.operations.takeBatch(await requested({ eventId }), 50);
    assert.ok(await decided(operation, first));
    await t.store.operations.stop(ADMIN, operation._id);
    assert.equal(await decided(operation, second), null);
    assert.equal((await t.store.claims.get(second._id))?.parking?.decision, null);
    // One worker took its batch before the stop; another one would take the next batch.
    const { batch } = await t.store.operations.takeBatch({ ...operation, batch: [] }, 50);
    assert.deepEqual(batch, []);
    await t.store.operations.finish(await now(operation));
    const { state, total, done, failed } = await now(operation);
    assert.deepEqual([state, total, done, failed], ['STOPPED', 2, 1, 0]);
  });

  it('in the middle of many decisions has counted just those that stand', async () => {
    const eventId = unique('evt');
    const claims = await parkedClaims(eventId, 12);
    const operation = await t.store.operations.takeBatch(await requested({ eventId }), 50);
    const half = Promise.withResolvers<void>();
    const all = (async () => {
      for (const [i, claim] of claims.entries()) {
        if (i === 6) half.resolve();
        await decided(operation, claim);
      }
    })();
    await half.promise;
    // As in another process, whose transactions do not wait for ours.
    await elsewhere.stop(ADMIN, operation._id);
    const standing = await withDecision(eventId);
    await all;
    const { state, done } = await now(operation);
    assert.equal(state, 'STOPPED');
    assert.equal(await withDecision(eventId), standing, 'decided after it was stopped');
    assert.equal(done, standing);
    assert.ok(standing >= 6 && standing < claims.length, `${standing}`);
  });
});
