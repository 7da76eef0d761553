/** What bounds a player's grants beside the period: a total of an event, and a group of events. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Claim } from '../../store/claims/claim-record.ts';
import { eligibility } from '../condition-claims.ts';
import { answered } from '../game-claims.ts';
import { CAPE, ended, event, gameEvent, hasEntitlement } from '../helpers.ts';
import { type ClaimAnswer, codeOf, type Laurel, startLaurel } from '../laurel.ts';
import { sumOf } from '../outcomes.ts';
import { uniqueName } from '../servers.ts';

const AT_ONCE = 50;

let laurel: Laurel;
before(async () => {
  laurel = await startLaurel();
});
after(() => laurel.stop());

/** Claims until it is known what comes of it, with the same key, as a client should. */
async function claim(eventId: string, token: string): Promise<ClaimAnswer> {
  const key = uniqueName('key');
  for (;;) {
    const answer = await laurel.claim(eventId, token, { key, waitS: 30 });
    if (answer.status !== 503) return answer;
    await sleep(Number(answer.headers.get('retry-after')) * 1_000);
  }
}

/** Fifty claims of one player at once, of these events in turn: how many were granted, how many refused. */
async function fiftyOf(eventIds: string[], token: string) {
  const sent = Array.from({ length: AT_ONCE }, (_, n) =>
    claim(eventIds[n % eventIds.length] as string, token),
  );
  const answers = await Promise.all(sent);
  return {
    granted: answers.filter(({ status, body }) => status === 200 && body.state === 'GRANTED')
      .length,
    refused: answers.filter((a) => a.status === 409 && codeOf(a) === 'already_claimed').length,
  };
}

const recordsOf = (userId: string): Promise<Claim[]> =>
  laurel.store.claims.model.find({ userId }).lean<Claim[]>();

async function reasonsFor(eventId: string, token: string): Promise<string[]> {
  const { eligible, reasons } = await eligibility(laurel, eventId, token);
  assert.equal(eligible, reasons.length === 0);
  return reasons;
}

/** Events of one group, which no other test has. */
async function group(count: number, make: typeof event = event): Promise<string[]> {
  const exclusiveGroup = uniqueName('group');
  const made = Array.from({ length: count }, () => make(laurel, { exclusiveGroup }));
  return (await Promise.all(made)).map(({ eventId }) => eventId);
}

describe('a total of two for each player', { concurrency: true }, () => {
  const TOTAL = { claimsPerPeriod: 100, claimsTotal: 2 };

  it('is two grants of fifty claims at once, and two records', async () => {
    const { eventId } = await event(laurel, TOTAL);
    const { id, token } = await laurel.signIn();
    assert.deepEqual(await fiftyOf([eventId], token), { granted: 2, refused: AT_ONCE - 2 });
    const records = await recordsOf(id);
    assert.deepEqual(
      records.map(({ entitlements }) => entitlements?.[1]).sort(),
      [0, 1].map((slot) => `${eventId}/total/${slot}`),
    );
    assert.equal(await sumOf(laurel, { eventId }), '10 = 8 + 0 + 2');
    assert.deepEqual(await reasonsFor(eventId, token), ['ALREADY_CLAIMED']);
  });

  it('is each player’s own', async () => {
    const { eventId } = await event(laurel, TOTAL);
    const players = await Promise.all([1, 2, 3].map(() => laurel.signIn()));
    const all = await Promise.all(players.map(({ token }) => fiftyOf([eventId], token)));
    for (const one of all) assert.deepEqual(one, { granted: 2, refused: AT_ONCE - 2 });
    assert.equal(await sumOf(laurel, { eventId }), '10 = 4 + 0 + 6');
  });

  it('is given back by a claim that ends undone', async () => {
    const { eventId } = await gameEvent(laurel, { ...TOTAL, claimsTotal: 1 });
    const { token } = await laurel.signIn();
    laurel.game.rules.add({ do: 'refuse', eventId, times: 1 });
    const failed = await claim(eventId, token);
    assert.deepEqual([failed.body.state, failed.body.reason], ['FAILED', 'FULFILLMENT_REFUSED']);
    assert.equal(await hasEntitlement(laurel, failed.body.claimId), false);
    assert.deepEqual(await reasonsFor(eventId, token), []);
    assert.equal((await claim(eventId, token)).body.state, 'GRANTED');
    assert.equal(codeOf(await claim(eventId, token)), 'already_claimed');
  });
});

describe('a group of three events', { concurrency: true }, () => {
  it('is one grant of fifty claims at once, and one record', async () => {
    const eventIds = await group(3);
    const { id, token } = await laurel.signIn();
    assert.deepEqual(await fiftyOf(eventIds, token), { granted: 1, refused: AT_ONCE - 1 });
    assert.equal((await recordsOf(id)).length, 1);
    for (const eventId of eventIds) {
      assert.deepEqual(await reasonsFor(eventId, token), ['ALREADY_CLAIMED']);
    }
    const sums = await Promise.all(eventIds.map((eventId) => sumOf(laurel, { eventId })));
    assert.deepEqual(sums.sort(), ['10 = 10 + 0 + 0', '10 = 10 + 0 + 0', '10 = 9 + 0 + 1']);
  });

  it('is each player’s own, and leaves other groups alone', async () => {
    const [eventIds, others] = [await group(3), await group(1)];
    const players = await Promise.all([1, 2, 3].map(() => laurel.signIn()));
    const all = await Promise.all(players.map(({ token }) => fiftyOf(eventIds, token)));
    for (const one of all) assert.deepEqual(one, { granted: 1, refused: AT_ONCE - 1 });
    for (const { token } of players) {
      assert.deepEqual(await fiftyOf(others, token), { granted: 1, refused: AT_ONCE - 1 });
    }
  });

  it('is free again once the claim that had it ends undone', async () => {
    const [first, second] = await group(2, gameEvent);
    assert.ok(first && second);
    const { token } = await laurel.signIn();
    laurel.game.rules.add({ do: 'refuse', eventId: first });
    const failed = await claim(first, token);
    assert.equal(failed.body.state, 'FAILED');
    assert.deepEqual(await reasonsFor(second, token), []);
    assert.equal((await claim(second, token)).body.state, 'GRANTED');
    assert.deepEqual(await reasonsFor(first, token), ['ALREADY_CLAIMED']);
  });

  it('is free again once the claim that had it comes too late for a unit', async () => {
    const exclusiveGroup = uniqueName('group');
    const rewards = [{ ...CAPE, stock: 0 }];
    const { eventId: soldOut } = await event(laurel, { exclusiveGroup, rewards });
    const { eventId } = await event(laurel, { exclusiveGroup });
    const { token } = await laurel.signIn();
    const late = await claim(soldOut, token);
    assert.deepEqual([late.body.state, late.body.reason], ['REJECTED', 'SOLD_OUT']);
    assert.equal((await claim(eventId, token)).body.state, 'GRANTED');
  });

  it('is had by an open claim too, whichever event it is of', async () => {
    const [first, second] = await group(2, gameEvent);
    assert.ok(first && second);
    const { token } = await laurel.signIn();
    laurel.game.rules.add({ do: 'pending', eventId: first });
    const { body } = await laurel.claim(first, token);
    assert.equal(codeOf(await claim(second, token)), 'already_claimed');
    await answered(laurel, body.claimId, 'grant');
    laurel.game.settle(`${body.claimId}:cape`, 'GRANTED');
    assert.equal((await ended(laurel, body.claimId)).state, 'GRANTED');
  });

  it('takes all of a claim’s entitlements or none: who lacks one has not taken another', async () => {
    const inGroup = { exclusiveGroup: uniqueName('group') };
    const [first, second] = [await event(laurel, inGroup), await event(laurel, inGroup)];
    const { id, token } = await laurel.signIn();
    assert.equal((await claim(first.eventId, token)).body.state, 'GRANTED');
    assert.equal(codeOf(await claim(second.eventId, token)), 'already_claimed');
    const taken = await laurel.store.claims.model.find({ userId: id }).lean<Claim[]>();
    assert.deepEqual(
      taken.flatMap(({ entitlements }) => entitlements ?? []).toSorted(),
      [`${first.eventId}/once/0`, `group/${inGroup.exclusiveGroup}`].toSorted(),
    );
  });
});

describe('a claim that is refused leaves an event without claims free to be changed', () => {
  const isFrozen = async (eventId: string) => (await laurel.store.events.get(eventId))?.claimed;

  it('for its group', async () => {
    const [first, second] = await group(2);
    assert.ok(first && second);
    const { token } = await laurel.signIn();
    assert.equal((await claim(first, token)).body.state, 'GRANTED');
    assert.equal(codeOf(await claim(second, token)), 'already_claimed');
    assert.deepEqual([await isFrozen(first), await isFrozen(second)], [true, false]);
  });

  it('for its key', async () => {
    const [first, second] = await Promise.all([event(laurel), event(laurel)]);
    const { token } = await laurel.signIn();
    const key = uniqueName('key');
    await laurel.claim(first.eventId, token, { key });
    const reused = await laurel.claim(second.eventId, token, { key });
    assert.equal(codeOf(reused), 'idempotency_key_reused');
    assert.equal(await isFrozen(second.eventId), false);
  });
});
