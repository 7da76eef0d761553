/** S4's first try at a provider over HTTP, within the claim's one activity: what comes of each answer. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { answered, asked, claimAtGame, MOUNT, requestsFor } from './game-claims.ts';
import { CAPE, callsAbout, recordOf, recordOnce, workflowOf } from './helpers.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { GRANTED_BY_GAME, leaves, outcomeOf, undoneSteps } from './outcomes.ts';

/** Until a grant that is pending is first asked after. */
const POLL_MS = 1_000;
/** The pause before S4's second attempt. */
const BACKOFF_MS = 700;

let laurel: Laurel;
before(async () => {
  laurel = await startLaurel({
    firstTries: true,
    policy: { FULFILLMENT_TIMEOUT_MS: 10_000, FULFILLMENT_INITIAL_INTERVAL_MS: BACKOFF_MS },
  });
});
after(() => laurel.stop());

/** The activities of the claim's run on a queue of their own. */
async function activitiesOf(claimId: string): Promise<number> {
  const { events } = await workflowOf(laurel, await recordOf(laurel, claimId)).fetchHistory();
  return (events ?? []).filter((e) => e.activityTaskScheduledEventAttributes).length;
}

/** How long the game was left alone after its first answer for the claim, or after the first request. */
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
    assert.equal(await activitiesOf(claimId), 0);
  });

  it('that is refused has the claim undone, and every line taken back', async () => {
    const rules = [{ do: 'refuse', lineId: 'mount' }] as const;
    const { claimId } = await claimAtGame(laurel, [...rules], { rewards: [CAPE, MOUNT] });
    const { books: _, ...outcome } = await outcomeOf(laurel, claimId);
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
  });

  it('whose answer does not come in two seconds is given up, and its grant found', async () => {
    const { claimId } = await claimAtGame(laurel, [{ do: 'delay', delayMs: 8_000, times: 1 }]);
    await asked(laurel, claimId, 'grant');
    await recordOnce(laurel, claimId, ({ state }) => state === 'FULFILLING');
    assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
    assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'lookup']);
  });

  it('of a player who leaves right after is taken back at once, though it is to be left alone', async () => {
    const { claimId, id } = await claimAtGame(laurel, [{ do: 'fail', retryAfter: '3600' }]);
    await answered(laurel, claimId, 'grant');
    await recordOnce(laurel, claimId, ({ state }) => state === 'FULFILLING');
    await leaves(laurel, id);
    const { end, given } = await outcomeOf(laurel, claimId);
    assert.deepEqual([end, given], ['FAILED / USER_NOT_ACTIVE', { cape: 'REVOKED ×0' }]);
  });
});
