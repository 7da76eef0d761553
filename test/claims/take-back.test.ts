/**
 * A provider is asked before the record says so. Whoever may have asked takes back what the claim did
 * not end with (rule 5).
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Claim, claimIdOf } from '../../store/claims/claim-record.ts';
import type { StoredEvent } from '../../store/events/events.ts';
import { CLAIM_QUEUE, CLAIM_WORKFLOW } from '../../workflows/contract.ts';
import {
  CAPE,
  callsAbout,
  ended,
  endOf,
  event,
  gameEvent,
  givenBy,
  leaveAlone,
  levelsOf,
  parked,
  reconcile,
  recordOf,
  runClosed,
  workflowOf,
} from '../helpers.ts';
import { type Call, createInterposer } from '../interpose.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { decide } from '../outcomes.ts';
import { alwaysTried } from '../paces.ts';
import { uniqueName } from '../servers.ts';

let laurel: Laurel;
const interposer = createInterposer();
before(async () => {
  laurel = await startLaurel({
    activities: (deps) => interposer.around(alwaysTried(deps)),
    policy: { FULFILLMENT_TIMEOUT_MS: 1_000 },
  });
  // A revoke of a grant that this game never saw leaves no trace: the hardest case to undo.
  laurel.game.configure({ tombstones: false });
});
after(async () => {
  interposer.openAll();
  await laurel.stop();
});

const OLD_ENOUGH = { metric: 'account.ageDays', atLeast: 0 };
const UNLIMITED = { rewards: [{ ...CAPE, stock: null }] };
const UNTOUCHED = { stock: 10, available: 10, held: 0, granted: 0 };
const TAKEN_BACK = { state: 'REVOKED', applied: 1 };

/** A claim of the event, stopped at its first such call: right before it, or before its answer. */
async function heldAt(of: StoredEvent, when: 'hold' | 'holdAnswer', call: Call) {
  const { id, token } = await laurel.signIn();
  const claimId = claimIdOf(id, 'mine');
  const held = interposer[when](call, claimId);
  await laurel.claim(of.eventId, token, { key: 'mine' });
  await held.reached;
  return { ...held, claim: await recordOf(laurel, claimId), id };
}

const ban = (userId: string) =>
  laurel.store.users.model.updateOne({ _id: userId }, { status: 'BANNED' });

/** The claim's run is lost, and reconciliation brings another. */
async function lost(claim: Claim): Promise<void> {
  await workflowOf(laurel, claim).terminate('lost');
  await leaveAlone(laurel, claim._id);
  await reconcile(laurel);
}

describe('what was asked for and is not granted', { concurrency: true }, () => {
  describe('a run that was lost right after its first try was granted', {
    concurrency: true,
  }, () => {
    it('left nothing on record, and the next one asks what became of it', async () => {
      const open = await gameEvent(laurel);
      const { claim, open: goOn } = await heldAt(open, 'holdAnswer', 'provider.grant');
      assert.deepEqual([claim.asked, claim.state], [false, 'PENDING_VALIDATION']);
      await lost(claim);
      assert.equal((await ended(laurel, claim._id)).state, 'GRANTED');
      assert.deepEqual(callsAbout(laurel, claim._id), ['grant', 'lookup']);
      goOn();
      assert.deepEqual(givenBy(laurel, claim._id), { state: 'GRANTED', applied: 1 });
    });

    for (const [what, given] of [
      ['a stock', {}],
      ['no stock', UNLIMITED],
    ] as const) {
      it(`and whose player is banned then, is followed by one that revokes: of ${what}`, async () => {
        const open = await gameEvent(laurel, given);
        const { claim, id, open: goOn } = await heldAt(open, 'holdAnswer', 'provider.grant');
        await ban(id);
        await lost(claim);
        assert.equal(endOf(await ended(laurel, claim._id)), 'FAILED / USER_NOT_ACTIVE');
        assert.deepEqual(givenBy(laurel, claim._id), TAKEN_BACK);
        if (what === 'a stock') assert.deepEqual(await levelsOf(laurel, open), UNTOUCHED);
        goOn();
      });
    }

    it('and that is parked then and aborted, is revoked', async () => {
      const open = await gameEvent(laurel);
      laurel.game.rules.add({ do: 'fail', on: ['lookup'], eventId: open.eventId });
      const { claim, open: goOn } = await heldAt(open, 'holdAnswer', 'provider.grant');
      await lost(claim);
      await parked(laurel, claim._id);
      await decide(laurel, claim._id, 'abort');
      assert.equal(endOf(await ended(laurel, claim._id)), 'FAILED / ABORTED_BY_ADMIN');
      assert.deepEqual(givenBy(laurel, claim._id), TAKEN_BACK);
      assert.deepEqual(await levelsOf(laurel, open), UNTOUCHED);
      goOn();
    });
  });

  describe('a run whose first try is under way when another undoes the claim', {
    concurrency: true,
  }, () => {
    for (const [what, given] of [
      ['a stock', {}],
      ['no stock', UNLIMITED],
    ] as const) {
      it(`takes back what it is granted after the claim’s end: of ${what}`, async () => {
        const open = await gameEvent(laurel, given);
        // Held before it asks: whoever undoes the claim finds nothing to revoke.
        const { claim, id, open: goOn, done } = await heldAt(open, 'hold', 'provider.grant');
        await ban(id);
        const args = [{ claimId: claim._id, userId: id, eventId: open.eventId }];
        const twin = { workflowId: uniqueName('twin'), taskQueue: CLAIM_QUEUE, args };
        await laurel.client.workflow.execute(CLAIM_WORKFLOW, twin);
        assert.equal(endOf(await ended(laurel, claim._id)), 'FAILED / USER_NOT_ACTIVE');
        assert.equal(givenBy(laurel, claim._id), null);

        const before = await recordOf(laurel, claim._id);
        goOn();
        await done;
        assert.equal(await runClosed(laurel, claim), 'COMPLETED');
        assert.deepEqual(givenBy(laurel, claim._id), TAKEN_BACK);
        assert.deepEqual(await recordOf(laurel, claim._id), before);
      });

      it(`takes back what it was granted where it cannot end the claim: of ${what}`, async () => {
        const open = await gameEvent(laurel, given);
        const { claim, open: goOn } = await heldAt(open, 'holdAnswer', 'provider.grant');
        const { claims } = laurel.store;
        assert.ok(await claims.refuse(claim, { reason: 'SOLD_OUT', steps: claim.steps }));
        const before = await recordOf(laurel, claim._id);
        goOn();
        assert.equal(await runClosed(laurel, claim), 'COMPLETED');
        assert.deepEqual(givenBy(laurel, claim._id), TAKEN_BACK);
        assert.deepEqual(await recordOf(laurel, claim._id), before);
      });
    }
  });

  describe('an attempt that is under way still when its run has been lost', {
    concurrency: true,
  }, () => {
    it('and asks late, is made up for: the next run waits it out and asks once more', async () => {
      const open = await gameEvent(laurel);
      const { claim, id, open: goOn, done } = await heldAt(open, 'hold', 'provider.grant');
      await ban(id);
      // The next run's first revoke finds nothing; only then does the late request arrive.
      interposer.next('provider.revoke', claim._id, async (proceed) => {
        const answer = await proceed();
        goOn();
        await done;
        return answer;
      });
      await lost(claim);
      assert.equal(endOf(await ended(laurel, claim._id)), 'FAILED / USER_NOT_ACTIVE');
      assert.deepEqual(givenBy(laurel, claim._id), TAKEN_BACK);
      assert.deepEqual(await levelsOf(laurel, open), UNTOUCHED);
    });
  });

  describe('a run that finds its claim ended without a grant', { concurrency: true }, () => {
    async function refusedMeanwhile(given: Parameters<typeof event>[1]) {
      const { eventId } = await event(laurel, given);
      const { id, token } = await laurel.signIn();
      const claimId = claimIdOf(id, 'mine');
      // Held before it reads the record, it finds the end that another has brought.
      const first = interposer.hold('claims.get', claimId);
      await laurel.claim(eventId, token, { key: 'mine' });
      await first.reached;
      const claim = await recordOf(laurel, claimId);
      await laurel.store.claims.refuse(claim, { reason: 'SOLD_OUT', steps: claim.steps });
      await workflowOf(laurel, claim).terminate('lost');
      const args = [{ claimId, userId: id, eventId }];
      const again = { workflowId: uniqueName('again'), taskQueue: CLAIM_QUEUE, args };
      await laurel.client.workflow.execute(CLAIM_WORKFLOW, again);
      first.open();
      return callsAbout(laurel, claimId);
    }

    it('sends the DELETE, twice where the game has never seen it', async () => {
      const calls = await refusedMeanwhile({ fulfillment: { provider: 'game' } });
      assert.deepEqual(calls, ['revoke', 'revoke']);
    });

    it('sends none where the record says that nobody has asked: it has a condition', async () => {
      const fulfillment = { provider: 'game' };
      assert.deepEqual(await refusedMeanwhile({ fulfillment, condition: OLD_ENOUGH }), []);
    });
  });

  it('under a condition the record says so before the first try', async () => {
    const open = await gameEvent(laurel, { condition: OLD_ENOUGH });
    const { claim, open: goOn } = await heldAt(open, 'hold', 'provider.grant');
    assert.deepEqual([claim.asked, claim.state], [true, 'FULFILLING']);
    goOn();
    assert.equal((await ended(laurel, claim._id)).state, 'GRANTED');
  });

  it('a claim whose condition is not met costs the game no call', async () => {
    const { eventId } = await gameEvent(laurel, { condition: { not: OLD_ENOUGH } });
    const { id, token } = await laurel.signIn();
    const { body } = await laurel.claim(eventId, token, { key: 'mine', waitS: 30 });
    assert.equal(body.reason, 'CONDITION_NOT_MET');
    assert.deepEqual(callsAbout(laurel, claimIdOf(id, 'mine')), []);
  });

  it('a claim of a player who leaves during the first try is stopped before its end, and revoked', async () => {
    const open = await gameEvent(laurel);
    const { claim, id, open: goOn } = await heldAt(open, 'holdAnswer', 'provider.grant');
    await ban(id);
    goOn();
    const over = await ended(laurel, claim._id);
    assert.equal(endOf(over), 'FAILED / USER_NOT_ACTIVE');
    assert.equal(over.steps.find((s) => s.step === 'S4_FULFIL')?.outcome, 'STOPPED');
    assert.deepEqual(givenBy(laurel, claim._id), TAKEN_BACK);
    assert.deepEqual(await levelsOf(laurel, open), UNTOUCHED);
  });
});
