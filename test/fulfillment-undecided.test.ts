/** Fulfillment later, where the provider does not decide in time: the claim waits for a person. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asked, claimAtGame, requestsFor } from './game-claims.ts';
import { callsAbout, parked, recordOf, recordOnce, signalsOf } from './helpers.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { decide, GRANTED_BY_GAME, outcomeOf, undoneSteps } from './outcomes.ts';

/** Time for the polls after one second and after two more, and a last one at its end. */
const PATIENCE_MS = 3_500;

let laurel: Laurel;
before(async () => {
  laurel = await startLaurel({
    firstTries: false,
    policy: { FULFILLMENT_PENDING_TIMEOUT_MS: PATIENCE_MS },
  });
});
after(() => laurel.stop());

const lookupsOf = (claimId: string) =>
  requestsFor(laurel, claimId).filter((r) => r.verb === 'lookup');

describe('fulfillment that does not come', { concurrency: true }, () => {
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
        end: 'FAILED / ABORTED_BY_ADMIN',
        steps: undoneSteps('PARKED'),
        lines: { cape: 'REVOKED' },
        given: { cape: 'REVOKED ×0' },
        isEntitled: false,
        books: { cape: '10 = 10 + 0 + 0' },
      });
    });

    it('is waited for as long as ever, however often the provider calls back for nothing', async () => {
      const { claimId, grantId } = await claimAtGame(laurel, [UNDECIDED]);
      for (let lookups = 1; lookups <= 4; lookups++) {
        await laurel.game.sendCallback(grantId, { state: 'PENDING' });
        await asked(laurel, claimId, 'lookup', { times: lookups });
      }
      const { parking } = await recordOnce(
        laurel,
        claimId,
        (claim) => claim.state === 'NEEDS_ATTENTION',
      );
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
      assert.equal(await signalsOf(laurel, claimId), 0);
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

    it('that makes no sense is refused, once its signature fits', async () => {
      const { grantId } = await parkedClaim();
      assert.equal(await laurel.game.sendCallback(grantId, { state: 'LOST' }), 400);
      assert.equal(
        await laurel.game.sendCallback(grantId, { state: 'LOST', signature: 'bad' }),
        401,
      );
      assert.equal(await laurel.game.sendCallback('x'.repeat(201)), 400);
    });
  });
});
