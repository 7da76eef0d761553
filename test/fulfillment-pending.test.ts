import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asked, claimAtGame, type Rule, requestsFor } from './game-claims.ts';
import { callsAbout, event, leastMs, recordOf, signalsOf } from './helpers.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { GRANTED_BY_GAME, outcomeOf, undoneSteps } from './outcomes.ts';

/** A pending grant is asked after one second after the answer, and two more after that. */
const FIRST_POLL_MS = 1_000;
const SECOND_POLL_MS = 2_000;

const REFUSED = {
  end: 'FAILED / FULFILLMENT_REFUSED',
  steps: undoneSteps('REFUSED'),
  lines: { cape: 'REVOKED' },
  given: { cape: 'REFUSED ×0' },
  isEntitled: false,
  books: { cape: '10 = 10 + 0 + 0' },
};

let laurel: Laurel;
before(async () => {
  laurel = await startLaurel({
    firstTries: false,
    policy: { FULFILLMENT_PENDING_TIMEOUT_MS: 60_000 },
  });
});
after(() => laurel.stop());

const lookupsOf = (claimId: string) =>
  requestsFor(laurel, claimId).filter((r) => r.verb === 'lookup');

/** The pause between the last two lookups, in milliseconds. */
function lastPause(claimId: string): number {
  const [before, last] = lookupsOf(claimId).slice(-2);
  assert.ok(before && last);
  return last.atMs - before.atMs;
}

/** Settles a pending grant once the claim has asked after it, and says how soon it asked again. */
async function pauseOf(
  outcome: 'GRANTED' | 'REFUSED',
  rules: Rule[],
  end: object,
): Promise<number> {
  const { claimId, grantId } = await claimAtGame(laurel, rules);
  await asked(laurel, claimId, 'lookup');
  laurel.game.settle(grantId, outcome);
  assert.deepEqual(await outcomeOf(laurel, claimId), end);
  return lastPause(claimId);
}

describe('fulfillment later', { concurrency: true }, () => {
  describe('a grant that is pending', { concurrency: true }, () => {
    it('is granted promptly once the provider calls back', async () => {
      const pauseMs = await leastMs(() => pauseOf('GRANTED', [{ do: 'pending' }], GRANTED_BY_GAME));
      assert.ok(pauseMs < SECOND_POLL_MS, `${pauseMs} ms, as slow as a poll`);
    });

    it('is undone promptly once the provider calls back with a no', async () => {
      const pauseMs = await leastMs(() => pauseOf('REFUSED', [{ do: 'pending' }], REFUSED));
      assert.ok(pauseMs < SECOND_POLL_MS, `${pauseMs} ms, as slow as a poll`);
    });

    it('is granted by asking where the callback never comes', async () => {
      const silently = { do: 'pending', settleAfterMs: 0, callback: false } as const;
      const { claimId } = await claimAtGame(laurel, [silently]);
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'lookup']);
      const [grant, lookup] = requestsFor(laurel, claimId);
      assert.ok(grant && lookup && lookup.atMs - grant.atMs >= FIRST_POLL_MS);
    });

    it('is undone by asking where it was refused without a word', async () => {
      const silently = {
        do: 'pending',
        settleAfterMs: 0,
        outcome: 'REFUSED',
        callback: false,
      } as const;
      const { claimId } = await claimAtGame(laurel, [silently]);
      assert.deepEqual(await outcomeOf(laurel, claimId), REFUSED);
    });

    it('is asked after again where an answer to that was lost', async () => {
      const { claimId } = await claimAtGame(laurel, [
        { do: 'pending', settleAfterMs: 0, callback: false },
        { do: 'fail', on: ['lookup'], times: 1 },
      ]);
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'lookup', 'lookup']);
    });

    it('is asked for anew, under the same ID, where the provider has forgotten it', async () => {
      const { claimId, grantId } = await claimAtGame(laurel, [
        { do: 'pending', settleAfterMs: 0, callback: false },
        { do: 'fail', on: ['lookup'], status: 404, times: 2 },
      ]);
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'lookup', 'lookup', 'grant']);
      assert.ok(requestsFor(laurel, claimId).every((r) => r.idempotencyKey === grantId));
    });

    it('hears a callback that overtakes the answer it is about', async () => {
      const overtaken = { do: 'pending', settleAfterMs: 0, delayMs: 400 } as const;
      const pauseMs = await leastMs(async () => {
        const { claimId } = await claimAtGame(laurel, [overtaken]);
        assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
        const [grant, lookup] = requestsFor(laurel, claimId);
        assert.ok(grant && lookup);
        return lookup.atMs - grant.atMs;
      });
      assert.ok(pauseMs < 400 + FIRST_POLL_MS, `${pauseMs} ms, as slow as a poll`);
    });

    it('hears a callback that comes while the provider is being asked', async () => {
      const slow: Rule = { do: 'delay', delayMs: 500, on: ['lookup'], times: 1 };
      const pauseMs = await leastMs(() =>
        pauseOf('GRANTED', [{ do: 'pending' }, slow], GRANTED_BY_GAME),
      );
      assert.ok(pauseMs < 500 + SECOND_POLL_MS, `${pauseMs} ms`);
    });
  });

  describe('a callback', { concurrency: true }, () => {
    it('is believed no more than that there is news: the claim asks the provider', async () => {
      const { claimId, grantId } = await claimAtGame(laurel, [{ do: 'pending' }]);
      await asked(laurel, claimId, 'grant');
      assert.equal(await laurel.game.sendCallback(grantId, { state: 'GRANTED' }), 200);
      await asked(laurel, claimId, 'lookup');
      assert.equal((await recordOf(laurel, claimId)).state, 'FULFILLING');
      laurel.game.settle(grantId, 'REFUSED');
      assert.deepEqual(await outcomeOf(laurel, claimId), REFUSED);
    });

    it('about nothing we know is heard all the same', async () => {
      for (const grantId of [`clm_${'0'.repeat(40)}:cape`, 'clm_1', '', '{"$gt":""}']) {
        assert.equal(await laurel.game.sendCallback(grantId), 200, grantId);
      }
    });

    it('about another provider’s claim wakes nobody', async () => {
      const { eventId } = await event(laurel);
      const { token } = await laurel.signIn();
      const { claimId } = (await laurel.claim(eventId, token)).body;
      assert.equal(await laurel.game.sendCallback(`${claimId}:cape`), 200);
      assert.equal(await signalsOf(laurel, claimId), 0);
    });

    it('to a provider that is not configured is not found', async () => {
      for (const name of ['nobody', 'mailbox', '__proto__']) {
        const answer = await laurel.call('POST', `/api/provider-callbacks/${name}`, { body: {} });
        assert.deepEqual([answer.status, answer.body.code], [404, 'not_found'], name);
      }
    });
  });
});
