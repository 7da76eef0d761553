import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asked, claimAtGame, requestsFor } from './game-claims.ts';
import { callsAbout, event, leastMs, parked, recordOf, until, workflowOf } from './helpers.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { decide, GRANTED_BY_GAME, outcomeOf, undoneSteps } from './outcomes.ts';

/** A pending grant is asked after one second after the answer, and two more after that. */
const FIRST_POLL_MS = 1_000;
const SECOND_POLL_MS = 2_000;
/** Time for both of these, and a last poll at its end. */
const PATIENCE_MS = 3_500;

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
    policy: { FULFILLMENT_TIMEOUT_MS: 2_000, FULFILLMENT_PENDING_TIMEOUT_MS: PATIENCE_MS },
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

describe('fulfilment later', { concurrency: true }, () => {
  describe('a grant that is pending', { concurrency: true }, () => {
    it('is granted promptly once the provider calls back', async () => {
      const { claimId, grantId } = await claimAtGame(laurel, [{ do: 'pending' }]);
      await asked(laurel, claimId, 'lookup');
      laurel.game.settle(grantId, 'GRANTED');
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      assert.equal(lookupsOf(claimId).length, 2);
      assert.ok(lastPause(claimId) < SECOND_POLL_MS, `${lastPause(claimId)} ms, as slow as a poll`);
    });

    it('is undone promptly once the provider calls back with a no', async () => {
      const { claimId, grantId } = await claimAtGame(laurel, [{ do: 'pending' }]);
      await asked(laurel, claimId, 'lookup');
      laurel.game.settle(grantId, 'REFUSED');
      assert.deepEqual(await outcomeOf(laurel, claimId), REFUSED);
      assert.ok(lastPause(claimId) < SECOND_POLL_MS, `${lastPause(claimId)} ms, as slow as a poll`);
    });

    it('is granted by asking where the callback never comes', async () => {
      const silently = { do: 'pending', settleAfterMs: 100, callback: false } as const;
      const { claimId } = await claimAtGame(laurel, [silently]);
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'lookup']);
      const [grant, lookup] = requestsFor(laurel, claimId);
      assert.ok(grant && lookup && lookup.atMs - grant.atMs >= FIRST_POLL_MS);
    });

    it('is undone by asking where it was refused without a word', async () => {
      const silently = {
        do: 'pending',
        settleAfterMs: 100,
        outcome: 'REFUSED',
        callback: false,
      } as const;
      const { claimId } = await claimAtGame(laurel, [silently]);
      assert.deepEqual(await outcomeOf(laurel, claimId), REFUSED);
    });

    it('is asked after again where an answer to that was lost', async () => {
      const { claimId } = await claimAtGame(laurel, [
        { do: 'pending', settleAfterMs: 100, callback: false },
        { do: 'fail', on: ['lookup'], times: 1 },
      ]);
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'lookup', 'lookup']);
    });

    it('is asked for anew, under the same ID, where the provider has forgotten it', async () => {
      const { claimId, grantId } = await claimAtGame(laurel, [
        { do: 'pending', settleAfterMs: 100, callback: false },
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
      const { claimId, grantId } = await claimAtGame(laurel, [
        { do: 'pending' },
        { do: 'delay', delayMs: 500, on: ['lookup'], times: 1 },
      ]);
      await asked(laurel, claimId, 'lookup');
      laurel.game.settle(grantId, 'GRANTED');
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      assert.ok(lastPause(claimId) < 500 + SECOND_POLL_MS, `${lastPause(claimId)} ms`);
    });
  });

  describe('a grant that is never decided', { concurrency: true }, () => {
    const UNDECIDED = { do: 'pending' } as const;

    it('parks the claim, and a late callback wakes it', async () => {
      const { claimId, grantId } = await claimAtGame(laurel, [UNDECIDED]);
      assert.equal((await parked(laurel, claimId)).reason, 'FULFILLMENT_UNKNOWN');
      laurel.game.settle(grantId, 'GRANTED');
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
    });

    it('parks the claim, and an admin’s retry asks for the outcome', async () => {
      const { claimId, grantId } = await claimAtGame(laurel, [{ ...UNDECIDED, callback: false }]);
      await parked(laurel, claimId);
      laurel.game.settle(grantId, 'GRANTED');
      await decide(laurel, claimId, 'retry');
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      assert.equal(callsAbout(laurel, claimId).filter((verb) => verb === 'grant').length, 1);
    });

    it('parks the claim, and an admin’s abort takes it back', async () => {
      const { claimId } = await claimAtGame(laurel, [UNDECIDED]);
      await parked(laurel, claimId);
      await decide(laurel, claimId, 'abort');
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...REFUSED,
        end: 'FAILED / ABORTED_BY_ADMIN',
        steps: undoneSteps('PARKED'),
        given: { cape: 'REVOKED ×0' },
      });
    });

    it('is waited for as long as ever, however often the provider calls back for nothing', async () => {
      const { claimId, grantId } = await claimAtGame(laurel, [UNDECIDED]);
      for (let lookups = 1; lookups <= 4; lookups++) {
        await laurel.game.sendCallback(grantId, { state: 'PENDING' });
        await asked(laurel, claimId, 'lookup', { times: lookups });
      }
      const { parking } = await parked(laurel, claimId);
      const [grant] = requestsFor(laurel, claimId);
      const waitedMs = (parking?.at.getTime() ?? 0) - (grant?.atMs ?? 0);
      assert.ok(waitedMs >= PATIENCE_MS, `${waitedMs} ms`);
    });

    it('is not left to a person where the callback comes just before the claim is parked', async () => {
      const { claimId, grantId } = await claimAtGame(laurel, [
        { do: 'pending' },
        // So slow that what is left after the first answer is less than the pause before the third.
        { do: 'delay', delayMs: 700, on: ['lookup'] },
      ]);
      await asked(laurel, claimId, 'lookup', { times: 2 });
      laurel.game.settle(grantId, 'GRANTED');
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
    });
  });

  describe('a callback', { concurrency: true }, () => {
    /** A claim parked over a grant that the provider has meanwhile decided on, and told nobody. */
    async function parkedClaim() {
      const { claimId, grantId } = await claimAtGame(laurel, [{ do: 'pending', callback: false }]);
      await parked(laurel, claimId);
      laurel.game.settle(grantId, 'GRANTED');
      return { claimId, grantId };
    }

    it('is refused with a bad signature, without one and from long ago, and nothing happens', async () => {
      const { claimId, grantId } = await parkedClaim();
      const before = await recordOf(laurel, claimId);
      const lookups = lookupsOf(claimId).length;
      const sixMinutesAgoS = Math.floor(Date.now() / 1000) - 360;
      const forged = [
        { signature: 'bad' },
        { signature: 'none' },
        { timestampS: sixMinutesAgoS },
        { timestampS: sixMinutesAgoS + 720 },
      ] as const;
      for (const options of forged) {
        const status = await laurel.game.sendCallback(grantId, options);
        assert.equal(status, 401, JSON.stringify(options));
      }
      const { signals } = await historyOf(claimId);
      assert.equal(signals, 0);
      assert.deepEqual(await recordOf(laurel, claimId), before);
      assert.equal(lookupsOf(claimId).length, lookups);

      assert.equal(await laurel.game.sendCallback(grantId), 200);
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
    });

    it('may come again and late', async () => {
      const { claimId, grantId } = await parkedClaim();
      const sent = [1, 2, 3].map(() => laurel.game.sendCallback(grantId));
      assert.deepEqual(await Promise.all(sent), [200, 200, 200]);
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      const before = await recordOf(laurel, claimId);
      assert.equal(await laurel.game.sendCallback(grantId), 200);
      assert.equal(await laurel.game.sendCallback(grantId, { state: 'REVOKED' }), 200);
      assert.deepEqual(await recordOf(laurel, claimId), before);
    });

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
      const { signals } = await historyOf(claimId);
      assert.equal(signals, 0);
    });

    it('that makes no sense is refused, once its signature fits', async () => {
      const { grantId } = await parkedClaim();
      assert.equal(await laurel.game.sendCallback(grantId, { state: 'LOST' }), 400);
      assert.equal(
        await laurel.game.sendCallback(grantId, { state: 'LOST', signature: 'bad' }),
        401,
      );
      assert.equal(await laurel.game.sendCallback('x'.repeat(201)), 400);
    });

    it('to a provider that is not configured is not found', async () => {
      for (const name of ['nobody', 'mailbox', '__proto__']) {
        const answer = await laurel.call('POST', `/api/provider-callbacks/${name}`, { body: {} });
        assert.deepEqual([answer.status, answer.body.code], [404, 'not_found'], name);
      }
    });
  });
});

/** How many signals the claim's run has got. */
async function historyOf(claimId: string) {
  const claim = await recordOf(laurel, claimId);
  const history = await until(() => workflowOf(laurel, claim).fetchHistory(), 'the history');
  const signals = history.events?.filter((e) => e.workflowExecutionSignaledEventAttributes);
  return { signals: signals?.length };
}
