/**
 * What becomes of a claim whose run did not come to its end: reset, timed out, failed by a mistake of
 * ours. Cancellations and terminations are in `runs.test.ts`.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { temporal } from '@temporalio/proto';
import type { WorkflowBundleOption } from '@temporalio/worker';
import type { Starter } from '../../api/claims/admission/starter.ts';
import { createHttpProvider } from '../../providers/http.ts';
import { workflowIdOf } from '../../temporal/workflow-id.ts';
import { CLAIM_QUEUE, CLAIM_WORKFLOW } from '../../workflows/contract.ts';
import { changedBundle, type Edit, startWorkersOn } from '../changed-code.ts';
import { answered, asked, claimAtGame, MOUNT, type Rule } from '../game-claims.ts';
import {
  CAPE,
  gameEvent,
  leaveAlone,
  parked,
  reconcile,
  recordOf,
  runClosed,
  runsOf,
  until,
  workflowOf,
} from '../helpers.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { decide, GRANTED_BY_GAME, outcomeOf, undoneSteps } from '../outcomes.ts';

type Event = temporal.api.history.v1.IHistoryEvent;

/** A mistake in our code: what was granted is no longer settled. */
const MISTAKE: Edit = {
  file: 'workflows/claim.ts',
  from: '  const end = await local.settle(',
  to: `  if (run.view.lineIds.includes('cape')) throw ApplicationFailure.nonRetryable('a mistake');
if (run.view.lineIds.includes('mount')) throw new Error('a mistake');
const end = await local.settle(`,
};
const IMPORT: Edit = {
  file: 'workflows/claim.ts',
  from: 'import { CancellationScope, ',
  to: 'import { ApplicationFailure, CancellationScope, ',
};

let laurel: Laurel;
/** Its workers run the mistaken code first. */
let stopped: Laurel;
let mistaken: WorkflowBundleOption;
/** A claim with this key is recorded, and no run started for it. */
const NOT_STARTED = 'not-started';

before(async () => {
  const starter: Starter = {
    async start(claim, recorder) {
      if (claim.idempotencyKey !== NOT_STARTED) await laurel.runs.start(claim, recorder);
    },
  };
  laurel = await startLaurel({
    policy: { FULFILLMENT_TIMEOUT_MS: 1_000 },
    firstTries: false,
    api: { starter },
  });
  stopped = await startLaurel({ workers: false });
  // Before any claim runs: a bundler leaves no time to answer in.
  mistaken = await changedBundle([MISTAKE, IMPORT]);
});
after(async () => {
  await laurel.stop();
  await stopped.stop();
});

/** The provider fails once, and is not asked again by the same run for longer than a test takes. */
const FAILS_ONCE: Rule = { do: 'fail', retryAfter: '60', times: 1 } as Rule;
const AWAY: Rule = { do: 'fail', on: ['grant', 'lookup'], times: 3 } as Rule;

/** The game gives it and says so to nobody until the claim is parked; then it does not take it back. */
const AWAY_AFTER_GRANT: Rule[] = [
  { do: 'dropAfterGrant' },
  { do: 'fail', on: ['lookup'], times: 2 } as Rule,
];
const UNREVOKABLE: Rule = { do: 'refuseRevoke' };
const UNREVOKABLE_ONCE: Rule = { do: 'refuseRevoke', times: 1 } as Rule;
const KEPT = {
  end: 'FAILED / COMPENSATION_FAILED',
  lines: { cape: 'GRANTED' },
  given: { cape: 'GRANTED ×1' },
  isEntitled: true,
  levels: { cape: '10 = 9 + 0 + 1' },
};

const ABORTED = {
  end: 'FAILED / ABORTED_BY_ADMIN',
  steps: undoneSteps('PARKED'),
  lines: { cape: 'REVOKED' },
  isEntitled: false,
  levels: { cape: '10 = 10 + 0 + 0' },
};

/** Where the claim's latest run can be reset to: its workflow tasks, by the event that ended each. */
async function resetPoints(claimId: string) {
  const run = workflowOf(laurel, await recordOf(laurel, claimId));
  const { runId } = await run.describe();
  const { events } = await run.fetchHistory();
  const points = (events ?? []).filter((e) => e.workflowTaskCompletedEventAttributes);
  return points.map(({ eventId }) => ({ runId, eventId }));
}
type ResetPoint = Awaited<ReturnType<typeof resetPoints>>[number];

/** As `temporal workflow reset` does. */
async function reset(claimId: string, { runId, eventId }: ResetPoint): Promise<void> {
  const { userId, idempotencyKey } = await recordOf(laurel, claimId);
  await laurel.client.workflowService.resetWorkflowExecution({
    namespace: laurel.namespace,
    workflowExecution: { workflowId: workflowIdOf(userId, idempotencyKey), runId },
    reason: 'a test',
    workflowTaskFinishEventId: eventId,
    requestId: randomUUID(),
  } as never);
}

/** Reconciliation comes by, a minute after the claim last moved. */
async function passesBy(claimId: string, of = laurel): Promise<void> {
  await leaveAlone(of, claimId);
  await reconcile(of);
}

const outcomeAt = async (claimId: string) => await outcomeOf(laurel, claimId);

const closedAs = async (claimId: string) =>
  await runClosed(laurel, await recordOf(laurel, claimId));

/** Where a run is reset to: as `--type FirstWorkflowTask`, `--event-id`, `--type LastWorkflowTask`. */
const PLACES = ['first', 'middle', 'last'] as const;

async function pointAt(claimId: string, place: (typeof PLACES)[number]): Promise<ResetPoint> {
  const points = await resetPoints(claimId);
  const last = points.length - 1;
  const at = { first: 0, middle: Math.floor(last / 2), last }[place];
  return points[at] as ResetPoint;
}

/** Brings a claim to a stage for each place, and resets it to there. */
async function resetEverywhere(play: () => Promise<string>, check: (claimId: string) => unknown) {
  await Promise.all(
    PLACES.map(async (place) => {
      const claimId = await play();
      await reset(claimId, await pointAt(claimId, place));
      await check(claimId);
    }),
  );
}

async function retryingClaim(): Promise<string> {
  const { claimId } = await claimAtGame(laurel, [FAILS_ONCE]);
  await answered(laurel, claimId, 'grant');
  return claimId;
}

/** Resets the run of a claim that is final to each of its points in turn. */
async function resetsChangeNothing(claimId: string): Promise<void> {
  await closedAs(claimId);
  const points = await resetPoints(claimId);
  const [record, outcome] = [await recordOf(laurel, claimId), await outcomeAt(claimId)];
  for (const point of points) {
    await reset(claimId, point);
    await closedAs(claimId);
    assert.deepEqual(await recordOf(laurel, claimId), record, `reset to event ${point.eventId}`);
  }
  await reconcile(laurel);
  assert.deepEqual(await outcomeAt(claimId), outcome);
}

/** Resolves once the claim is parked for the `number`th time and its run has told Temporal so. */
async function parkedRun(claimId: string, number = 1): Promise<void> {
  const run = workflowOf(laurel, await parked(laurel, claimId, number));
  await until(async () => {
    const { events } = await run.fetchHistory();
    const shown = (events ?? []).filter((e) => e.upsertWorkflowSearchAttributesEventAttributes);
    // Each parking shows that it waits and how it went on.
    return shown.length >= 2 * number - 1;
  }, 'the run to show that it waits');
}

async function parkedClaim(): Promise<string> {
  const { claimId } = await claimAtGame(laurel, [AWAY]);
  await parkedRun(claimId);
  return claimId;
}

const TWO_LINES = { rewards: [CAPE, MOUNT] };

/** The first point after the run has heard of one such activity and not of the other. */
async function betweenTheLines(claimId: string, activity: string): Promise<ResetPoint> {
  const run = workflowOf(laurel, await recordOf(laurel, claimId));
  const { runId } = await run.describe();
  return await until(async () => {
    const { events = [] } = await run.fetchHistory();
    const isAsked = (e: Event) =>
      e.activityTaskScheduledEventAttributes?.activityType?.name === activity;
    const asked = events?.filter(isAsked).map((e) => String(e.eventId)) ?? [];
    const isAnswer = (e: Event) =>
      asked.includes(String(e.activityTaskCompletedEventAttributes?.scheduledEventId));
    const heard = events?.slice(events.findIndex(isAnswer)) ?? [];
    const task = heard.find((e) => e.workflowTaskCompletedEventAttributes);
    return events?.some(isAnswer) && task && { runId, eventId: task.eventId };
  }, `the run to hear of one ${activity}`);
}

describe('runs that do not end', () => {
  describe('a reset, to whichever point of the run,', { concurrency: true }, () => {
    it('of a claim between two attempts grants it, once', async () => {
      await resetEverywhere(retryingClaim, async (claimId) => {
        assert.deepEqual(await outcomeAt(claimId), GRANTED_BY_GAME);
      });
    });

    it('of a parked claim leaves it parked, to be retried', async () => {
      await resetEverywhere(parkedClaim, async (claimId) => {
        await decide(laurel, claimId, 'retry');
        assert.deepEqual(await outcomeAt(claimId), GRANTED_BY_GAME);
      });
    });

    it('of a parked claim leaves it parked, to be aborted', async () => {
      await resetEverywhere(parkedClaim, async (claimId) => {
        await decide(laurel, claimId, 'abort');
        const { given, ...outcome } = await outcomeAt(claimId);
        assert.deepEqual(outcome, ABORTED);
        assert.match(given.cape ?? '', /^REVOKED/);
      });
    });

    it('of a claim that waits for a revoke changes nothing, for the decision that comes', async () => {
      const play = async () => {
        const { claimId } = await claimAtGame(laurel, [...AWAY_AFTER_GRANT, UNREVOKABLE]);
        await parked(laurel, claimId);
        await decide(laurel, claimId, 'abort');
        await parkedRun(claimId, 2);
        return claimId;
      };
      await resetEverywhere(play, async (claimId) => {
        await decide(laurel, claimId, 'abort');
        const { steps: _, ...outcome } = await outcomeAt(claimId);
        assert.deepEqual(outcome, KEPT);
      });
    });

    const final: { name: string; rules: Rule[]; end: string }[] = [
      { name: 'granted', rules: [], end: 'GRANTED' },
      { name: 'refused', rules: [{ do: 'refuse' }], end: 'FAILED / FULFILLMENT_REFUSED' },
    ];
    for (const { name, rules, end } of final) {
      it(`of a claim that ended ${name} changes nothing`, async () => {
        const { claimId } = await claimAtGame(laurel, rules);
        const before = await outcomeAt(claimId);
        assert.equal(before.end, end);
        await resetsChangeNothing(claimId);
      });
    }

    it('of a claim that ended with a reward kept changes nothing', async () => {
      const { claimId } = await claimAtGame(laurel, [...AWAY_AFTER_GRANT, UNREVOKABLE_ONCE]);
      await parked(laurel, claimId);
      await decide(laurel, claimId, 'abort');
      await parked(laurel, claimId, 2);
      await decide(laurel, claimId, 'abort');
      const { steps: _, ...outcome } = await outcomeAt(claimId);
      assert.deepEqual(outcome, KEPT);
      await resetsChangeNothing(claimId);
    });
  });

  describe('a reset to where the run has heard of one line and not of the other', {
    concurrency: true,
  }, () => {
    /** The mount is refused. The cape is granted, and the first revoke is refused, after a delay. */
    const CAPE_STAYS: Rule[] = [
      { do: 'refuse', lineId: 'mount' },
      { do: 'refuseRevoke', lineId: 'cape', delayMs: 800, times: 1 } as Rule,
    ];

    it('takes nothing back that a claim ended with', async () => {
      const { claimId } = await claimAtGame(laurel, CAPE_STAYS, TWO_LINES);
      const point = await betweenTheLines(claimId, 'revokeLine');
      await parked(laurel, claimId);
      await decide(laurel, claimId, 'abort');
      const before = await outcomeAt(claimId);
      assert.equal(before.end, 'FAILED / COMPENSATION_FAILED');
      assert.deepEqual(before.lines, { cape: 'GRANTED', mount: 'REVOKED' });
      assert.equal(await closedAs(claimId), 'COMPLETED');

      await reset(claimId, point);
      assert.equal(await closedAs(claimId), 'COMPLETED');
      assert.deepEqual(await outcomeAt(claimId), before);
    });

    it('and then lost, is followed by one that keeps only what the player still has', async () => {
      const { claimId } = await claimAtGame(laurel, CAPE_STAYS, TWO_LINES);
      await workflowOf(laurel, await parked(laurel, claimId)).terminate();
      // A reset run has the cape revoked before it is lost in turn.
      const { secret, url: baseUrl } = laurel.game;
      const game = createHttpProvider({ name: 'game', baseUrl, secret, timeoutMs: 10_000 });
      assert.deepEqual(await game.revoke(`${claimId}:cape`), { state: 'REVOKED' });
      await decide(laurel, claimId, 'abort');
      await passesBy(claimId);
      const { end, lines, isEntitled } = await outcomeAt(claimId);
      assert.equal(end, 'FAILED / FULFILLMENT_REFUSED');
      assert.deepEqual([lines, isEntitled], [{ cape: 'REVOKED', mount: 'REVOKED' }, false]);
    });

    it('ends a claim that waits for a revoke, where it is taken back after all', async () => {
      const { claimId } = await claimAtGame(laurel, CAPE_STAYS, TWO_LINES);
      const point = await betweenTheLines(claimId, 'revokeLine');
      await parked(laurel, claimId);

      await reset(claimId, point);
      const { end, given, isEntitled } = await outcomeAt(claimId);
      assert.equal(end, 'FAILED / FULFILLMENT_REFUSED');
      assert.deepEqual([given.cape, isEntitled], ['REVOKED ×1', false]);
    });
  });

  describe('a run that has timed out', () => {
    it('is followed by one that goes on from the record', async () => {
      const { eventId } = await gameEvent(laurel);
      laurel.game.rules.add({ do: 'pending', eventId });
      const { token } = await laurel.signIn();
      const { claimId } = (await laurel.claim(eventId, token, { key: NOT_STARTED })).body;
      const claim = await recordOf(laurel, claimId);
      await laurel.client.workflow.start(CLAIM_WORKFLOW, {
        workflowId: workflowIdOf(claim.userId, claim.idempotencyKey),
        taskQueue: CLAIM_QUEUE,
        args: [{ claimId, userId: claim.userId, eventId }],
        workflowRunTimeout: '2 seconds',
      });
      await answered(laurel, claimId, 'grant');
      assert.equal(await closedAs(claimId), 'TIMED_OUT');
      assert.equal((await recordOf(laurel, claimId)).state, 'FULFILLING');

      await passesBy(claimId);
      laurel.game.settle(`${claimId}:cape`, 'GRANTED');
      assert.deepEqual(await outcomeAt(claimId), GRANTED_BY_GAME);
    });
  });

  describe('a run that a mistake in our code stops,', () => {
    const claims = { failed: '', retried: '' };

    before(async () => {
      const workers = await startWorkersOn(stopped, mistaken);
      const claimOf = async ({ eventId }: { eventId: string }) =>
        (await stopped.claim(eventId, (await stopped.signIn()).token)).body.claimId;
      claims.failed = await claimOf(await gameEvent(stopped));
      claims.retried = await claimOf(await gameEvent(stopped, { rewards: [MOUNT] }));
      assert.equal(await runClosed(stopped, await recordOf(stopped, claims.failed)), 'FAILED');
      await taskFailed(claims.retried);
      await workers.stop();
      await stopped.startWorkers();
    });
    /** Resolves once a workflow task of the claim's run has failed, which is then tried anew. */
    async function taskFailed(claimId: string): Promise<void> {
      const run = workflowOf(stopped, await recordOf(stopped, claimId));
      await until(async () => {
        const { events } = await run.fetchHistory();
        return events?.some((e) => e.workflowTaskFailedEventAttributes);
      }, 'a workflow task to fail');
    }

    it('failed for good: is followed by one that goes on from the record, once the code is mended', async () => {
      assert.equal((await recordOf(stopped, claims.failed)).state, 'FULFILLING');
      await passesBy(claims.failed, stopped);
      assert.deepEqual(await outcomeOf(stopped, claims.failed), GRANTED_BY_GAME);
    });

    it('tried anew and anew: goes on by itself, once the code is mended', async () => {
      const { end, given } = await outcomeOf(stopped, claims.retried);
      assert.deepEqual([end, given], ['GRANTED', { mount: 'GRANTED ×1' }]);
      assert.equal((await runsOf(stopped, await recordOf(stopped, claims.retried))).length, 1);
    });
  });
});

describe('a reset while a request is under way', () => {
  it('leaves a request that is under way its time, before anything is given back', async () => {
    // A game that cannot refuse a grant it was told to revoke before it ever saw it.
    laurel.game.configure({ tombstones: false });
    const late = { do: 'applyLate', applyAfterMs: 2_500, lineId: 'mount', times: 1 } as Rule;
    const { claimId, id } = await claimAtGame(laurel, [late], TWO_LINES);
    await asked(laurel, claimId, 'grant', { lineId: 'mount' });
    const point = await betweenTheLines(claimId, 'grantLine');
    await laurel.store.users.model.updateOne({ _id: id }, { status: 'BANNED' });
    await reset(claimId, point);
    const { end, given } = await outcomeAt(claimId);
    laurel.game.configure({ tombstones: true });
    assert.equal(end, 'FAILED / USER_NOT_ACTIVE');
    assert.deepEqual(given, { cape: 'REVOKED ×1', mount: 'REVOKED ×1' });
  });
});
