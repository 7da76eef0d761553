/**
 * "How a claim stays exactly-once": only the request that recorded a claim rejects it or starts its
 * run, as long as it may be alive. Without a write-ahead nobody else could end it safely.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WorkflowNotFoundError } from '@temporalio/client';
import { createAcceptance } from '../api/claims/accept.ts';
import type { Starter } from '../api/claims/admission/starter.ts';
import { type Claim, claimIdOf } from '../store/claims/claim-record.ts';
import { RECORDER_MS } from '../store/claims/claims.ts';
import {
  booksOf,
  CAPE,
  ended,
  event,
  gameEvent,
  givenBy,
  leaveAlone,
  reconcile,
  recordOf,
  workflowOf,
} from './helpers.ts';
import { codeOf, type Laurel, startLaurel } from './laurel.ts';
import { alwaysTried } from './paces.ts';
import { uniqueName } from './servers.ts';

let laurel: Laurel;
/** Keys of requests that die once they have recorded their claim and held its units. */
const deadly = new Set<string>();

before(async () => {
  const starter: Starter = {
    async start(claim, recorder) {
      if (!deadly.delete(claim.idempotencyKey)) await laurel.runs.start(claim, recorder);
    },
  };
  laurel = await startLaurel({ activities: alwaysTried, api: { starter } });
});
after(() => laurel.stop());

/** A claim whose API died before it started the run. */
async function orphan() {
  const { eventId } = await gameEvent(laurel);
  const { id, token } = await laurel.signIn();
  const key = uniqueName('key');
  deadly.add(key);
  assert.equal((await laurel.claim(eventId, token, { key })).status, 202);
  const claimId = claimIdOf(id, key);
  return { eventId, token, key, claimId, claim: await recordOf(laurel, claimId) };
}

async function hasRun(claim: Claim): Promise<boolean> {
  return await workflowOf(laurel, claim)
    .describe()
    .then(
      () => true,
      (error: unknown) => {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      },
    );
}

/** The claim looks so many milliseconds old, by the server's clock; its record as long untouched. */
async function madeOld({ _id }: Claim, ms: number): Promise<void> {
  const at = new Date(Date.now() - ms);
  await laurel.store.claims.model.updateOne({ _id }, { recordedAt: at, updatedAt: at });
}

const GRANTED = { stock: 10, available: 9, held: 0, granted: 1 };
const UNTOUCHED = { stock: 10, available: 10, held: 0, granted: 0 };

describe('exactly once: who may start or reject', { concurrency: true }, () => {
  describe('within ten seconds of its record a claim’s run is started', {
    concurrency: true,
  }, () => {
    it('by no replay; by one that comes later', async () => {
      const { eventId, token, key, claimId, claim } = await orphan();
      const replayed = await laurel.claim(eventId, token, { key });
      assert.deepEqual([replayed.status, replayed.body.claimId], [202, claimId]);
      assert.equal(await hasRun(claim), false);

      await madeOld(claim, 10_500);
      const later = await laurel.claim(eventId, token, { key, waitS: 30 });
      assert.equal(later.body.state, 'GRANTED');
      assert.deepEqual(await booksOf(laurel, { eventId }), GRANTED);
      assert.deepEqual(givenBy(laurel, claimId), { state: 'GRANTED', applied: 1 });
    });

    it('not by reconciliation; by a pass that comes later', async () => {
      const { eventId, claimId, claim } = await orphan();
      // Untouched for longer than a pass leaves what is being worked on, and yet too young.
      await madeOld(claim, 7_000);
      await reconcile(laurel);
      assert.equal(await hasRun(claim), false);
      assert.equal((await recordOf(laurel, claimId)).state, 'PENDING_VALIDATION');

      await leaveAlone(laurel, claimId);
      await reconcile(laurel);
      assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
      assert.deepEqual(await booksOf(laurel, { eventId }), GRANTED);
    });
  });

  describe('whoever recorded a claim', { concurrency: true }, () => {
    it('rejects it in one write, without a run, and gives back what it held of a bundle', async () => {
      const [hat, cape] = [
        { ...CAPE, rewardId: 'hat' },
        { ...CAPE, stock: 1 },
      ];
      const { eventId } = await event(laurel, { rewards: [hat, cape] });
      await laurel.claim(eventId, (await laurel.signIn()).token, { waitS: 30 });
      const { id, token } = await laurel.signIn();
      const { status, body } = await laurel.claim(eventId, token, { key: 'mine' });
      assert.deepEqual([status, body.state, body.reason], [200, 'REJECTED', 'SOLD_OUT']);
      const claim = await recordOf(laurel, claimIdOf(id, 'mine'));
      assert.deepEqual([claim.version, claim.entitlements], [2, undefined]);
      assert.equal(await hasRun(claim), false);
      assert.deepEqual(await booksOf(laurel, { eventId }, 'hat'), GRANTED);
      assert.deepEqual(await booksOf(laurel, { eventId }), {
        ...{ stock: 1, available: 0, held: 0, granted: 1 },
      });
    });

    it('rejects nothing once its time is over, by the server’s clock: its run decides', async () => {
      const { claim } = await orphan();
      const { claims } = laurel.store;
      const until = claims.recorderUntil(claim);
      assert.equal(until.getTime(), claim.recordedAt.getTime() + RECORDER_MS);
      const { steps } = claim;
      const late = new Date(Date.now() - 1);
      assert.equal(await claims.refuse(claim, { reason: 'SOLD_OUT', steps, until: late }), null);
      assert.equal((await recordOf(laurel, claim._id)).state, 'PENDING_VALIDATION');
      assert.ok(await claims.refuse(claim, { reason: 'SOLD_OUT', steps, until }));
    });

    it('holds nothing once its time is over', async () => {
      const { claim, eventId } = await orphan();
      const { stock } = laurel.store;
      await stock.release({ eventId, holdId: `${claim._id}:cape`, quantity: 1 });
      const hold = { holdId: `${claim._id}:cape`, eventId, rewardId: 'cape' };
      const request = { ...hold, quantity: 1, buckets: 1 };
      await assert.rejects(stock.reserve(request, { until: new Date(Date.now() - 1) }));
      assert.deepEqual(await booksOf(laurel, { eventId }), UNTOUCHED);
      assert.equal(await stock.reserve(request, { until: new Date(Date.now() + 60_000) }), 'HELD');
    });

    it('leaves a claim it could not reject in time to the run that another starts', async () => {
      const { eventId } = await event(laurel);
      const { id } = await laurel.signIn();
      const { stock, claims } = laurel.store;
      const store = {
        ...laurel.store,
        stock: { ...stock, reserve: async () => 'SOLD_OUT' as const },
        claims: { ...claims, recorderUntil: () => new Date(Date.now() - 1) },
      };
      const acceptance = createAcceptance({ store, now: () => new Date() });
      const request = { userId: id, eventId, rewardId: null, idempotencyKey: 'mine' };
      const { claim, replayed, start } = await acceptance.accept(request);
      assert.deepEqual([claim.state, replayed, start], ['PENDING_VALIDATION', false, undefined]);
      await leaveAlone(laurel, claim._id);
      await reconcile(laurel);
      assert.equal((await ended(laurel, claim._id)).state, 'GRANTED');
    });
  });

  it('a second key gets no record, and the first claim is left as it is', async () => {
    const { eventId, token, claim } = await orphan();
    assert.equal(codeOf(await laurel.claim(eventId, token)), 'already_claimed');
    assert.deepEqual(await recordOf(laurel, claim._id), claim);
  });
});
