/** "How a claim stays exactly-once": what is asked of a provider, and how it is taken back (rule 5). */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ProviderError } from '../domain/claims/fulfillment.ts';
import type { RuleInput } from '../local/simulator/simulator-rules.ts';
import { claimIdOf } from '../store/claims/claim-record.ts';
import {
  booksOf,
  CAPE,
  callsAbout,
  cancelHeard,
  ended,
  event,
  gameEvent,
  givenBy,
  parked,
  recordOnce,
  workflowOf,
} from './helpers.ts';
import { createInterposer, type HeldCall } from './interpose.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { decide } from './outcomes.ts';
import { neverTried } from './paces.ts';
import { uniqueName } from './servers.ts';

const TIMEOUT_MS = 2_000;

let laurel: Laurel;
const interposer = createInterposer();
before(async () => {
  laurel = await startLaurel({
    activities: (deps) => interposer.around(neverTried(deps)),
    policy: { FULFILLMENT_TIMEOUT_MS: TIMEOUT_MS, FULFILLMENT_PENDING_TIMEOUT_MS: 12_000 },
  });
  // A game that forgets what it never saw: the hardest to undo.
  laurel.game.configure({ tombstones: false });
});
after(async () => {
  interposer.openAll();
  await laurel.stop();
});

type Rule = RuleInput extends infer R ? (R extends unknown ? Omit<R, 'grantId'> : never) : never;

/** A claim of a cape at the game, which misbehaves so about it. */
async function claimAtGame(
  rules: Rule[] = [],
  plan: (claimId: string, userId: string) => void = () => {},
) {
  const { eventId } = await gameEvent(laurel);
  const { id, token } = await laurel.signIn();
  const key = uniqueName('key');
  const claimId = claimIdOf(id, key);
  const grantId = `${claimId}:${CAPE.rewardId}`;
  laurel.game.rules.add(rules.map((rule) => ({ ...rule, grantId }) as RuleInput));
  plan(claimId, id);
  await laurel.claim(eventId, token, { key });
  return { eventId, userId: id, claimId, grantId, idempotencyKey: key };
}

const calls = (claimId: string) => callsAbout(laurel, claimId).join(' ');

/** The claim's calls to the game, once one of that kind has come in. */
const asked = (claimId: string, verb: string, times = 1) =>
  laurel.game.waitFor(
    (game) =>
      game.requests().filter((r) => r.verb === verb && r.grantId?.startsWith(claimId)).length >=
      times,
  );

const UNTOUCHED = { stock: 10, available: 10, held: 0, granted: 0 };

// Side by side, as most of the time goes into waiting for attempts.
describe('exactly once: fulfillment', { concurrency: true }, () => {
  describe('a provider that did not answer', { concurrency: true }, () => {
    it('is asked what it did before it is asked again', async () => {
      const { claimId } = await claimAtGame([{ do: 'dropAfterGrant', times: 1 }]);
      assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
      assert.equal(calls(claimId), 'grant lookup');
      assert.deepEqual(givenBy(laurel, claimId), { state: 'GRANTED', applied: 1 });
    });

    it('is not taken at its silence: the claim is parked with its stock kept', async () => {
      const { claimId, eventId } = await claimAtGame([
        { do: 'dropAfterGrant' },
        { do: 'dropBeforeGrant', on: ['lookup'] },
      ]);
      const claim = await parked(laurel, claimId);
      assert.equal(claim.reason, 'FULFILLMENT_UNKNOWN');
      assert.deepEqual(await booksOf(laurel, { eventId }), { ...UNTOUCHED, available: 9, held: 1 });
      assert.deepEqual(givenBy(laurel, claimId), { state: 'GRANTED', applied: 1 });
    });

    it('is asked what it did, first of all, when a parked claim goes on', async () => {
      const { claimId } = await claimAtGame([
        { do: 'dropAfterGrant', times: 1 },
        { do: 'fail', on: ['lookup'], times: 2 },
      ]);
      await parked(laurel, claimId);
      assert.equal(calls(claimId), 'grant lookup lookup');
      await decide(laurel, claimId, 'retry');
      assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
      assert.equal(calls(claimId), 'grant lookup lookup lookup');
      assert.deepEqual(givenBy(laurel, claimId), { state: 'GRANTED', applied: 1 });
    });
  });

  describe('each attempt reads whether the player is still active', { concurrency: true }, () => {
    it('so that a ban that nobody told the claim of ends its retries', async () => {
      const { claimId, eventId } = await claimAtGame([{ do: 'fail' }], (id, userId) =>
        interposer.next('provider.grant', id, async (proceed) => {
          await laurel.store.users.model.updateOne({ _id: userId }, { status: 'BANNED' });
          return await proceed();
        }),
      );
      const claim = await ended(laurel, claimId);
      assert.deepEqual([claim.state, claim.reason], ['FAILED', 'USER_NOT_ACTIVE']);
      assert.equal(claim.steps.find((s) => s.step === 'S4_FULFIL')?.outcome, 'STOPPED');
      assert.deepEqual(await booksOf(laurel, { eventId }), UNTOUCHED);
    });

    it('through the mailbox too, right before it is given', async () => {
      // The run holds the units of a claim with a condition: before that it has seen the player.
      const { eventId } = await event(laurel, {
        condition: { metric: 'account.ageDays', atLeast: 0 },
      });
      const { id, token } = await laurel.signIn();
      const claimId = claimIdOf(id, 'mine');
      interposer.next('stock.reserve', claimId, async (proceed) => {
        const held = await proceed();
        await laurel.store.users.model.updateOne({ _id: id }, { status: 'SUSPENDED' });
        return held;
      });
      await laurel.claim(eventId, token, { key: 'mine' });
      const claim = await ended(laurel, claimId);
      assert.equal(claim.reason, 'USER_NOT_ACTIVE');
      assert.equal(claim.steps.find((s) => s.step === 'S4_FULFIL')?.outcome, 'STOPPED');
      assert.equal(claim.lines[0]?.state, 'CANCELLED');
      assert.deepEqual(await booksOf(laurel, { eventId }), UNTOUCHED);
    });
  });

  describe('undoing', { concurrency: true }, () => {
    it('waits for the attempt under way before it takes anything back', async () => {
      const held = Promise.withResolvers<HeldCall>();
      const claim = await claimAtGame([], (id) =>
        held.resolve(interposer.holdAnswer('provider.grant', id)),
      );
      const { claimId } = claim;
      const { reached, open } = await held.promise;
      await reached;
      await workflowOf(laurel, claim).cancel();
      await cancelHeard(laurel, claim);
      const answeredAtMs = Date.now();
      open();
      const over = await ended(laurel, claimId);
      assert.deepEqual([over.state, over.reason], ['FAILED', 'ABORTED_BY_ADMIN']);
      const [grant, revoke] = laurel.game.requests().filter((r) => r.grantId?.startsWith(claimId));
      assert.deepEqual([grant?.verb, revoke?.verb], ['grant', 'revoke']);
      assert.ok(revoke && revoke.atMs >= answeredAtMs, 'revoked before the grant was answered');
      assert.deepEqual(givenBy(laurel, claimId), { state: 'REVOKED', applied: 1 });
    });

    it('is told to a provider that refused, as it may have changed its mind', async () => {
      const { claimId, eventId } = await claimAtGame([{ do: 'refuse' }]);
      const claim = await ended(laurel, claimId);
      assert.deepEqual([claim.state, claim.reason], ['FAILED', 'FULFILLMENT_REFUSED']);
      assert.equal(calls(claimId), 'grant revoke');
      assert.deepEqual(await booksOf(laurel, { eventId }), UNTOUCHED);
    });

    it('waits out a grant that stalled on its way, and asks once more before stock is released', async () => {
      const { eventId } = await gameEvent(laurel);
      const { id, token } = await laurel.signIn();
      const claimId = claimIdOf(id, 'mine');
      const grantId = `${claimId}:${CAPE.rewardId}`;
      laurel.game.rules.add({ do: 'fail', on: ['lookup'], times: 2, grantId });
      let arrive: () => Promise<unknown> = () => assert.fail('the game was never asked');
      interposer.next('provider.grant', claimId, async (proceed) => {
        arrive = proceed;
        throw new ProviderError('UNKNOWN', 'no answer');
      });
      await laurel.claim(eventId, token, { key: 'mine' });
      await parked(laurel, claimId);

      let heldMeanwhile = 0;
      interposer.next('provider.revoke', claimId, async (proceed) => {
        const answer = await proceed();
        await arrive();
        assert.deepEqual(givenBy(laurel, claimId), { state: 'GRANTED', applied: 1 });
        heldMeanwhile = (await booksOf(laurel, { eventId })).held;
        return answer;
      });
      await decide(laurel, claimId, 'abort');
      const claim = await ended(laurel, claimId);
      assert.deepEqual([claim.state, claim.reason], ['FAILED', 'ABORTED_BY_ADMIN']);
      assert.equal(heldMeanwhile, 1);
      assert.equal(calls(claimId), 'lookup lookup revoke grant revoke');
      assert.deepEqual(givenBy(laurel, claimId), { state: 'REVOKED', applied: 1 });
      assert.deepEqual(await booksOf(laurel, { eventId }), UNTOUCHED);
    });

    it('asks a provider that is away as long as it takes, far past what fulfillment would', async () => {
      const { claimId, eventId } = await claimAtGame([
        { do: 'refuse', times: 1 },
        { do: 'fail', on: ['revoke'], times: 5 },
      ]);
      const claim = await ended(laurel, claimId);
      assert.equal(claim.state, 'FAILED');
      assert.equal(callsAbout(laurel, claimId).filter((verb) => verb === 'revoke').length, 6);
      assert.deepEqual(await booksOf(laurel, { eventId }), UNTOUCHED);
    });

    it('parks the claim where the provider will not take it back, and drops nothing silently', async () => {
      const { claimId, eventId } = await claimAtGame([
        { do: 'dropAfterGrant' },
        { do: 'fail', on: ['lookup'], times: 2 },
        { do: 'refuseRevoke', times: 1 },
      ]);
      await parked(laurel, claimId);
      await decide(laurel, claimId, 'abort');
      const stuck = await parked(laurel, claimId, 2);
      assert.deepEqual([stuck.reason, stuck.fate], ['COMPENSATION_FAILED', 'UNDO']);
      assert.equal((await booksOf(laurel, { eventId })).held, 1);
      await decide(laurel, claimId, 'retry');
      assert.equal((await ended(laurel, claimId)).reason, 'ABORTED_BY_ADMIN');
      assert.deepEqual(await booksOf(laurel, { eventId }), UNTOUCHED);
    });
  });

  describe('a callback only wakes the claim', { concurrency: true }, () => {
    it('which asks the provider and believes nothing else', async () => {
      const { claimId, grantId } = await claimAtGame([{ do: 'pending', callback: false }]);
      await asked(claimId, 'grant');
      assert.equal(await laurel.game.sendCallback(grantId, { state: 'GRANTED' }), 200);
      await asked(claimId, 'lookup');
      assert.equal(givenBy(laurel, claimId)?.state, 'PENDING');
      laurel.game.settle(grantId, 'REFUSED');
      await laurel.game.sendCallback(grantId, { state: 'GRANTED' });
      assert.equal((await ended(laurel, claimId)).reason, 'FULFILLMENT_REFUSED');
    });

    it('and uses up none of the time that the provider has', async () => {
      const { claimId, grantId } = await claimAtGame([{ do: 'pending', callback: false }]);
      for (let times = 1; times <= 4; times++) {
        await laurel.game.sendCallback(grantId, { state: 'PENDING' });
        await asked(claimId, 'lookup', times);
      }
      laurel.game.settle(grantId, 'GRANTED');
      await laurel.game.sendCallback(grantId, { state: 'GRANTED' });
      const claim = await recordOnce(laurel, claimId, (c) => c.state !== 'FULFILLING');
      assert.deepEqual([claim.state, claim.parking], ['GRANTED', null]);
    });
  });
});
