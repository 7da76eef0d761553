/**
 * "How a claim stays exactly-once": the first try at a provider holds a workflow task, so it is
 * bounded, and not made where it would be long. What it did not decide is gone on with step by step.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ActivityDeps } from '../activities/deps.ts';
import type { RuleInput } from '../local/simulator/simulator-rules.ts';
import { claimIdOf } from '../store/claims/claim-record.ts';
import { requestsFor } from './game-claims.ts';
import { callsAbout, ended, gameEvent, givenBy, recordOf, workflowOf } from './helpers.ts';
import { connectionBroke, createInterposer } from './interpose.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { outcomeOf } from './outcomes.ts';
import { alwaysTried } from './paces.ts';

const TIMEOUT_MS = 10_000;
const interposer = createInterposer();

let laurel: Laurel;
/** One whose provider's pace is its own, and whose game may be asked once a second. */
let paced: Laurel;
/** Whether the game was said to be quick when a first try was to be made, in their order. */
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
  laurel = await startLaurel({
    activities: (deps) => interposer.around(alwaysTried(deps)),
    policy: { FULFILLMENT_TIMEOUT_MS: TIMEOUT_MS },
  });
  paced = await startLaurel({
    activities: watched,
    limit: { callsPerS: 1, callsAtOnce: 1 },
    policy: { FULFILLMENT_TIMEOUT_MS: TIMEOUT_MS },
  });
});
after(async () => {
  interposer.openAll();
  await laurel.stop();
  await paced.stop();
});

/** A claim at the game, which misbehaves so about it. */
async function claimAt(of: Laurel, rules: RuleInput[] = []) {
  const { eventId } = await gameEvent(of);
  const { id, token } = await of.signIn();
  of.game.rules.add(rules.map((rule) => ({ ...rule, eventId })));
  await of.claim(eventId, token, { key: 'mine' });
  const claimId = claimIdOf(id, 'mine');
  return { claimId, claim: await recordOf(of, claimId) };
}

/** The names of the activities of their own that the claim's run had. */
async function activitiesOf(of: Laurel, claimId: string): Promise<string[]> {
  const run = workflowOf(of, await recordOf(of, claimId));
  await run.result();
  const { events } = await run.fetchHistory();
  return (events ?? []).flatMap(
    (e) => e.activityTaskScheduledEventAttributes?.activityType?.name ?? [],
  );
}

describe('exactly once: the first try', { concurrency: true }, () => {
  it('that is granted is all that the game hears of a claim', async () => {
    const { claimId } = await claimAt(laurel);
    assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
    assert.deepEqual(callsAbout(laurel, claimId), ['grant']);
    assert.deepEqual(await activitiesOf(laurel, claimId), []);
  });

  it('is given up on after two seconds, and what it did is asked for then', async () => {
    const { claimId } = await claimAt(laurel, [{ do: 'delay', delayMs: 30_000, times: 1 }]);
    assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
    assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'lookup']);
    assert.deepEqual(givenBy(laurel, claimId), { state: 'GRANTED', applied: 1 });
    const [grant, lookup] = requestsFor(laurel, claimId);
    // Long before an attempt that is an activity of its own is given up on.
    assert.ok(grant && lookup && lookup.atMs - grant.atMs < TIMEOUT_MS);
  });

  for (const [what, rule, calls] of [
    ['has no answer', { do: 'fail', times: 1 }, ['grant', 'lookup', 'grant']],
    ['lost its answer', { do: 'dropAfterGrant', times: 1 }, ['grant', 'lookup']],
  ] as const) {
    it(`that ${what} is gone on with step by step, from a lookup`, async () => {
      const { claimId } = await claimAt(laurel, [rule]);
      const { end, given } = await outcomeOf(laurel, claimId);
      assert.deepEqual([end, given], ['GRANTED', { cape: 'GRANTED ×1' }]);
      assert.deepEqual(callsAbout(laurel, claimId), [...calls]);
      assert.deepEqual(await activitiesOf(laurel, claimId), ['grantLine']);
    });
  }

  it('that is refused is told to the game, as it may have changed its mind', async () => {
    const { claimId } = await claimAt(laurel, [{ do: 'refuse' }]);
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

describe('exactly once: a first try is not made', () => {
  it('where the provider’s limit is used up: the claim waits for its turn outside of its task', async () => {
    const [first, second] = await Promise.all([claimAt(paced), claimAt(paced)]);
    const activities = [];
    for (const { claimId } of [first, second]) {
      assert.equal((await ended(paced, claimId)).state, 'GRANTED');
      activities.push(...(await activitiesOf(paced, claimId)));
    }
    assert.deepEqual(entered, [true, true], 'the game is quick');
    assert.deepEqual(activities, ['grantLine'], 'one had its turn at once, one had not');
  });

  it('where the game failed a moment ago', async () => {
    const failing = await claimAt(paced, [{ do: 'fail', times: 1 }]);
    await ended(paced, failing.claimId);
    const { claimId } = await claimAt(paced);
    assert.equal((await ended(paced, claimId)).state, 'GRANTED');
    assert.equal(entered.at(-1), false);
    assert.deepEqual(await activitiesOf(paced, claimId), ['grantLine']);
  });
});
