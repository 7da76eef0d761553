/** What becomes of a claim whose run an admin cancels or terminates in the Web UI, in every stage. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ActivityDeps } from '../../activities/deps.ts';
import type { ClaimOutcome } from '../../workflows/contract.ts';
import { createCheckpoints, heldClaim } from '../checkpoints.ts';
import { answered, asked, claimAtGame, type Rule, requestsFor } from '../game-claims.ts';
import {
  cancelHeard,
  ended,
  event,
  gameEvent,
  leaveAlone,
  parked,
  reconcile,
  recordOf,
  runClosed,
  runsOf,
  runThere,
  workflowOf,
} from '../helpers.ts';
import { type Call, createInterposer, type HeldCall } from '../interpose.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import {
  decide,
  GRANTED,
  GRANTED_BY_GAME,
  GRANTED_STEPS,
  outcomeOf,
  stepsOf,
  undoneSteps,
} from '../outcomes.ts';

const ABORTED = {
  end: 'FAILED / ABORTED_BY_ADMIN',
  steps: undoneSteps('STOPPED'),
  lines: { cape: 'REVOKED' },
  isEntitled: false,
  levels: { cape: '10 = 10 + 0 + 0' },
};
const NEVER_ASKED = { lines: { cape: 'CANCELLED' }, given: { cape: 'NEVER_SEEN' } };

/** The provider fails, and is not asked again for longer than a test takes. */
const FAILING: Rule = { do: 'fail', retryAfter: '60' };

let laurel: Laurel;
const checkpoints = createCheckpoints();
const interposer = createInterposer();
/** Claims whose runs were cancelled or terminated before any worker had seen them. */
const early = { cancelled: '', terminated: '' };

before(async () => {
  const policy = { FULFILLMENT_TIMEOUT_MS: 2_000 };
  // The run itself takes the hold here. flash.test.ts has the hold that the API takes before.
  const api = { holdsEarly: false };
  const activities = (deps: ActivityDeps) => interposer.around(checkpoints.around(deps));
  laurel = await startLaurel({ activities, policy, api, firstTries: false, workers: false });
  early.cancelled = (await newClaim()).claimId;
  early.terminated = (await newClaim()).claimId;
  await cancel(early.cancelled);
  await terminate(early.terminated);
  await laurel.startWorkers();
});
after(async () => {
  checkpoints.openAll();
  interposer.openAll();
  await laurel.stop();
});

/** A claim whose run has been started. On a busy machine the answer comes before that. */
async function newClaim() {
  const { eventId } = await event(laurel);
  const { body } = await laurel.claim(eventId, (await laurel.signIn()).token);
  await runThere(laurel, await recordOf(laurel, body.claimId));
  return body;
}

/** As the Web UI's buttons do. */
async function cancel(claimId: string) {
  await workflowOf(laurel, await recordOf(laurel, claimId)).cancel();
}
async function terminate(claimId: string) {
  await workflowOf(laurel, await recordOf(laurel, claimId)).terminate('by mistake');
}

/** The outcome of a claim at the game whose run is cancelled once `isThere` resolves. */
async function cancelledOnce(rules: Rule[], isThere: (claimId: string) => Promise<unknown>) {
  const { claimId } = await claimAtGame(laurel, rules);
  await isThere(claimId);
  await cancel(claimId);
  return { claimId, outcome: await outcomeOf(laurel, claimId) };
}

/** The same where it is cancelled while that call is under way, before its answer or after it. */
async function cancelledDuring(rules: Rule[], call: Call, hold: 'hold' | 'holdAnswer') {
  const held = Promise.withResolvers<HeldCall>();
  const plan = (id: string) => held.resolve(interposer[hold](call, id));
  const { claimId } = await claimAtGame(laurel, rules, {}, plan);
  const { reached, open } = await held.promise;
  await reached;
  await cancel(claimId);
  await cancelHeard(laurel, await recordOf(laurel, claimId));
  const openedAtMs = Date.now();
  open();
  return { claimId, openedAtMs, outcome: await outcomeOf(laurel, claimId) };
}

/** How the last of the claim's runs closed. */
const closedAs = async (claimId: string) =>
  await runClosed(laurel, await recordOf(laurel, claimId));

describe('runs', { concurrency: true }, () => {
  describe('a run that an admin cancels', { concurrency: true }, () => {
    it('before it has begun is undone', async () => {
      assert.deepEqual(await outcomeOf(laurel, early.cancelled), {
        ...ABORTED,
        ...NEVER_ASKED,
        steps: ['S0_ACCEPT OK', 'UNDO_RESERVE SKIPPED', 'UNDO_ENTITLEMENT OK'],
      });
      assert.equal(await closedAs(early.cancelled), 'CANCELLED');
    });

    it('comes too late where all steps go at once', async () => {
      const { eventId } = await event(laurel);
      const { claimId, gate } = await heldClaim(laurel, checkpoints, eventId, 'reserve');
      await cancel(claimId);
      // Until the worker, which holds the workflow task, reports to the server and hears of it.
      await heartbeatOf(claimId);
      gate.open();
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED);
      assert.equal(await closedAs(claimId), 'COMPLETED');
    });

    it('during its reservation is undone before the provider is asked', async () => {
      const { eventId } = await gameEvent(laurel);
      const { claimId, gate } = await heldClaim(laurel, checkpoints, eventId, 'reserve');
      await cancel(claimId);
      await heartbeatOf(claimId);
      gate.open();
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...ABORTED,
        steps: undoneSteps('').filter((step) => !step.startsWith('S4')),
        given: { cape: 'REVOKED ×0' },
      });
      assert.equal(await closedAs(claimId), 'CANCELLED');
    });

    it('while the provider is being asked is undone, whatever it answers, and only then', async () => {
      const during = await cancelledDuring([], 'provider.grant', 'holdAnswer');
      const { claimId, openedAtMs, outcome } = during;
      assert.deepEqual(outcome, { ...ABORTED, given: { cape: 'REVOKED ×1' } });
      assert.equal(await closedAs(claimId), 'CANCELLED');
      const [grant, revoke] = requestsFor(laurel, claimId);
      assert.deepEqual([grant?.verb, revoke?.verb], ['grant', 'revoke']);
      assert.ok(revoke && revoke.atMs >= openedAtMs, 'the attempt under way was waited for');
    });

    it('between two attempts is undone at once', async () => {
      const hasFailed = (claimId: string) => answered(laurel, claimId, 'grant');
      const { outcome } = await cancelledOnce([FAILING], hasFailed);
      assert.deepEqual(outcome, { ...ABORTED, given: { cape: 'REVOKED ×0' } });
    });

    it('while a grant is pending is undone', async () => {
      const isPending = (claimId: string) => answered(laurel, claimId, 'grant');
      const { outcome } = await cancelledOnce([{ do: 'pending' }], isPending);
      assert.deepEqual(outcome, { ...ABORTED, given: { cape: 'REVOKED ×0' } });
    });

    it('while it is parked is undone', async () => {
      const { outcome, claimId } = await cancelledOnce([{ do: 'fail' }], (id) =>
        parked(laurel, id),
      );
      assert.deepEqual(outcome, {
        ...ABORTED,
        steps: undoneSteps('PARKED'),
        given: { cape: 'REVOKED ×0' },
      });
      assert.equal(await closedAs(claimId), 'CANCELLED');
    });

    it('while it is being undone goes on with that, for the reason it had', async () => {
      const rules: Rule[] = [{ do: 'refuse' }, { do: 'fail', on: ['revoke'], times: 2 }];
      const { claimId, outcome } = await cancelledDuring(rules, 'provider.revoke', 'hold');
      assert.deepEqual(outcome, {
        ...ABORTED,
        end: 'FAILED / FULFILLMENT_REFUSED',
        steps: undoneSteps('REFUSED'),
        given: { cape: 'REFUSED ×0' },
      });
      assert.equal(await closedAs(claimId), 'CANCELLED');
    });

    it('once every grant is confirmed stays granted', async () => {
      const { eventId } = await event(laurel);
      const { claimId, gate } = await heldClaim(laurel, checkpoints, eventId, 'settle');
      await cancel(claimId);
      gate.open();
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED);
      assert.equal(await closedAs(claimId), 'COMPLETED');
    });
  });

  /** What becomes of a claim whose run is terminated, once reconciliation has looked at it. */
  async function terminatedAndFound(claimId: string) {
    await terminate(claimId);
    await leaveAlone(laurel, claimId);
    await reconcile(laurel);
  }

  describe('a run that an admin terminates by mistake', { concurrency: true }, () => {
    it('before it has begun is followed by one that begins', async () => {
      await leaveAlone(laurel, early.terminated);
      await reconcile(laurel);
      assert.deepEqual(await outcomeOf(laurel, early.terminated), GRANTED);
      assert.equal((await runsOf(laurel, await recordOf(laurel, early.terminated), 2)).length, 2);
    });

    it('between two attempts is followed by one that goes on', async () => {
      const { claimId } = await claimAtGame(laurel, [{ ...FAILING, times: 1 } as Rule]);
      await answered(laurel, claimId, 'grant');
      await terminatedAndFound(claimId);
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
    });

    it('after a grant whose answer was lost is followed by one that finds it', async () => {
      const rules: Rule[] = [
        { do: 'dropAfterGrant' },
        { do: 'fail', on: ['lookup'], retryAfter: '60', times: 1 },
      ];
      const { claimId } = await claimAtGame(laurel, rules);
      await answered(laurel, claimId, 'lookup');
      await terminatedAndFound(claimId);
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
    });

    it('while a grant is pending is followed by one that waits for it', async () => {
      const { claimId, grantId } = await claimAtGame(laurel, [{ do: 'pending' }]);
      await answered(laurel, claimId, 'grant');
      await terminatedAndFound(claimId);
      await asked(laurel, claimId, 'lookup');
      laurel.game.settle(grantId, 'GRANTED');
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
    });

    it('while the claim is parked is followed by one that waits for the same decision', async () => {
      const { claimId } = await claimAtGame(laurel, [{ do: 'fail', times: 3 }]);
      await parked(laurel, claimId);
      await terminatedAndFound(claimId);
      await runsOf(laurel, await recordOf(laurel, claimId), 2);
      assert.equal((await recordOf(laurel, claimId)).parking?.number, 1);
      await decide(laurel, claimId, 'retry');
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
    });

    it('while the claim is parked is made up for by the decision itself', async () => {
      const { claimId } = await claimAtGame(laurel, [{ do: 'fail', times: 3 }]);
      await parked(laurel, claimId);
      await terminate(claimId);
      await decide(laurel, claimId, 'abort');
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...ABORTED,
        steps: undoneSteps('PARKED'),
        given: { cape: 'REVOKED ×0' },
      });
    });

    it('while the claim is being undone is followed by one that undoes the rest', async () => {
      const rules: Rule[] = [
        { do: 'refuse' },
        { do: 'fail', on: ['revoke'], retryAfter: '60', times: 1 },
      ];
      const { claimId } = await claimAtGame(laurel, rules);
      await answered(laurel, claimId, 'revoke');
      await terminatedAndFound(claimId);
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...ABORTED,
        end: 'FAILED / FULFILLMENT_REFUSED',
        steps: undoneSteps('REFUSED'),
        given: { cape: 'REFUSED ×0' },
      });
    });

    it('while it settles leaves nothing half done', async () => {
      const { eventId } = await event(laurel);
      const { claimId, gate } = await heldClaim(laurel, checkpoints, eventId, 'settle');
      await terminatedAndFound(claimId);
      gate.open();
      assert.deepEqual(await outcomeOf(laurel, claimId), { ...GRANTED, steps: GRANTED_STEPS });
    });
  });
});

describe('an admin who opens the run of a claim that is over', () => {
  it('sees what its one activity was for, and each step with its times as the run’s result', async () => {
    const { claimId } = await newClaim();
    const { steps } = await ended(laurel, claimId);
    const run = workflowOf(laurel, await recordOf(laurel, claimId));
    const result = (await run.result()) as ClaimOutcome;
    assert.deepEqual(
      result.steps,
      steps.map(({ step, outcome, startedAt, endedAt }) => ({ step, outcome, startedAt, endedAt })),
    );
    assert.deepEqual(stepsOf({ steps }), GRANTED_STEPS);
    const { events = [] } = await run.fetchHistory();
    const summaries = events?.flatMap(({ markerRecordedEventAttributes, userMetadata }) =>
      markerRecordedEventAttributes ? [`${userMetadata?.summary?.data}`] : [],
    );
    assert.deepEqual(summaries, ['"S1 to S5, as far as they go at once"']);
  });
});

/** Resolves once the worker has reported on a workflow task that takes long, and got the next one. */
async function heartbeatOf(claimId: string): Promise<void> {
  const handle = workflowOf(laurel, await recordOf(laurel, claimId));
  for (;;) {
    const { events } = await handle.fetchHistory();
    const started = events?.filter((e) => e.workflowTaskStartedEventAttributes) ?? [];
    if (started.length > 1) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
