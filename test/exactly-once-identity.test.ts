/** "How a claim stays exactly-once": the record, the workflow's ID, the entitlement. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WorkflowNotFoundError } from '@temporalio/client';
import { createAcceptance } from '../api/claims/accept.ts';
import { createStarter, type Starter } from '../api/claims/admission/starter.ts';
import { grantIdOf, type Reason } from '../domain/claims/claim.ts';
import type { EventFields } from '../domain/events/event.ts';
import { type Claim, claimIdOf } from '../store/claims/claim-record.ts';
import type { StoredEvent } from '../store/events/events.ts';
import { openStore } from '../store/index.ts';
import { bucket, newClaim } from '../store/test-store.ts';
import { CLAIM_QUEUE, CLAIM_WORKFLOW, type ClaimOutcome } from '../workflows/contract.ts';
import { dropDatabase } from './drop-database.ts';
import {
  booksOf,
  CAPE,
  callsAbout,
  database,
  ended,
  event,
  gameEvent,
  hasEntitlement,
  leaveAlone,
  OPERATOR,
  reconcile,
  recordOf,
  runClosed,
  runsOf,
  until,
  workflowOf,
} from './helpers.ts';
import { codeOf, type Laurel, startLaurel } from './laurel.ts';
import { uniqueName } from './servers.ts';

let laurel: Laurel;
/** Keys after whose claim the API dies: it is recorded, and nothing is started. */
const deadly = new Set<string>();
/** Whether each claim's record was there when its run was first about to be started, by key. */
const recordedFirst = new Map<string, boolean>();

before(async () => {
  const starter: Starter = {
    async start(claim, recorder) {
      const record = await laurel.store.claims.get(claim._id);
      const { idempotencyKey } = claim;
      if (!recordedFirst.has(idempotencyKey)) recordedFirst.set(idempotencyKey, record !== null);
      if (!deadly.delete(claim.idempotencyKey)) await laurel.runs.start(claim, recorder);
    },
  };
  laurel = await startLaurel({ api: { starter } });
});
after(() => laurel.stop());

async function player() {
  const { id, token } = await laurel.signIn();
  const key = uniqueName('key');
  return { id, token, key, claimId: claimIdOf(id, key) };
}

/** Temporal deletes a run some ten seconds after it was told to. */
const FORGETTING_MS = 60_000;

/** Makes Temporal forget the claim's run, as it does when its retention is over. */
async function forgetRun(claim: { userId: string; idempotencyKey: string }): Promise<void> {
  const handle = workflowOf(laurel, claim);
  await laurel.client.workflowService.deleteWorkflowExecution({
    namespace: laurel.namespace,
    workflowExecution: { workflowId: handle.workflowId },
  });
  await until(() => isForgotten(claim), 'the run to be deleted', FORGETTING_MS);
}

async function isForgotten(claim: { userId: string; idempotencyKey: string }): Promise<boolean> {
  try {
    await workflowOf(laurel, claim).describe();
    return false;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}

// Side by side: some wait for Temporal to forget, or for a pass of reconciliation.
describe('exactly once: whose claim it is', { concurrency: true }, () => {
  describe('a key stands for one claim, for good', { concurrency: true }, () => {
    it('gives one claim and one run, however close together it comes', async () => {
      const { eventId } = await event(laurel);
      const { token, key, claimId } = await player();
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => laurel.claim(eventId, token, { key, waitS: 30 })),
      );
      assert.deepEqual(new Set(answers.map((a) => a.body.claimId)), new Set([claimId]));
      assert.deepEqual(new Set(answers.map((a) => a.body.state)), new Set(['GRANTED']));
      const replays = answers.filter((a) => a.headers.get('idempotency-replayed') === 'true');
      assert.equal(replays.length, 5);
      assert.equal((await runsOf(laurel, await recordOf(laurel, claimId))).length, 1);
      assert.deepEqual(await booksOf(laurel, { eventId }), {
        ...{ stock: 10, available: 9, held: 0, granted: 1 },
      });
    });

    it('gives the same claim and no second run after Temporal has forgotten the first', async () => {
      const { eventId } = await event(laurel);
      const { token, key, claimId } = await player();
      const first = await laurel.claim(eventId, token, { key, waitS: 30 });
      const claim = await recordOf(laurel, claimId);
      await runClosed(laurel, claim);
      await forgetRun(claim);
      const again = await laurel.claim(eventId, token, { key, waitS: 30 });
      assert.equal(again.status, 200);
      assert.equal(again.headers.get('idempotency-replayed'), 'true');
      assert.deepEqual(again.body, first.body);
      assert.ok(await isForgotten(claim), 'a second run was started');
      assert.equal((await booksOf(laurel, { eventId })).granted, 1);
    });
  });

  describe('the record comes first', { concurrency: true }, () => {
    it('and stands before its run is started', async () => {
      const { eventId } = await event(laurel);
      const { token, key } = await player();
      await laurel.claim(eventId, token, { key });
      assert.equal(recordedFirst.get(key), true);
    });

    it('so that a claim whose run was never started is started by the player’s retry', async () => {
      const { eventId } = await event(laurel);
      const { token, key, claimId } = await player();
      deadly.add(key);
      assert.equal((await laurel.claim(eventId, token, { key })).status, 202);
      assert.ok(await isForgotten(await recordOf(laurel, claimId)), 'nothing was started');
      await leaveAlone(laurel, claimId);
      const retried = await laurel.claim(eventId, token, { key, waitS: 30 });
      assert.deepEqual([retried.body.claimId, retried.body.state], [claimId, 'GRANTED']);
    });

    it('or by reconciliation', async () => {
      const { eventId } = await event(laurel);
      const { token, key, claimId } = await player();
      deadly.add(key);
      await laurel.claim(eventId, token, { key });
      await leaveAlone(laurel, claimId);
      assert.ok((await reconcile(laurel)).runsStarted >= 1);
      assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
    });

    it('and is the promise: a claim is accepted while Temporal cannot be reached', async () => {
      const warnings: unknown[] = [];
      const starter = createStarter({
        runs: { start: () => Promise.reject(new Error('14 UNAVAILABLE')) },
        isRecorders: laurel.store.claims.isRecorders,
        log: { warn: (entry: unknown) => warnings.push(entry) } as never,
      });
      const { claim } = await laurel.store.claims.accept(newClaim());
      await starter.start(claim);
      assert.equal(warnings.length, 1);
    });

    it('and is made of what is frozen from then on, though an operator is changing it', async () => {
      const { eventId, version } = await event(laurel);
      const { id, key } = await player();
      let reads = 0;
      const store = {
        ...laurel.store,
        events: {
          ...laurel.store.events,
          /** Right after the first reading the operator makes the reward five capes. */
          async get(asked: string) {
            const read = await laurel.store.events.get(asked);
            reads += 1;
            const rewards = [{ ...CAPE, quantity: 5 }];
            if (reads === 1) await laurel.store.events.change(OPERATOR, eventId, { rewards });
            return read;
          },
        },
      };
      const request = { userId: id, eventId, rewardId: null, idempotencyKey: key };
      const { claim } = await createAcceptance({ store, now: () => new Date() }).accept(request);
      assert.equal(claim.lines[0]?.quantity, 5);
      assert.equal(claim.snapshot.eventVersion, version + 1);
      const rewards = [{ ...CAPE, quantity: 1 }];
      const change = laurel.store.events.change(OPERATOR, eventId, { rewards });
      await assert.rejects(change, /frozen/);
    });

    it('and no claim is taken before every unique index exists', async (context) => {
      const connection = await database(context);
      const holds = ['clm_1:cape'];
      const duplicates = [bucket('evt', 0, 1, { holds }), bucket('evt', 1, 1, { holds })];
      await connection.collection('stock_buckets').insertMany(duplicates as never[]);
      await assert.rejects(openStore(connection), /E11000/);

      await dropDatabase(connection);
      await openStore(connection);
      const unique = async (collection: string) => {
        const indexes = await connection.collection(collection).indexes();
        return indexes.filter((index) => index.unique).map((index) => index.name);
      };
      assert.deepEqual(await unique('stock_buckets'), ['hold']);
      assert.deepEqual(await unique('claims'), ['entitlements']);
    });
  });

  describe('a run begins by reading its record', { concurrency: true }, () => {
    /** Starts one more run of the claim, whatever became of the earlier ones, and answers its outcome. */
    async function runAgain({ _id, userId, eventId }: Claim): Promise<ClaimOutcome> {
      return await laurel.client.workflow.execute(CLAIM_WORKFLOW, {
        workflowId: uniqueName('again'),
        taskQueue: CLAIM_QUEUE,
        args: [{ claimId: _id, userId, eventId }],
      });
    }

    const ends: {
      does: string;
      end: string;
      reason: Reason | null;
      prepare: (eventId: string) => unknown;
      asks: string[];
    }[] = [
      {
        does: 'does nothing at all where that is GRANTED',
        end: 'GRANTED',
        reason: null,
        prepare: () => {},
        asks: [],
      },
      {
        does: 'only takes back what an earlier run may have asked for where that is FAILED',
        end: 'FAILED',
        reason: 'FULFILLMENT_REFUSED',
        prepare: (eventId) => laurel.game.rules.add({ do: 'refuse', eventId }),
        asks: ['revoke'],
      },
    ];
    for (const { does, end, reason, prepare, asks } of ends) {
      it(`and ${does}`, async () => {
        const { eventId } = await gameEvent(laurel);
        prepare(eventId);
        const { token, key, claimId } = await player();
        await laurel.claim(eventId, token, { key, waitS: 30 });
        const before = await recordOf(laurel, claimId);
        const calls = callsAbout(laurel, claimId);
        const books = await booksOf(laurel, { eventId });
        const { steps: _, ...outcome } = await runAgain(before);
        assert.deepEqual(outcome, { claimId, state: end, reason });
        assert.deepEqual(await recordOf(laurel, claimId), before);
        assert.deepEqual(callsAbout(laurel, claimId), [...calls, ...asks]);
        assert.deepEqual(await booksOf(laurel, { eventId }), books);
      });
    }
  });

  describe('the entitlement is one claim’s', { concurrency: true }, () => {
    /** So many keys of one player at once; what became of them, sorted. */
    async function keysAtOnce(count: number, given: Partial<EventFields>) {
      const { eventId } = await event(laurel, given);
      const { id, token } = await laurel.signIn();
      const answers = await Promise.all(
        Array.from({ length: count }, () => laurel.claim(eventId, token, { waitS: 30 })),
      );
      const ends = answers.map((answer) => answer.body.state ?? codeOf(answer)).toSorted();
      const records = await laurel.store.claims.model.countDocuments({ userId: id });
      return { eventId, ends, records };
    }

    it('many keys at once: one is granted, the others get no record', async () => {
      const { eventId, ends, records } = await keysAtOnce(6, {});
      assert.deepEqual(ends, ['GRANTED', ...Array(5).fill('already_claimed')]);
      assert.equal(records, 1);
      assert.deepEqual(await booksOf(laurel, { eventId }), {
        ...{ stock: 10, available: 9, held: 0, granted: 1 },
      });
    });

    it('many keys at once for three: three are granted, as each that collides takes the next', async () => {
      const { ends, records } = await keysAtOnce(8, { claimsPerPeriod: 3 });
      const granted = Array(3).fill('GRANTED');
      assert.deepEqual(ends, [...granted, ...Array(5).fill('already_claimed')]);
      assert.equal(records, 3);
    });

    it('all of them or none: who lacks one right has not taken another', async () => {
      const group = { exclusiveGroup: uniqueName('group') };
      const [first, second] = [await event(laurel, group), await event(laurel, group)];
      const { id, token } = await laurel.signIn();
      const claim = ({ eventId }: StoredEvent) => laurel.claim(eventId, token, { waitS: 30 });
      assert.equal((await claim(first)).body.state, 'GRANTED');
      assert.equal(codeOf(await claim(second)), 'already_claimed');
      const taken = await laurel.store.claims.model.find({ userId: id }).lean<Claim[]>();
      assert.deepEqual(
        taken.flatMap(({ entitlements }) => entitlements ?? []).toSorted(),
        [`${first.eventId}/once/0`, `group/${group.exclusiveGroup}`].toSorted(),
      );
    });

    it('stays taken where it was granted, and is free again where the claim failed', async () => {
      const { eventId } = await gameEvent(laurel);
      const { id, token, key, claimId } = await player();
      laurel.game.rules.add({ do: 'refuse', grantId: grantIdOf(claimId, CAPE.rewardId) });
      const failed = await laurel.claim(eventId, token, { key, waitS: 30 });
      assert.equal(failed.body.state, 'FAILED');
      assert.equal(await hasEntitlement(laurel, claimId), false);

      const second = uniqueName('key');
      const granted = await laurel.claim(eventId, token, { key: second, waitS: 30 });
      assert.equal(granted.body.state, 'GRANTED');
      assert.equal(await hasEntitlement(laurel, claimIdOf(id, second)), true);

      const third = await laurel.claim(eventId, token);
      assert.equal(third.status, 409);
      assert.equal(codeOf(third), 'already_claimed');
    });
  });
});
