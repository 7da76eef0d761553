/**
 * New workflow code is deployed with claims running: those that are half done and those that are
 * parked began under an old bundle and end under a new one. `docs/deploying-workflow-code.md`.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Worker, type WorkflowBundleOption } from '@temporalio/worker';
import type { Reward } from '../../domain/events/event.ts';
import type { RuleInput } from '../../local/simulator/simulator-rules.ts';
import { claimIdOf } from '../../store/claims/claim-record.ts';
import { testBundle } from '../bundle.ts';
import { changedBundle, patchedStep, plainStep, startWorkersOn } from '../changed-code.ts';
import { answered, MOUNT } from '../game-claims.ts';
import {
  CAPE,
  gameEvent,
  leaveAlone,
  reconcile,
  recordOf,
  recordOnce,
  runsOf,
  until,
  workflowOf,
} from '../helpers.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { decide, GRANTED_BY_GAME, outcomeOf } from '../outcomes.ts';
import { releasedBundle, releases } from '../releases.ts';

const PATIENCE_MS = 60_000;

/** Where a claim stands when the old worker stops, by what the game does. */
const STAGES = {
  pending: [{ do: 'pending' }],
  retrying: [{ do: 'fail', retryAfter: '3', times: 1 }],
  undoing: [{ do: 'refuse' }, { do: 'fail', on: ['revoke'], retryAfter: '3', times: 1 }],
  parkedAndRetried: [{ do: 'fail', on: ['grant', 'lookup'], times: 3 }],
  parkedAndAborted: [{ do: 'dropAfterGrant' }, { do: 'fail', on: ['lookup'], times: 2 }],
  parkedInUndoing: [
    { do: 'refuse', lineId: 'mount' },
    { do: 'refuseRevoke', lineId: 'cape', times: 1 },
  ],
} satisfies Record<string, RuleInput[]>;
type Stage = keyof typeof STAGES;
const ALL = Object.keys(STAGES) as Stage[];

/** Only what was given can be refused to be taken back: another line has the claim undone. */
const REWARDS: { [stage in Stage]?: Reward[] } = { parkedInUndoing: [CAPE, MOUNT] };

let laurel: Laurel;
/** Today's code with a step more, as the recipe says. */
let next: WorkflowBundleOption;

before(async () => {
  next = await changedBundle(patchedStep());
  laurel = await startLaurel({ workers: false });
});
after(() => laurel.stop());

async function claimAt(stage: Stage): Promise<string> {
  const { eventId } = await gameEvent(laurel, { rewards: REWARDS[stage] ?? [CAPE] });
  laurel.game.rules.add(STAGES[stage].map((rule: RuleInput) => ({ ...rule, eventId })));
  const { id, token } = await laurel.signIn();
  await laurel.claim(eventId, token, { key: 'mine' });
  return claimIdOf(id, 'mine');
}

const parkedOnce = (claimId: string) =>
  recordOnce(laurel, claimId, ({ state }) => state === 'NEEDS_ATTENTION', PATIENCE_MS);

async function isThere(stage: Stage, claimId: string): Promise<void> {
  if (stage.startsWith('parked')) await parkedOnce(claimId);
  else await answered(laurel, claimId, stage === 'undoing' ? 'revoke' : 'grant');
}

const outcomeAt = async (claimId: string) => await outcomeOf(laurel, claimId, PATIENCE_MS);

/** Brings a claim to each stage under the old code, and stops its workers. */
async function begin<S extends Stage>(old: WorkflowBundleOption, stages: S[]) {
  const workers = await startWorkersOn(laurel, old);
  const begun = stages.map(async (stage) => {
    const claimId = await claimAt(stage);
    await isThere(stage, claimId);
    return [stage, claimId] as const;
  });
  const claims = Object.fromEntries(await Promise.all(begun)) as Record<S, string>;
  await workers.stop();
  return claims;
}

/** Each claim in its only run, from where the old code left it. */
async function endAll(claims: Record<Stage, string>): Promise<void> {
  laurel.game.settle(`${claims.pending}:cape`, 'GRANTED');
  await decide(laurel, claims.parkedAndRetried, 'retry');
  await decide(laurel, claims.parkedAndAborted, 'abort');
  await decide(laurel, claims.parkedInUndoing, 'retry');
  for (const stage of ['pending', 'retrying', 'parkedAndRetried'] as const) {
    assert.deepEqual(await outcomeAt(claims[stage]), GRANTED_BY_GAME, stage);
  }
  const undone = {
    undoing: 'FAILED / FULFILLMENT_REFUSED',
    parkedInUndoing: 'FAILED / FULFILLMENT_REFUSED',
    parkedAndAborted: 'FAILED / ABORTED_BY_ADMIN',
  } as const;
  for (const [stage, reason] of Object.entries(undone)) {
    const { end, isEntitled, levels } = await outcomeAt(claims[stage as Stage]);
    assert.deepEqual([end, isEntitled, levels.cape], [reason, false, '10 = 10 + 0 + 0'], stage);
  }
  for (const claimId of Object.values(claims)) {
    assert.equal((await runsOf(laurel, await recordOf(laurel, claimId))).length, 1);
  }
}

async function carriesOver(old: WorkflowBundleOption, next: WorkflowBundleOption): Promise<void> {
  const claims = await begin(old, ALL);
  const workers = await startWorkersOn(laurel, next);
  try {
    await endAll(claims);
  } finally {
    await workers.stop();
  }
}

describe('claims that are half done and claims that are parked end right', () => {
  for (const release of releases()) {
    it(`where they began under ${release} and go on under today’s code`, async () => {
      await carriesOver(releasedBundle(release), await testBundle());
    });
  }

  it('where they began under today’s code and go on with a step more, put in with patched()', async () => {
    await carriesOver(await testBundle(), next);
  });

  it('but a claim that has taken the new step is not for the code before', async () => {
    const workers = await startWorkersOn(laurel, next);
    const { eventId } = await gameEvent(laurel);
    const { token } = await laurel.signIn();
    const { claimId } = (await laurel.claim(eventId, token)).body;
    assert.deepEqual(await outcomeAt(claimId), GRANTED_BY_GAME);
    const history = await workflowOf(laurel, await recordOf(laurel, claimId)).fetchHistory();
    await workers.stop();
    await Worker.runReplayHistory({ workflowBundle: next }, history);
    const back = Worker.runReplayHistory({ workflowBundle: await testBundle() }, history);
    await assert.rejects(back, /Nondeterminism/);
  });
});

describe('a step more that was put in without patched()', () => {
  let claims: Record<'parkedAndRetried' | 'parkedAndAborted', string>;
  let workers: Awaited<ReturnType<typeof startWorkersOn>>;
  before(async () => {
    claims = await begin(await testBundle(), ['parkedAndRetried', 'parkedAndAborted']);
    workers = await startWorkersOn(laurel, await changedBundle(plainStep()));
    // What wakes a run is what makes it go on.
    await decide(laurel, claims.parkedAndRetried, 'retry');
    await decide(laurel, claims.parkedAndAborted, 'abort');
  });

  /** Resolves once a workflow task of the claim's run has failed for that reason. */
  async function isFound(claimId: string): Promise<void> {
    const run = workflowOf(laurel, await recordOf(laurel, claimId));
    await until(
      async () => {
        const { events } = await run.fetchHistory();
        const failures = events?.flatMap((e) => e.workflowTaskFailedEventAttributes ?? []) ?? [];
        return failures.some(({ failure }) => /Nondeterminism/.test(failure?.message ?? ''));
      },
      'the change to be found out',
      PATIENCE_MS,
    );
    assert.equal((await run.describe()).status.name, 'RUNNING');
  }

  it('stops a claim’s run, and harms nothing', async () => {
    await isFound(claims.parkedAndRetried);
    await isFound(claims.parkedAndAborted);
    assert.equal((await recordOf(laurel, claims.parkedAndRetried)).state, 'NEEDS_ATTENTION');
  });

  it('is no matter to a new run, which a termination brings and which goes on from the record', async () => {
    const claim = await recordOf(laurel, claims.parkedAndAborted);
    await workflowOf(laurel, claim).terminate('a deploy went wrong');
    await leaveAlone(laurel, claim._id);
    await reconcile(laurel);
    const { end } = await outcomeAt(claim._id);
    assert.equal(end, 'FAILED / ABORTED_BY_ADMIN');
  });

  it('is cured by going back to the code before', async () => {
    await workers.stop();
    workers = await startWorkersOn(laurel, await testBundle());
    assert.deepEqual(await outcomeAt(claims.parkedAndRetried), GRANTED_BY_GAME);
    await workers.stop();
  });
});
