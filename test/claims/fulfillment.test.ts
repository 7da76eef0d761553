/** S4 at a provider over HTTP, attempt by attempt: each answer, no answer, and spent retries (rule 5). */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { FulfillmentProvider } from '../../domain/claims/fulfillment.ts';
import { createHttpProvider } from '../../providers/http.ts';
import { FULFILLMENT_QUEUE } from '../../workflows/contract.ts';
import { answered, claimAtGame, MOUNT, type Rule, requestsFor } from '../game-claims.ts';
import {
  activitiesOf,
  CAPE,
  callsAbout,
  givenBy,
  hasEntitlement,
  parked,
  recordOf,
  recordOnce,
  until,
  workflowOf,
} from '../helpers.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { decide, GRANTED_BY_GAME, outcomeOf, stepsOf, sumOf, undoneSteps } from '../outcomes.ts';

const TIMEOUT_MS = 2_000;
/** The pause before the second attempt; it doubles. */
const BACKOFF_MS = 200;
/** The attempts after which a claim is parked. */
const SPENT = 3;

const UNDONE = {
  lines: { cape: 'REVOKED' },
  isEntitled: false,
  levels: { cape: '10 = 10 + 0 + 0' },
};
const REFUSED = {
  ...UNDONE,
  end: 'FAILED / FULFILLMENT_REFUSED',
  steps: undoneSteps('REFUSED'),
};
const ABORTED = {
  ...UNDONE,
  end: 'FAILED / ABORTED_BY_ADMIN',
  steps: undoneSteps('PARKED'),
};

let laurel: Laurel;
/** The provider `mistaken`: the game, called with a secret that is not ours until it is mended. */
let mistaken: FulfillmentProvider;
const atGame = (secret: string) =>
  createHttpProvider({ name: 'mistaken', baseUrl: laurel.game.url, secret, timeoutMs: TIMEOUT_MS });

before(async () => {
  laurel = await startLaurel({
    firstTries: false,
    policy: {
      FULFILLMENT_TIMEOUT_MS: TIMEOUT_MS,
      FULFILLMENT_MAX_ATTEMPTS: SPENT,
      FULFILLMENT_INITIAL_INTERVAL_MS: BACKOFF_MS,
    },
    activities: (deps) => ({
      ...deps,
      provider: (name) => (name === 'mistaken' ? mistaken : deps.provider(name)),
    }),
  });
  mistaken = atGame(`whsec_${Buffer.alloc(32).toString('base64')}`);
});
after(() => laurel.stop());

const s4Of = async (claimId: string) =>
  (await recordOf(laurel, claimId)).steps.find((s) => s.step === 'S4_FULFIL');

/** The pauses between the calls for a claim, in milliseconds. */
function pausesOf(claimId: string): number[] {
  const times = requestsFor(laurel, claimId).map((r) => r.atMs);
  return times.slice(1).map((atMs, i) => atMs - (times[i] as number));
}

describe('fulfillment', { concurrency: true }, () => {
  describe('a provider that answers', { concurrency: true }, () => {
    it('with yes is asked once', async () => {
      const { claimId } = await claimAtGame(laurel);
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      assert.deepEqual(callsAbout(laurel, claimId), ['grant']);
      // A provider without a limit shares its queue with all such providers.
      const own = { name: 'grantLine', queue: FULFILLMENT_QUEUE };
      assert.deepEqual(await activitiesOf(laurel, claimId), [own]);
    });

    for (const status of [400, 401, 403, 404, 410, 422]) {
      it(`with ${status} has said no for good: everything is undone`, async () => {
        const { claimId } = await claimAtGame(laurel, [{ do: 'refuse', status }]);
        assert.deepEqual(await outcomeOf(laurel, claimId), {
          ...REFUSED,
          given: { cape: 'REFUSED ×0' },
        });
        assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'revoke']);
        assert.match((await s4Of(claimId))?.detail ?? '', new RegExp(`^HTTP ${status}`));
      });
    }

    it('with no to one of two lines has the other one revoked', async () => {
      const rewards = [CAPE, MOUNT];
      const { claimId } = await claimAtGame(laurel, [{ do: 'refuse', lineId: 'mount' }], {
        rewards,
      });
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...REFUSED,
        lines: { cape: 'REVOKED', mount: 'REVOKED' },
        given: { cape: 'REVOKED ×1', mount: 'REFUSED ×0' },
        levels: { cape: '10 = 10 + 0 + 0', mount: '10 = 10 + 0 + 0' },
      });
    });
  });

  describe('a provider that cannot now', { concurrency: true }, () => {
    for (const status of [503, 500, 502, 408, 409, 425, 429, 204, 200, 302]) {
      it(`and says ${status} is looked up and asked again`, async () => {
        const { claimId } = await claimAtGame(laurel, [{ do: 'fail', status, times: 1 }]);
        assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
        assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'lookup', 'grant']);
        assert.equal((await s4Of(claimId))?.attempts, 2);
      });
    }

    it('and says for how long is left alone for that long', async () => {
      const { claimId } = await claimAtGame(laurel, [
        { do: 'fail', status: 429, retryAfter: '2', times: 1 },
      ]);
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      const [pauseMs = 0] = pausesOf(claimId);
      assert.ok(pauseMs >= 2_000, `${pauseMs} ms`);
    });

    it('and says until when is left alone until then', async () => {
      const retryAfter = new Date(Date.now() + 4_000).toUTCString();
      const { claimId } = await claimAtGame(laurel, [{ do: 'fail', retryAfter, times: 1 }]);
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      const [, next] = requestsFor(laurel, claimId);
      assert.ok(next && next.atMs >= Date.parse(retryAfter));
    });

    it('is left alone for longer after each failure', async () => {
      const { claimId } = await claimAtGame(laurel, [
        { do: 'fail', on: ['grant', 'lookup'], times: SPENT - 1 },
      ]);
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      const [first = 0, second = 0] = pausesOf(claimId);
      assert.ok(first >= BACKOFF_MS && second >= 2 * BACKOFF_MS, `${first} ms, then ${second} ms`);
    });

    it('and is slow is not asked for the reward twice', async () => {
      const delayMs = 2 * TIMEOUT_MS;
      const { claimId } = await claimAtGame(laurel, [{ do: 'delay', delayMs, times: 1 }]);
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'lookup']);
    });
  });

  describe('a claim whose retries are spent', { concurrency: true }, () => {
    /** Attempts that all fail; the fourth would succeed. */
    const DOWN: Rule[] = [{ do: 'fail', times: SPENT }];

    it('is parked, its holds and its entitlement kept, its run waiting for a person', async () => {
      const { claimId, eventId } = await claimAtGame(laurel, DOWN);
      const claim = await parked(laurel, claimId);
      assert.equal(claim.reason, 'FULFILLMENT_UNAVAILABLE');
      assert.deepEqual(stepsOf(claim).at(-1), 'S4_FULFIL PARKED');
      assert.equal(claim.steps.at(-1)?.attempts, SPENT);
      assert.equal(await sumOf(laurel, { eventId }), '10 = 9 + 1 + 0');
      assert.equal(await hasEntitlement(laurel, claimId), true);
      assert.equal(callsAbout(laurel, claimId).filter((verb) => verb === 'grant').length, SPENT);

      const { status, searchAttributes } = await until(async () => {
        const run = await workflowOf(laurel, claim).describe();
        return run.searchAttributes.ClaimState && run;
      }, 'the run to be findable by its state');
      assert.equal(status.name, 'RUNNING');
      assert.deepEqual(searchAttributes.ClaimState, ['NEEDS_ATTENTION']);
      assert.deepEqual(searchAttributes.Reason, ['FULFILLMENT_UNAVAILABLE']);
    });

    it('is granted after an admin’s retry', async () => {
      const { claimId } = await claimAtGame(laurel, DOWN);
      await parked(laurel, claimId);
      await decide(laurel, claimId, 'retry');
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      assert.equal((await s4Of(claimId))?.attempts, SPENT + 1);
      assert.deepEqual(callsAbout(laurel, claimId).slice(-2), ['lookup', 'grant']);
    });

    it('is parked again where the provider is still down, and granted after another retry', async () => {
      const { claimId } = await claimAtGame(laurel, [{ do: 'fail', times: 2 * SPENT }]);
      await parked(laurel, claimId, 1);
      await decide(laurel, claimId, 'retry');
      await parked(laurel, claimId, 2);
      await decide(laurel, claimId, 'retry');
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
    });

    it('is undone after an admin’s abort', async () => {
      const { claimId } = await claimAtGame(laurel, DOWN);
      await parked(laurel, claimId);
      await decide(laurel, claimId, 'abort');
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...ABORTED,
        given: { cape: 'REVOKED ×0' },
      });
    });

    it('without any answer is parked as unknown', async () => {
      const drop: Rule = { do: 'dropBeforeGrant', on: ['grant', 'lookup'], times: SPENT };
      const { claimId } = await claimAtGame(laurel, [drop]);
      assert.equal((await parked(laurel, claimId)).reason, 'FULFILLMENT_UNKNOWN');
      await decide(laurel, claimId, 'retry');
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
    });

    it('keeps what another line was granted, which a retry does not ask for again', async () => {
      const { claimId } = await claimAtGame(
        laurel,
        [{ do: 'fail', times: SPENT, lineId: 'mount' }],
        {
          rewards: [CAPE, MOUNT],
        },
      );
      const states = (await parked(laurel, claimId)).lines.map((line) => line.state);
      assert.deepEqual(states, ['GRANTED', 'PENDING']);
      await decide(laurel, claimId, 'retry');
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...GRANTED_BY_GAME,
        lines: { cape: 'GRANTED', mount: 'GRANTED' },
        given: { cape: 'GRANTED ×1', mount: 'GRANTED ×1' },
        levels: { cape: '10 = 9 + 0 + 1', mount: '10 = 9 + 0 + 1' },
      });
      assert.equal(requestsFor(laurel, claimId, 'cape').length, 1);
    });
  });

  describe('an answer that is lost', { concurrency: true }, () => {
    it('after the grant is found by a lookup: granted, and once', async () => {
      const { claimId } = await claimAtGame(laurel, [{ do: 'dropAfterGrant' }]);
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'lookup']);
    });

    it('before the grant is found out by a lookup, and the provider asked again', async () => {
      const { claimId } = await claimAtGame(laurel, [{ do: 'dropBeforeGrant', times: 1 }]);
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'lookup', 'grant']);
    });

    const LOST: Rule[] = [
      { do: 'dropAfterGrant' },
      { do: 'fail', on: ['lookup'], times: SPENT - 1 },
    ];

    it('and cannot be looked up is parked; a retry finds it granted, and once', async () => {
      const { claimId } = await claimAtGame(laurel, LOST);
      await parked(laurel, claimId);
      await decide(laurel, claimId, 'retry');
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      // It is asked what it did before anything is asked for again.
      assert.deepEqual(callsAbout(laurel, claimId), ['grant', 'lookup', 'lookup', 'lookup']);
    });

    it('and cannot be looked up is parked; an abort takes the grant back', async () => {
      const { claimId } = await claimAtGame(laurel, LOST);
      await parked(laurel, claimId);
      await decide(laurel, claimId, 'abort');
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...ABORTED,
        given: { cape: 'REVOKED ×1' },
      });
    });

    it('and cannot be looked up is no refusal: the claim is parked with its stock kept', async () => {
      const { claimId, eventId } = await claimAtGame(laurel, [
        { do: 'dropAfterGrant' },
        { do: 'dropBeforeGrant', on: ['lookup'] },
      ]);
      const claim = await parked(laurel, claimId);
      assert.equal(claim.reason, 'FULFILLMENT_UNKNOWN');
      assert.equal(await sumOf(laurel, { eventId }), '10 = 9 + 1 + 0');
      assert.deepEqual(givenBy(laurel, claimId), { state: 'GRANTED', applied: 1 });
    });
  });

  describe('a request whose signature does not fit', () => {
    it('is refused for good; what is to be undone waits until the secret is mended', async () => {
      const { claimId, eventId } = await claimAtGame(laurel, [], {
        fulfillment: { provider: 'mistaken' },
      });
      const claim = await recordOnce(laurel, claimId, (c) => c.state === 'COMPENSATING');
      assert.equal(claim.reason, 'FULFILLMENT_REFUSED');
      assert.match((await s4Of(claimId))?.detail ?? '', /^HTTP 401/);
      const unsigned = laurel.game.requests().filter((r) => !r.signed);
      assert.ok(unsigned.length > 0);
      assert.ok(unsigned.every((r) => r.answer === 401));
      assert.equal(await sumOf(laurel, { eventId }), '10 = 9 + 1 + 0');

      mistaken = atGame(laurel.game.secret);
      await answered(laurel, claimId, 'revoke');
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...REFUSED,
        given: { cape: 'REVOKED ×0' },
      });
    });
  });
});
