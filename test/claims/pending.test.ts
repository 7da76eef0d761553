/** A provider that decides later: callbacks, questions, and what becomes of a grant that nobody decides on. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asked, claimAtGame, type Rule, requestsFor } from '../game-claims.ts';
import { callsAbout, event, leastMs, parked, recordOf, recordOnce, signalsOf } from '../helpers.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { decide, GRANTED_BY_GAME, outcomeOf, undoneSteps } from '../outcomes.ts';

/** When a pending grant is looked up, in milliseconds: after the answer, and after the first lookup. */
const FIRST_POLL_MS = 1_000;
const SECOND_POLL_MS = 2_000;

/** How long `impatient` waits for a decision: lookups after one second, after two more and at the end. */
const PATIENCE_MS = 3_500;

const REFUSED = {
  end: 'FAILED / FULFILLMENT_REFUSED',
  steps: undoneSteps('REFUSED'),
  lines: { cape: 'REVOKED' },
  given: { cape: 'REFUSED ×0' },
  isEntitled: false,
  levels: { cape: '10 = 10 + 0 + 0' },
};

/** It waits for a decision for longer than a test takes. */
let laurel: Laurel;
/** It parks a claim whose provider does not decide within seconds. */
let impatient: Laurel;
before(async () => {
  [laurel, impatient] = await Promise.all(
    [60_000, PATIENCE_MS].map((FULFILLMENT_PENDING_TIMEOUT_MS) =>
      startLaurel({ firstTries: false, policy: { FULFILLMENT_PENDING_TIMEOUT_MS } }),
    ) as [Promise<Laurel>, Promise<Laurel>],
  );
});
after(async () => {
  await laurel.stop();
  await impatient.stop();
});

const lookupsOf = (of: Laurel, claimId: string) =>
  requestsFor(of, claimId).filter((r) => r.verb === 'lookup');

/** The pause between the last two lookups, in milliseconds. */
function lastPause(claimId: string): number {
  const [before, last] = lookupsOf(laurel, claimId).slice(-2);
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

describe('a grant that is never decided', { concurrency: true }, () => {
  const UNDECIDED = { do: 'pending' } as const;

  it('parks the claim, and a late callback wakes it', async () => {
    const { claimId, grantId } = await claimAtGame(impatient, [UNDECIDED]);
    assert.equal((await parked(impatient, claimId)).reason, 'FULFILLMENT_UNKNOWN');
    impatient.game.settle(grantId, 'GRANTED');
    assert.deepEqual(await outcomeOf(impatient, claimId), GRANTED_BY_GAME);
  });

  it('parks the claim, and an admin’s retry asks for the outcome', async () => {
    const { claimId, grantId } = await claimAtGame(impatient, [{ ...UNDECIDED, callback: false }]);
    await parked(impatient, claimId);
    impatient.game.settle(grantId, 'GRANTED');
    await decide(impatient, claimId, 'retry');
    assert.deepEqual(await outcomeOf(impatient, claimId), GRANTED_BY_GAME);
    assert.equal(callsAbout(impatient, claimId).filter((verb) => verb === 'grant').length, 1);
  });

  it('parks the claim, and an admin’s abort takes it back', async () => {
    const { claimId } = await claimAtGame(impatient, [UNDECIDED]);
    await parked(impatient, claimId);
    await decide(impatient, claimId, 'abort');
    assert.deepEqual(await outcomeOf(impatient, claimId), {
      end: 'FAILED / ABORTED_BY_ADMIN',
      steps: undoneSteps('PARKED'),
      lines: { cape: 'REVOKED' },
      given: { cape: 'REVOKED ×0' },
      isEntitled: false,
      levels: { cape: '10 = 10 + 0 + 0' },
    });
  });

  it('is waited for as long as ever, however often the provider calls back for nothing', async () => {
    const { claimId, grantId } = await claimAtGame(impatient, [UNDECIDED]);
    for (let lookups = 1; lookups <= 4; lookups++) {
      await impatient.game.sendCallback(grantId, { state: 'PENDING' });
      await asked(impatient, claimId, 'lookup', { times: lookups });
    }
    const { parking } = await recordOnce(
      impatient,
      claimId,
      (claim) => claim.state === 'NEEDS_ATTENTION',
    );
    const [grant] = requestsFor(impatient, claimId);
    const waitedMs = (parking?.at.getTime() ?? 0) - (grant?.atMs ?? 0);
    assert.ok(waitedMs >= PATIENCE_MS, `${waitedMs} ms`);
  });

  it('is not left to a person where the callback comes just before the claim is parked', async () => {
    const { claimId, grantId } = await claimAtGame(impatient, [
      { do: 'pending' },
      // So slow that what is left after the first answer is less than the pause before the third.
      { do: 'delay', delayMs: 700, on: ['lookup'] },
    ]);
    await asked(impatient, claimId, 'lookup', { times: 2 });
    impatient.game.settle(grantId, 'GRANTED');
    assert.deepEqual(await outcomeOf(impatient, claimId), GRANTED_BY_GAME);
  });

  it('parks the claim where the provider says pending and then forgets, again and again', async () => {
    const { claimId } = await claimAtGame(impatient, [
      UNDECIDED,
      { do: 'fail', on: ['lookup'], status: 404 },
    ]);
    assert.equal((await parked(impatient, claimId)).reason, 'FULFILLMENT_UNKNOWN');
    const grants = callsAbout(impatient, claimId).filter((verb) => verb === 'grant').length;
    assert.ok(grants <= 5, `asked for ${grants} times in ${PATIENCE_MS} ms`);
  });
});

describe('a callback', { concurrency: true }, () => {
  it('is believed no more than that there is news: the claim asks the provider', async () => {
    const { claimId, grantId } = await claimAtGame(laurel, [{ do: 'pending', callback: false }]);
    await asked(laurel, claimId, 'grant');
    assert.equal(await laurel.game.sendCallback(grantId, { state: 'GRANTED' }), 200);
    await asked(laurel, claimId, 'lookup');
    assert.equal((await recordOf(laurel, claimId)).state, 'FULFILLING');
    laurel.game.settle(grantId, 'REFUSED');
    assert.equal(await laurel.game.sendCallback(grantId, { state: 'GRANTED' }), 200);
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

describe('a callback about a claim that is parked', { concurrency: true }, () => {
  /** A claim parked for a pending grant. The provider has decided since, without a callback. */
  async function parkedClaim() {
    const { claimId, grantId } = await claimAtGame(impatient, [{ do: 'pending', callback: false }]);
    await parked(impatient, claimId);
    impatient.game.settle(grantId, 'GRANTED');
    return { claimId, grantId };
  }

  it('is refused with a bad signature, without one and from long ago, and nothing happens', async () => {
    const { claimId, grantId } = await parkedClaim();
    const before = await recordOf(impatient, claimId);
    const lookups = lookupsOf(impatient, claimId).length;
    const sixMinutesAgoS = Math.floor(Date.now() / 1000) - 360;
    const forged = [
      { signature: 'bad' },
      { signature: 'none' },
      { timestampS: sixMinutesAgoS },
      { timestampS: sixMinutesAgoS + 720 },
    ] as const;
    for (const options of forged) {
      const status = await impatient.game.sendCallback(grantId, options);
      assert.equal(status, 401, JSON.stringify(options));
    }
    assert.equal(await signalsOf(impatient, claimId), 0);
    assert.deepEqual(await recordOf(impatient, claimId), before);
    assert.equal(lookupsOf(impatient, claimId).length, lookups);

    assert.equal(await impatient.game.sendCallback(grantId), 200);
    assert.deepEqual(await outcomeOf(impatient, claimId), GRANTED_BY_GAME);
  });

  it('may come again and late', async () => {
    const { claimId, grantId } = await parkedClaim();
    const sent = [1, 2, 3].map(() => impatient.game.sendCallback(grantId));
    assert.deepEqual(await Promise.all(sent), [200, 200, 200]);
    assert.deepEqual(await outcomeOf(impatient, claimId), GRANTED_BY_GAME);
    const before = await recordOf(impatient, claimId);
    assert.equal(await impatient.game.sendCallback(grantId), 200);
    assert.equal(await impatient.game.sendCallback(grantId, { state: 'REVOKED' }), 200);
    assert.deepEqual(await recordOf(impatient, claimId), before);
  });

  it('that makes no sense is refused, once its signature fits', async () => {
    const { grantId } = await parkedClaim();
    assert.equal(await impatient.game.sendCallback(grantId, { state: 'LOST' }), 400);
    assert.equal(
      await impatient.game.sendCallback(grantId, { state: 'LOST', signature: 'bad' }),
      401,
    );
    assert.equal(await impatient.game.sendCallback('x'.repeat(201)), 400);
  });
});
