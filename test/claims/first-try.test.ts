/**
 * The first try at a provider, within the one activity of a claim: what comes of each answer, and
 * when it is not made. It holds a workflow task, so it is bounded; what it did not decide is gone on
 * with step by step.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { AdvanceRequest } from '../../activities/advance.ts';
import type { ActivityDeps } from '../../activities/deps.ts';
import { claimIdOf } from '../../store/claims/claim-record.ts';
import { CLAIM_WORKFLOW, type ClaimInput } from '../../workflows/contract.ts';
import { testBundle } from '../bundle.ts';
import { answered, asked, claimAtGame, MOUNT, requestsFor } from '../game-claims.ts';
import {
  activitiesOf,
  CAPE,
  callsAbout,
  ended,
  gameEvent,
  givenBy,
  recordOnce,
  until,
} from '../helpers.ts';
import { connectionBroke, createInterposer } from '../interpose.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { GRANTED_BY_GAME, leaves, outcomeOf, undoneSteps } from '../outcomes.ts';
import { alwaysTried } from '../paces.ts';
import { type TestServers, testServers, uniqueName } from '../servers.ts';

/** How long a pending grant waits before the first lookup. */
const POLL_MS = 1_000;
/** The pause before S4's second attempt. */
const BACKOFF_MS = 700;
/** What one attempt of S4's own may take; the first try is given up on long before. */
const TIMEOUT_MS = 10_000;

const interposer = createInterposer();

/** Each claim gets a first try here. */
let laurel: Laurel;
/** Here the measured pace decides on first tries, and the game may be called once a second. */
let paced: Laurel;
/** For each first try that was due, in order: whether the game was quick enough for it. */
const entered: boolean[] = [];
const watched = (deps: ActivityDeps): ActivityDeps => ({
  ...deps,
  pace: {
    enter(provider) {
      const leave = deps.pace.enter(provider);
      entered.push(leave !== null);
      return leave;
    },
  },
});
before(async () => {
  const policy = {
    FULFILLMENT_TIMEOUT_MS: TIMEOUT_MS,
    FULFILLMENT_INITIAL_INTERVAL_MS: BACKOFF_MS,
  };
  [laurel, paced] = await Promise.all([
    startLaurel({ activities: (deps) => interposer.around(alwaysTried(deps)), policy }),
    startLaurel({ activities: watched, limit: { callsPerS: 1, callsAtOnce: 1 }, policy }),
  ]);
});
after(async () => {
  interposer.openAll();
  await laurel.stop();
  await paced.stop();
});

/** The names of the activities of their own that the claim's run had. */
const activityNames = async (of: Laurel, claimId: string) =>
  (await activitiesOf(of, claimId)).map(({ name }) => name);

/** The milliseconds between the first and the second request about the claim. */
function restOf(claimId: string): number {
  const [first, second] = requestsFor(laurel, claimId);
  assert.ok(first && second, 'it was asked twice');
  return second.atMs - first.atMs;
}

describe('the first try', { concurrency: true }, () => {
  it('grants a claim by itself: one call, and no activity of its own', async () => {
    const { claimId } = await claimAtGame(laurel, [], { rewards: [CAPE, MOUNT] });
    const { end, given } = await outcomeOf(laurel, claimId);
    assert.deepEqual([end, given], ['GRANTED', { cape: 'GRANTED ×1', mount: 'GRANTED ×1' }]);
    assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'grant']);
    assert.deepEqual(await activityNames(laurel, claimId), []);
  });

  it('that is refused has the claim undone, and every line taken back', async () => {
    const rules = [{ do: 'refuse', lineId: 'mount' }] as const;
    const { claimId } = await claimAtGame(laurel, [...rules], { rewards: [CAPE, MOUNT] });
    const { levels: _, ...outcome } = await outcomeOf(laurel, claimId);
    assert.deepEqual(outcome, {
      end: 'FAILED / FULFILLMENT_REFUSED',
      steps: undoneSteps('REFUSED'),
      lines: { cape: 'REVOKED', mount: 'REVOKED' },
      given: { cape: 'REVOKED ×1', mount: 'REFUSED ×0' },
      isEntitled: false,
    });
  });

  it('that is answered with "later" is followed by a question a second after', async () => {
    const { claimId } = await claimAtGame(laurel, [
      { do: 'pending', settleAfterMs: 0, callback: false },
    ]);
    assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
    assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'lookup']);
    assert.ok(restOf(claimId) >= POLL_MS, `${restOf(claimId)} ms`);
  });

  it('that fails is followed by an attempt of S4’s own, after its pause', async () => {
    const { claimId } = await claimAtGame(laurel, [{ do: 'fail', times: 1 }]);
    assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
    assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'lookup', 'grant']);
    assert.ok(restOf(claimId) >= BACKOFF_MS, `${restOf(claimId)} ms`);
    assert.deepEqual(await activityNames(laurel, claimId), ['grantLine']);
  });

  it('and each attempt after it name the player by the external ID too', async () => {
    const { eventId } = await gameEvent(laurel);
    const grants = [
      { rules: [], calls: ['grant'] },
      { rules: [{ do: 'fail', times: 1 }] as const, calls: ['grant', 'lookup', 'grant'] },
    ];
    for (const { rules, calls } of grants) {
      const { id, token } = await laurel.signIn();
      const externalId = `ext:game:${id}`;
      await laurel.store.users.model.updateOne({ _id: id }, { $set: { externalId } });
      laurel.game.rules.add(rules.map((rule) => ({ ...rule, userId: id })));
      const claimId = claimIdOf(id, 'mine');
      await laurel.claim(eventId, token, { key: 'mine' });
      assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
      assert.deepEqual(callsAbout(laurel, claimId), calls);
      const grant = laurel.game.ledger().find((one) => one.grantId === `${claimId}:cape`);
      assert.equal(grant?.asked?.externalId, externalId);
    }
  });

  it('that is answered with Retry-After leaves the provider alone that long', async () => {
    const { claimId } = await claimAtGame(laurel, [{ do: 'fail', retryAfter: '3', times: 1 }]);
    assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
    assert.ok(restOf(claimId) >= 3_000, `${restOf(claimId)} ms`);
  });

  it('whose answer was lost is followed by a lookup, and granted once', async () => {
    const { claimId } = await claimAtGame(laurel, [{ do: 'dropAfterGrant' }]);
    assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
    assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'lookup']);
    assert.deepEqual(await activityNames(laurel, claimId), ['grantLine']);
  });

  it('whose answer does not come in two seconds is given up, and its grant found', async () => {
    const { claimId } = await claimAtGame(laurel, [{ do: 'delay', delayMs: 30_000, times: 1 }]);
    await asked(laurel, claimId, 'grant');
    await recordOnce(laurel, claimId, ({ state }) => state === 'FULFILLING');
    assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
    assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'lookup']);
    // Long before an attempt that is an activity of its own is given up on.
    assert.ok(restOf(claimId) < TIMEOUT_MS, `${restOf(claimId)} ms`);
  });

  it('of a player who leaves right after is taken back at once, though it is to be left alone', async () => {
    const { claimId, id } = await claimAtGame(laurel, [{ do: 'fail', retryAfter: '3600' }]);
    await answered(laurel, claimId, 'grant');
    await recordOnce(laurel, claimId, ({ state }) => state === 'FULFILLING');
    await leaves(laurel, id);
    const { end, given } = await outcomeOf(laurel, claimId);
    assert.deepEqual([end, given], ['FAILED / USER_NOT_ACTIVE', { cape: 'REVOKED ×0' }]);
  });

  it('that is refused is told to the game, as it may have changed its mind', async () => {
    const { claimId } = await claimAtGame(laurel, [{ do: 'refuse' }]);
    assert.equal((await ended(laurel, claimId)).reason, 'FULFILLMENT_REFUSED');
    assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'revoke']);
  });

  it('that is refused leaves nothing under way: where the game has never seen it, it is asked once', async () => {
    const { eventId } = await gameEvent(laurel);
    laurel.game.rules.add([{ do: 'refuse', eventId }]);
    const { id, token } = await laurel.signIn();
    const claimId = claimIdOf(id, 'mine');
    interposer.next('provider.revoke', claimId, async () => ({ state: 'NEVER_SEEN' }));
    await laurel.claim(eventId, token, { key: 'mine' });
    assert.equal((await ended(laurel, claimId)).reason, 'FULFILLMENT_REFUSED');
    assert.deepEqual(callsAbout(laurel, claimId), ['grant']);
  });

  it('of a second attempt looks up before it asks', async () => {
    const { eventId } = await gameEvent(laurel);
    const { id, token } = await laurel.signIn();
    const claimId = claimIdOf(id, 'mine');
    // The first attempt was granted, and fails before that is written down.
    interposer.next('claims.takeGrantFate', claimId, async () => {
      throw connectionBroke();
    });
    await laurel.claim(eventId, token, { key: 'mine' });
    assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
    assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'lookup']);
    assert.deepEqual(givenBy(laurel, claimId), { state: 'GRANTED', applied: 1 });
  });
});

describe('a first try is not made', () => {
  it('where the provider’s limit is used up: the claim waits for a slot outside of its task', async () => {
    const [first, second] = await Promise.all([claimAtGame(paced), claimAtGame(paced)]);
    const activities = [];
    for (const { claimId } of [first, second]) {
      assert.equal((await ended(paced, claimId)).state, 'GRANTED');
      activities.push(...(await activityNames(paced, claimId)));
    }
    assert.deepEqual(entered, [true, true], 'the game is quick');
    assert.deepEqual(activities, ['grantLine'], 'one had a slot at once, one had not');
  });

  it('where the game failed a moment ago', async () => {
    const failing = await claimAtGame(paced, [{ do: 'fail', times: 1 }]);
    await ended(paced, failing.claimId);
    const { claimId } = await claimAtGame(paced);
    assert.equal((await ended(paced, claimId)).state, 'GRANTED');
    assert.equal(entered.at(-1), false);
    assert.deepEqual(await activityNames(paced, claimId), ['grantLine']);
  });
});

/**
 * What the one activity is told of what came before it: only the very first task of a run that the
 * recorder of its claim started may believe that nobody has asked or taken anything yet.
 */
describe('the one activity of a claim', { concurrency: true }, () => {
  /** Temporal takes a task for lost after this; a local activity that takes four fifths of it prolongs it. */
  const TASK_TIMEOUT_MS = 2_000;

  const ENDED = { end: { state: 'REJECTED', reason: 'SOLD_OUT', steps: [] }, left: null };

  let servers: TestServers;
  let native: NativeConnection;
  let connection: Connection;
  before(async () => {
    servers = await testServers();
    native = await NativeConnection.connect({ address: servers.temporalAddress });
    connection = await Connection.connect({ address: servers.temporalAddress });
  });
  after(async () => {
    await Promise.all([native.close(), connection.close()]);
    await servers.stop();
  });

  /** A claim's run on a queue of its own. */
  async function startRun(given: Partial<ClaimInput>) {
    const taskQueue = uniqueName('first-task');
    const input: ClaimInput = { claimId: 'clm_1', userId: 'usr_1', eventId: 'evt_1', ...given };
    const run = await new Client({ connection }).workflow.start(CLAIM_WORKFLOW, {
      taskQueue,
      workflowId: taskQueue,
      args: [input],
      workflowTaskTimeout: TASK_TIMEOUT_MS,
    });
    return { taskQueue, run };
  }

  /** Runs a worker to the run's end; returns what its activity was told. */
  async function toldAtLast(taskQueue: string, run: { result(): Promise<unknown> }) {
    const told: boolean[] = [];
    const worker = await Worker.create({
      connection: native,
      taskQueue,
      workflowBundle: await testBundle(),
      activities: {
        async advance({ isFirst }: AdvanceRequest) {
          told.push(isFirst);
          return ENDED;
        },
      },
    });
    await worker.runUntil(run.result());
    return told;
  }

  /** Kills a worker during the activity, once `isSo` holds; returns what the activity was told. */
  async function loseTask(taskQueue: string, isSo: () => Promise<boolean>): Promise<string> {
    const file = fileURLToPath(new URL('../hanging-worker.ts', import.meta.url));
    const worker = spawn(process.execPath, [file, servers.temporalAddress, taskQueue], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [said] = await once(worker.stdout, 'data');
      await until(isSo, 'the moment to die');
      return String(said).trim();
    } finally {
      worker.kill('SIGKILL');
      await once(worker, 'exit');
    }
  }

  it('is the first where the run is the recorder’s and its first task is under way', async () => {
    const { taskQueue, run } = await startRun({ isAlone: true, isHeld: true });
    assert.deepEqual(await toldAtLast(taskQueue, run), [true]);
  });

  it('is not where somebody else has started the run', async () => {
    const { taskQueue, run } = await startRun({});
    assert.deepEqual(await toldAtLast(taskQueue, run), [false]);
  });

  it('is not where the task before was lost with its worker', async () => {
    const { taskQueue, run } = await startRun({ isAlone: true });
    assert.equal(await loseTask(taskQueue, async () => true), 'true');
    assert.deepEqual(await toldAtLast(taskQueue, run), [false]);
  });

  it('is not where the task was prolonged before its worker was lost', async () => {
    const { taskQueue, run } = await startRun({ isAlone: true });
    const isProlonged = async () => {
      const { events } = await run.fetchHistory();
      return events?.some((e) => e.workflowTaskCompletedEventAttributes) === true;
    };
    assert.equal(await loseTask(taskQueue, isProlonged), 'true');
    assert.deepEqual(await toldAtLast(taskQueue, run), [false]);
  });
});
