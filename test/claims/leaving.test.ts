/** A player who leaves, in every stage of their claim. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createAcceptance } from '../../api/claims/accept.ts';
import type { UserStatus } from '../../domain/user.ts';
import { claimIdOf } from '../../store/claims/claim-record.ts';
import { type Checkpoint, createCheckpoints, heldClaim } from '../checkpoints.ts';
import { answered, claimAtGame, MOUNT, type Rule, requestsFor } from '../game-claims.ts';
import {
  ADMIN,
  CAPE,
  callsAbout,
  ended,
  event,
  parked,
  recordOf,
  recordOnce,
  signalsOf,
  until,
} from '../helpers.ts';
import { createInterposer, type HeldCall } from '../interpose.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { GRANTED, leaves, outcomeOf, sumOf, undoneSteps } from '../outcomes.ts';

/** The outcome of a claim that is stopped in S4 and undone. */
const STOPPED = {
  end: 'FAILED / USER_NOT_ACTIVE',
  steps: undoneSteps('STOPPED'),
  lines: { cape: 'REVOKED' },
  isEntitled: false,
  levels: { cape: '10 = 10 + 0 + 0' },
};

let laurel: Laurel;
const checkpoints = createCheckpoints();
const interposer = createInterposer();
before(async () => {
  laurel = await startLaurel({
    activities: (deps) => interposer.around(checkpoints.around(deps)),
    // The run itself takes the hold here. flash.test.ts has the hold that the API takes before.
    api: { holdsEarly: false },
    policy: { FULFILLMENT_TIMEOUT_MS: 5_000 },
  });
});
after(async () => {
  checkpoints.openAll();
  interposer.openAll();
  await laurel.stop();
});

/** A player leaves while their claim is held at the checkpoint; then the claim goes on. */
async function leavesAt(checkpoint: Checkpoint, status?: UserStatus, provider = 'mailbox') {
  const { eventId } = await event(laurel, { fulfillment: { provider } });
  const { claimId, id, gate } = await heldClaim(laurel, checkpoints, eventId, checkpoint);
  await leaves(laurel, id, status);
  gate.open();
  return await outcomeOf(laurel, claimId);
}

/** A claim whose player leaves after it was recorded and before its run has begun. */
async function leftBeforeTheRun(eventId: string, options: { holdsEarly: boolean }) {
  const { id: userId } = await laurel.signIn();
  const api = createAcceptance({ store: laurel.store, now: () => new Date() }, options);
  const asked = { userId, eventId, rewardId: null, idempotencyKey: 'mine' };
  const { claim, start } = await api.accept(asked);
  await leaves(laurel, userId);
  await laurel.runs.start(claim, start);
  return { claim, isHeld: start?.isHeld };
}

/** A player leaves while the game is asked, whose answer comes once the claim's run knows of it. */
async function leavesDuringGrant(rules: Rule[]) {
  const held = Promise.withResolvers<HeldCall>();
  const plan = (claimId: string) => held.resolve(interposer.holdAnswer('provider.grant', claimId));
  const { claimId, id } = await claimAtGame(laurel, rules, {}, plan);
  const { reached, open } = await held.promise;
  await reached;
  await leaves(laurel, id);
  await until(async () => (await signalsOf(laurel, claimId)) > 0, 'the run to be told');
  const answeredAtMs = Date.now();
  open();
  return { claimId, answeredAtMs };
}

describe('a player who leaves', { concurrency: true }, () => {
  describe('a player who leaves before fulfillment', { concurrency: true }, () => {
    const NOTHING_ASKED = {
      ...STOPPED,
      lines: { cape: 'CANCELLED' },
      given: { cape: 'NEVER_SEEN' },
    };

    for (const provider of ['mailbox', 'game']) {
      it(`stops the claim at its validation, in one write where nothing lies of it: ${provider}`, async () => {
        const { eventId } = await event(laurel, { fulfillment: { provider } });
        const { claim, isHeld } = await leftBeforeTheRun(eventId, { holdsEarly: false });
        assert.equal(isHeld, false);
        assert.deepEqual(await outcomeOf(laurel, claim._id), {
          ...NOTHING_ASKED,
          steps: ['S0_ACCEPT OK', 'S1_VALIDATE REFUSED'],
        });
        assert.equal((await recordOf(laurel, claim._id)).version, claim.version + 1);
      });
    }

    it('stops the claim at its validation, and gives back what was held for it', async () => {
      const { eventId } = await event(laurel);
      const { claim, isHeld } = await leftBeforeTheRun(eventId, { holdsEarly: true });
      assert.equal(isHeld, true);
      assert.deepEqual(await outcomeOf(laurel, claim._id), {
        ...NOTHING_ASKED,
        steps: ['S0_ACCEPT OK', 'S1_VALIDATE REFUSED', 'UNDO_RESERVE OK', 'UNDO_ENTITLEMENT OK'],
      });
    });

    for (const checkpoint of ['read', 'reserve'] as const) {
      it(`stops a claim of our mailbox before its end: ${checkpoint}`, async () => {
        const outcome = await leavesAt(checkpoint, 'WITHDRAWN');
        assert.deepEqual(outcome, {
          ...NOTHING_ASKED,
          steps: STOPPED.steps.filter((step) => step !== 'UNDO_FULFIL OK'),
        });
      });
    }

    it('stops a claim of our mailbox right before it is given, with its units held', async () => {
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
      assert.equal(await sumOf(laurel, { eventId }), '10 = 10 + 0 + 0');
    });

    it('stops a claim of the game, and what was asked for right after a look is taken back', async () => {
      const { given, ...outcome } = await leavesAt('reserve', 'SUSPENDED', 'game');
      assert.deepEqual({ ...outcome, given }, { ...STOPPED, given });
      // No grant is asked for where the look at the player was too long ago.
      assert.match(given.cape ?? '', /^REVOKED ×[01]$/);
    });
  });

  describe('a player who leaves during fulfillment', { concurrency: true }, () => {
    it('stops a claim that waits for its next attempt at once', async () => {
      const { claimId, id } = await claimAtGame(laurel, [
        {
          do: 'fail',
          retryAfter: '60',
        },
      ]);
      await answered(laurel, claimId, 'grant');
      await leaves(laurel, id);
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...STOPPED,
        given: { cape: 'REVOKED ×0' },
      });
    });

    it('stops the claim at its next attempt, should nobody tell it', async () => {
      const player = await laurel.signIn();
      const { eventId } = await event(laurel, { fulfillment: { provider: 'game' } });
      const claimId = claimIdOf(player.id, 'mine');
      laurel.game.rules.add({ do: 'fail', eventId });
      interposer.next('provider.grant', claimId, async (proceed) => {
        await laurel.store.users.change(ADMIN, player.id, { status: 'BANNED' }, new Date());
        return await proceed();
      });
      await laurel.claim(eventId, player.token, { key: 'mine' });
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...STOPPED,
        given: { cape: 'REVOKED ×0' },
      });
      assert.deepEqual(new Set(callsAbout(laurel, claimId)), new Set(['grant', 'revoke']));
    });

    it('has what was granted before revoked, where another line is still tried', async () => {
      const { claimId, id } = await claimAtGame(
        laurel,
        [{ do: 'fail', retryAfter: '60', lineId: 'mount' }],
        { rewards: [CAPE, MOUNT] },
      );
      await answered(laurel, claimId, 'grant', 'cape');
      await answered(laurel, claimId, 'grant', 'mount');
      await leaves(laurel, id);
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...STOPPED,
        lines: { cape: 'REVOKED', mount: 'REVOKED' },
        given: { cape: 'REVOKED ×1', mount: 'REVOKED ×0' },
        levels: { cape: '10 = 10 + 0 + 0', mount: '10 = 10 + 0 + 0' },
      });
    });

    it('has a grant revoked whose answer was lost', async () => {
      const { claimId, id } = await claimAtGame(laurel, [
        { do: 'dropAfterGrant' },
        { do: 'fail', on: ['lookup'], retryAfter: '60' },
      ]);
      await answered(laurel, claimId, 'lookup');
      await leaves(laurel, id);
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...STOPPED,
        given: { cape: 'REVOKED ×1' },
      });
    });

    it('has a grant revoked that is still pending', async () => {
      const { claimId, id } = await claimAtGame(laurel, [{ do: 'pending' }]);
      await answered(laurel, claimId, 'grant');
      await leaves(laurel, id);
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...STOPPED,
        given: { cape: 'REVOKED ×0' },
      });
    });

    it('has a grant revoked that was on its way when they left', async () => {
      const { claimId, answeredAtMs } = await leavesDuringGrant([]);
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...STOPPED,
        given: { cape: 'REVOKED ×1' },
      });
      const [, revoke] = requestsFor(laurel, claimId);
      assert.ok(revoke && revoke.atMs >= answeredAtMs, 'the attempt was waited for');
    });

    it('stops a claim whose attempt under way fails, without parking it first', async () => {
      const { claimId } = await leavesDuringGrant([{ do: 'fail' }]);
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...STOPPED,
        given: { cape: 'REVOKED ×0' },
      });
      assert.equal((await recordOf(laurel, claimId)).parking, null);
    });
  });

  describe('a player who leaves later', { concurrency: true }, () => {
    const PARKED = { ...STOPPED, steps: undoneSteps('PARKED'), given: { cape: 'REVOKED ×0' } };

    it('ends a parked claim, which is undone', async () => {
      const { claimId, id } = await claimAtGame(laurel, [{ do: 'fail' }]);
      await parked(laurel, claimId);
      await leaves(laurel, id);
      assert.deepEqual(await outcomeOf(laurel, claimId), PARKED);
    });

    it('ends a parked claim though an admin says retry at the same time', async () => {
      const { claimId, id } = await claimAtGame(laurel, [{ do: 'fail' }]);
      await parked(laurel, claimId);
      await laurel.store.users.change(ADMIN, id, { status: 'BANNED' }, new Date());
      const { token } = await laurel.signIn('ADMIN');
      const { response } = await laurel.as(token).POST('/api/event-claims/{claimId}/retry', {
        params: { path: { claimId } },
      });
      const { status } = response;
      // 409 where reconciliation was quicker, and ends the claim as its player has left.
      assert.ok([202, 409].includes(status), String(status));
      assert.deepEqual(await outcomeOf(laurel, claimId), PARKED);
    });

    it('keeps what was granted, once every grant is confirmed', async () => {
      assert.deepEqual(await leavesAt('settle'), GRANTED);
    });

    it('and comes back in time loses nothing: the claim goes on', async () => {
      const { claimId, id } = await claimAtGame(laurel, [{ do: 'pending' }]);
      await answered(laurel, claimId, 'grant');
      await laurel.store.users.change(ADMIN, id, { status: 'SUSPENDED' }, new Date());
      await laurel.store.users.change(ADMIN, id, { status: 'ACTIVE' }, new Date());
      await laurel.runs.wake(await recordOf(laurel, claimId), 'userLeft');
      await answered(laurel, claimId, 'lookup');
      laurel.game.settle(`${claimId}:cape`, 'GRANTED');
      const claim = await recordOnce(laurel, claimId, (c) => c.state === 'GRANTED');
      assert.equal(claim.fate, 'GRANT');
    });
  });
});
