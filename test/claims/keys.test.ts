/** Keys and entitlements: which request is the same claim, and how often a player may claim (rules 1 to 3). */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WorkflowNotFoundError } from '@temporalio/client';
import { createAcceptance } from '../../api/claims/accept.ts';
import { grantIdOf } from '../../domain/claims/claim.ts';
import { claimIdOf } from '../../store/claims/claim-record.ts';
import { createCheckpoints } from '../checkpoints.ts';
import {
  CAPE,
  event,
  gameEvent,
  hasEntitlement,
  levelsOf,
  MESOS,
  recordOf,
  runClosed,
  runsOf,
  until,
  workflowOf,
} from '../helpers.ts';
import { codeOf, type Laurel, startLaurel } from '../laurel.ts';
import { GRANTED, outcomeOf, sumOf } from '../outcomes.ts';
import { uniqueName } from '../servers.ts';

let laurel: Laurel;
const checkpoints = createCheckpoints();
before(async () => {
  laurel = await startLaurel({ activities: checkpoints.around });
});
after(async () => {
  checkpoints.openAll();
  await laurel.stop();
});

/** A player and a key. Their claim stops at its start until the gate is opened. */
async function heldPlayer() {
  const player = await laurel.signIn();
  const key = uniqueName('key');
  const claimId = claimIdOf(player.id, key);
  return { ...player, key, claimId, gate: checkpoints.hold('read', claimId) };
}

const recordsOf = (eventId: string) =>
  laurel.store.claims.model.countDocuments({
    eventId,
    entitlements: { $type: 'string' },
  } as object);

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

describe('whose claim it is', { concurrency: true }, () => {
  describe('the same key again', { concurrency: true }, () => {
    it('while the claim runs is the same claim, and no second workflow', async () => {
      const { eventId } = await event(laurel);
      const { token, key, gate } = await heldPlayer();
      const first = await laurel.claim(eventId, token, { key });
      assert.deepEqual([first.status, first.headers.get('idempotency-replayed')], [202, null]);
      await gate.reached;

      const again = await laurel.claim(eventId, token, { key });
      assert.deepEqual([again.status, again.headers.get('idempotency-replayed')], [202, 'true']);
      assert.deepEqual(again.body, first.body);
      gate.open();
      assert.deepEqual(await outcomeOf(laurel, first.body.claimId), GRANTED);
      assert.equal((await runsOf(laurel, first.body)).length, 1);
    });

    it('after the claim ended is the same claim with the same answer', async () => {
      const { eventId } = await event(laurel);
      const { token } = await laurel.signIn();
      const first = await laurel.claim(eventId, token, { key: 'mine', waitS: 30 });
      assert.deepEqual([first.status, first.body.state], [200, 'GRANTED']);

      const again = await laurel.claim(eventId, token, { key: 'mine' });
      assert.deepEqual([again.status, again.headers.get('idempotency-replayed')], [200, 'true']);
      assert.deepEqual(again.body, first.body);
      assert.equal(await sumOf(laurel, { eventId }), '10 = 9 + 0 + 1');
      await runClosed(laurel, first.body);
      assert.equal((await runsOf(laurel, first.body)).length, 1);
    });

    it('is the same claim still, and no second run, when Temporal has forgotten the first', async () => {
      const { eventId } = await event(laurel);
      const { id, token } = await laurel.signIn();
      const key = uniqueName('key');
      const claimId = claimIdOf(id, key);
      const first = await laurel.claim(eventId, token, { key, waitS: 30 });
      const claim = await recordOf(laurel, claimId);
      await runClosed(laurel, claim);
      await forgetRun(claim);
      const again = await laurel.claim(eventId, token, { key, waitS: 30 });
      assert.equal(again.status, 200);
      assert.equal(again.headers.get('idempotency-replayed'), 'true');
      assert.deepEqual(again.body, first.body);
      assert.ok(await isForgotten(claim), 'a second run was started');
      assert.equal((await levelsOf(laurel, { eventId })).granted, 1);
    });

    it('sent many times at once is one claim, told of as new once', async () => {
      const { eventId } = await event(laurel);
      const players = await Promise.all(Array.from({ length: 5 }, () => laurel.signIn()));
      const sent = players.map(async ({ id, token }) => {
        const answers = await Promise.all(
          Array.from({ length: 6 }, () => laurel.claim(eventId, token, { key: 'mine', waitS: 30 })),
        );
        return { claimId: claimIdOf(id, 'mine'), answers };
      });
      for (const { claimId, answers } of await Promise.all(sent)) {
        const ids = new Set(answers.map((a) => a.body.claimId));
        const news = answers.filter((a) => a.headers.get('idempotency-replayed') === null);
        assert.deepEqual([...ids], [claimId]);
        assert.equal(news.length, 1);
        assert.deepEqual(
          new Set(answers.map((a) => `${a.status} ${a.body.state}`)),
          new Set(['200 GRANTED']),
        );
        assert.equal((await runsOf(laurel, await recordOf(laurel, claimId))).length, 1);
      }
      assert.equal(await sumOf(laurel, { eventId }), '10 = 5 + 0 + 5');
    });

    for (const claimsPerPeriod of [1, 2]) {
      const refusal = claimsPerPeriod === 1 ? 'claimed' : 'sold out';
      it(`while its twin is in flight is the claim, and not refused as ${refusal}`, async () => {
        const { eventId } = await event(laurel, {
          rewards: [{ ...CAPE, stock: 1 }],
          claimsPerPeriod,
        });
        const { stock } = laurel.store;
        let onLook = async () => {};
        const soldOut: typeof stock.soldOut = async (...of) => {
          await onLook();
          return await stock.soldOut(...of);
        };
        const store = { ...laurel.store, stock: { ...stock, soldOut } };
        const api = createAcceptance({ store, now: () => new Date() });
        const asked = (userId: string) => {
          return { userId, eventId, rewardId: null, idempotencyKey: 'mine' };
        };
        // It has seen the event sold out once, so it looks before it records a claim.
        const hold = { holdId: 'clm_other:cape', eventId, rewardId: 'cape', quantity: 1 };
        assert.equal(await stock.reserve({ ...hold, buckets: 1 }), 'HELD');
        const early = await api.accept(asked((await laurel.signIn()).id));
        assert.equal(early.claim.reason, 'SOLD_OUT');
        await stock.release(hold);

        const { id, token } = await laurel.signIn();
        onLook = async () => {
          const twin = await laurel.claim(eventId, token, { key: 'mine', waitS: 30 });
          assert.equal(twin.body.state, 'GRANTED');
        };
        const { claim, replayed } = await api.accept(asked(id));
        assert.deepEqual(
          [claim._id, claim.state, replayed],
          [claimIdOf(id, 'mine'), 'GRANTED', true],
        );
      });
    }

    it('of another player is a claim of its own', async () => {
      const { eventId } = await event(laurel);
      const [one, two] = [await laurel.signIn(), await laurel.signIn()];
      const answers = await Promise.all(
        [one, two].map(({ token }) => laurel.claim(eventId, token, { key: 'shared', waitS: 30 })),
      );
      assert.deepEqual(
        answers.map((a) => a.body.state),
        ['GRANTED', 'GRANTED'],
      );
      assert.notEqual(answers[0]?.body.claimId, answers[1]?.body.claimId);
      assert.equal(await sumOf(laurel, { eventId }), '10 = 8 + 0 + 2');
    });
  });

  describe('the same key with another event or reward', { concurrency: true }, () => {
    it('is refused while the first claim runs, which is untouched', async () => {
      const [first, second] = [await event(laurel), await event(laurel)];
      const { token, key, claimId, gate } = await heldPlayer();
      await laurel.claim(first.eventId, token, { key });
      await gate.reached;
      const before = await recordOf(laurel, claimId);

      const refused = await laurel.claim(second.eventId, token, { key });
      assert.deepEqual(
        [refused.status, Reflect.get(refused.body, 'code')],
        [422, 'idempotency_key_reused'],
      );
      assert.deepEqual(await recordOf(laurel, claimId), before);
      gate.open();
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED);
      assert.equal(await sumOf(laurel, second), '10 = 10 + 0 + 0');
    });

    it('is refused after the first claim ended, which is untouched', async () => {
      const [first, second] = [await event(laurel), await event(laurel)];
      const { token } = await laurel.signIn();
      const { claimId } = (await laurel.claim(first.eventId, token, { key: 'mine', waitS: 30 }))
        .body;
      const before = await recordOf(laurel, claimId);

      assert.equal((await laurel.claim(second.eventId, token, { key: 'mine' })).status, 422);
      assert.deepEqual(await recordOf(laurel, claimId), before);
      assert.equal(await sumOf(laurel, second), '10 = 10 + 0 + 0');
    });

    it('is refused for another reward of the same event, and for none', async () => {
      const choice = { rewardSelection: 'PLAYER_CHOICE', rewards: [CAPE, MESOS] } as const;
      const { eventId } = await event(laurel, { ...choice, rewards: [CAPE, MESOS] });
      const { token } = await laurel.signIn();
      const chosen = { key: 'mine', rewardId: 'mesos' };
      const { claimId } = (await laurel.claim(eventId, token, { ...chosen, waitS: 30 })).body;
      const before = await recordOf(laurel, claimId);

      const other = await laurel.claim(eventId, token, { key: 'mine', rewardId: 'cape' });
      const none = await laurel.claim(eventId, token, { key: 'mine' });
      assert.deepEqual([other.status, none.status], [422, 422]);
      assert.deepEqual(await recordOf(laurel, claimId), before);
      assert.equal(await sumOf(laurel, { eventId }), '10 = 10 + 0 + 0');
    });
  });

  describe('two keys for one event and period', { concurrency: true }, () => {
    it('at once: one goes on, the other is refused, for every one of twenty players', async () => {
      const { eventId } = await event(laurel, { rewards: [{ ...CAPE, stock: 100 }] });
      const pairs = Array.from({ length: 20 }, async () => {
        const { token } = await laurel.signIn();
        return await Promise.all([1, 2].map(() => laurel.claim(eventId, token, { waitS: 30 })));
      });
      for (const pair of await Promise.all(pairs)) {
        const granted = pair.filter((a) => a.status === 200 && a.body.state === 'GRANTED');
        const refused = pair.filter((a) => Reflect.get(a.body, 'code') === 'already_claimed');
        assert.deepEqual([granted.length, refused.length], [1, 1]);
        for (const { status } of refused) assert.equal(status, 409);
      }
      assert.equal(await sumOf(laurel, { eventId }), '100 = 80 + 0 + 20');
      assert.equal(await laurel.store.claims.model.countDocuments({ eventId }), 20);
    });

    it('each sent twice at once: one is the claim, told twice, the other is refused twice', async () => {
      const { eventId } = await event(laurel);
      const { token } = await laurel.signIn();
      const answers = await Promise.all(
        ['one', 'two', 'one', 'two'].map((key) => laurel.claim(eventId, token, { key, waitS: 30 })),
      );
      const granted = answers.filter((a) => a.body.state === 'GRANTED');
      const refused = answers.filter((a) => Reflect.get(a.body, 'code') === 'already_claimed');
      assert.deepEqual([granted.length, refused.length], [2, 2]);
      assert.equal(new Set(granted.map((a) => a.body.claimId)).size, 1);
      const replayed = granted.filter((a) => a.headers.get('idempotency-replayed') === 'true');
      assert.equal(replayed.length, 1);
      assert.equal(await laurel.store.claims.model.countDocuments({ eventId }), 1);
    });

    it('where three claims a period are allowed: of eight at once three are granted, as each that collides takes the next', async () => {
      const { eventId } = await event(laurel, { claimsPerPeriod: 3 });
      const { token } = await laurel.signIn();
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => laurel.claim(eventId, token, { waitS: 30 })),
      );
      const told = answers.map((answer) => answer.body.state ?? codeOf(answer)).toSorted();
      assert.deepEqual(told, [...Array(3).fill('GRANTED'), ...Array(5).fill('already_claimed')]);
      assert.equal(await laurel.store.claims.model.countDocuments({ eventId }), 3);
      assert.equal(await recordsOf(eventId), 3);
      assert.equal(await sumOf(laurel, { eventId }), '10 = 7 + 0 + 3');
    });

    it('one after the other: the second is refused at once, and its key is left unused', async () => {
      const { eventId } = await event(laurel);
      const { id, token } = await laurel.signIn();
      await laurel.claim(eventId, token, { waitS: 30 });
      const refused = await laurel.claim(eventId, token, { key: 'second' });
      assert.deepEqual(
        [refused.status, Reflect.get(refused.body, 'code')],
        [409, 'already_claimed'],
      );
      assert.equal(await laurel.store.claims.findByKey(id, 'second'), null);

      const elsewhere = await laurel.claim((await event(laurel)).eventId, token, {
        key: 'second',
        waitS: 30,
      });
      assert.deepEqual([elsewhere.status, elsewhere.body.state], [200, 'GRANTED']);
    });

    it('one after the other: the place stays taken where it was granted, and is free again where the claim failed', async () => {
      const { eventId } = await gameEvent(laurel);
      const { id, token } = await laurel.signIn();
      const key = uniqueName('key');
      const claimId = claimIdOf(id, key);
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
