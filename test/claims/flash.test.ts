/** A flash event: a crowd claims few units in the same moment, and who gets them is decided before any run. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAcceptance } from '../../api/claims/accept.ts';
import { ADMISSION } from '../../api/claims/admission/admission.ts';
import type { DomainError } from '../../domain/errors.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { StoredEvent } from '../../store/events/events.ts';
import type { Store } from '../../store/index.ts';
import { MOUNT } from '../game-claims.ts';
import { CAPE, ended, event, levelsOf, OPERATOR, until } from '../helpers.ts';
import { type ClaimAnswer as Answer, codeOf, type Laurel, startLaurel } from '../laurel.ts';
import { acceptanceOver, requestOf } from '../own-acceptance.ts';
import { uniqueName } from '../servers.ts';

let laurel: Laurel;
before(async () => {
  laurel = await startLaurel({ workers: false });
});
after(() => laurel.stop());

const events = (stock: number, given: Partial<StoredEvent> = {}) =>
  event(laurel, { rewards: [{ ...CAPE, stock }], ...given });

/** Repeats the claim after a 503 when `Retry-After` says so, as a client should. */
async function patiently(claim: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await claim();
    if (answer.status !== 503) return answer;
    await sleep(Number(answer.headers.get('retry-after')) * 1_000);
  }
}

const recordsOf = (eventId: string): Promise<Claim[]> =>
  laurel.store.claims.model.find({ eventId }).lean<Claim[]>();

/** How many runs Temporal has of the event's claims, once it shows as many as `least`. */
async function runsStarted(eventId: string, least: number): Promise<number> {
  const query = `WorkflowType = "claim" AND EventId = "${eventId}"`;
  return await until(async () => {
    const { count } = await laurel.client.workflow.count(query);
    return count >= least && count;
  }, `${least} runs`);
}

describe('three hundred players on thirty units', () => {
  const [PLAYERS, STOCK] = [300, 30];
  let eventId: string;
  let answers: Answer[];

  before(async () => {
    ({ eventId } = await events(STOCK));
    const players = await Promise.all(Array.from({ length: PLAYERS }, () => laurel.signIn()));
    // No worker runs: whatever is decided is decided before any run.
    answers = await Promise.all(
      players.map(({ token }) => {
        const key = uniqueName('key');
        return patiently(() => laurel.claim(eventId, token, { key }));
      }),
    );
  });

  it('are each told at once that a unit is held for them or that it is sold out', async () => {
    const refused = answers.filter(({ status }) => status === 409);
    assert.ok(refused.every((answer) => codeOf(answer) === 'sold_out'));
    const rejected = answers.filter(({ status }) => status === 200);
    for (const { body } of rejected) {
      assert.deepEqual([body.state, body.reason], ['REJECTED', 'SOLD_OUT']);
    }
    assert.equal(answers.filter(({ status }) => status === 202).length, STOCK);
    assert.equal(STOCK + rejected.length + refused.length, PLAYERS);
    assert.deepEqual(await levelsOf(laurel, { eventId }), {
      ...{ stock: STOCK, available: 0, held: STOCK, granted: 0 },
    });
  });

  it('cost a record each where they come too late only as long as that is not seen', async () => {
    const records = await recordsOf(eventId);
    const more = records.length - STOCK;
    assert.ok(more <= ADMISSION.atOnce, `${more} records more than units`);
    const rejected = records.filter(({ state }) => state === 'REJECTED');
    assert.equal(rejected.length, more);
    for (const { entitlements } of rejected) assert.equal(entitlements, undefined);
  });

  it('have no run where they come too late', async () => {
    assert.equal(await runsStarted(eventId, STOCK), STOCK);
  });

  it('get exactly thirty grants', async () => {
    await laurel.startWorkers();
    const accepted = answers.filter(({ status }) => status === 202);
    const ends = await Promise.all(accepted.map(({ body }) => ended(laurel, body.claimId)));
    assert.equal(ends.filter(({ state }) => state === 'GRANTED').length, STOCK);
    assert.deepEqual(await levelsOf(laurel, { eventId }), {
      ...{ stock: STOCK, available: 0, held: 0, granted: STOCK },
    });
  });

  it('show in the metrics as refused, with nobody left in the queue', async () => {
    const metrics = await (await fetch(`${laurel.url}/metrics`)).text();
    const refused = answers.filter(({ status }) => status === 409).length;
    assert.ok(metrics.includes(`laurel_claim_refusals_total{code="sold_out"} ${refused}\n`));
    assert.ok(metrics.includes('laurel_admission_claims{place="waiting"} 0\n'));
    assert.ok(metrics.includes('laurel_admission_claims{place="under_way"} 0\n'));
  });
});

describe('ninety players at each of three APIs, on thirty units', () => {
  it('get thirty of them held, and as few records more as fit into each API at once', async () => {
    const { eventId } = await events(30);
    const apis = Array.from({ length: 3 }, () => apiOver(() => ({})));
    const asked = await Promise.all(Array.from({ length: 270 }, () => request(eventId)));
    const told = await Promise.all(
      asked.map(({ asked: of }, n) =>
        apis[n % apis.length]?.accept(of).then(
          ({ claim, start }) => (start ? 'held' : `${claim.state} ${claim.reason}`),
          (error: DomainError) => error.code,
        ),
      ),
    );
    const count = (what: string) => told.filter((t) => t === what).length;
    const rejected = count('REJECTED SOLD_OUT');
    assert.equal(count('held'), 30);
    assert.ok(rejected <= 3 * ADMISSION.atOnce, `${rejected} records more than units`);
    assert.equal(count('sold_out'), 270 - 30 - rejected);
    assert.equal((await recordsOf(eventId)).length, 30 + rejected);
    assert.equal((await levelsOf(laurel, { eventId })).held, 30);
  });
});

describe('sold out', { concurrency: true }, () => {
  const claimed = async (eventId: string) => {
    const { token } = await laurel.signIn();
    const answer = await laurel.claim(eventId, token);
    return `${answer.status} ${answer.body.reason ?? codeOf(answer) ?? answer.body.state}`;
  };
  /** An event that the API knows to be sold out. */
  async function seenSoldOut(stock = 0, given: Partial<StoredEvent> = {}): Promise<string> {
    const { eventId } = await events(stock, given);
    await until(async () => (await claimed(eventId)) === '409 sold_out', 'it to be seen sold out');
    return eventId;
  }

  it('ends the first claim that finds it so, whose key keeps that answer; the next get none', async () => {
    const { eventId } = await events(0);
    const { token } = await laurel.signIn();
    const first = await laurel.claim(eventId, token, { key: 'mine' });
    assert.deepEqual(
      [first.status, first.body.state, first.body.reason],
      [200, 'REJECTED', 'SOLD_OUT'],
    );
    for (let again = 0; again < 3; again++) assert.equal(await claimed(eventId), '409 sold_out');
    assert.equal((await recordsOf(eventId)).length, 1);

    await laurel.store.events.change(OPERATOR, eventId, { rewards: [{ ...CAPE, stock: 1 }] });
    const replay = await laurel.claim(eventId, token, { key: 'mine' });
    assert.deepEqual([replay.status, replay.body], [200, first.body]);
    assert.equal(replay.headers.get('idempotency-replayed'), 'true');
    const other = await laurel.claim(eventId, token, { key: 'another' });
    assert.equal(other.status, 202, 'its entitlement is free again');
  });

  it('is no longer said once the stock was raised', async () => {
    const eventId = await seenSoldOut();
    await laurel.store.events.change(OPERATOR, eventId, { rewards: [{ ...CAPE, stock: 1 }] });
    assert.match(await claimed(eventId), /^202 /, 'whatever is remembered');
  });

  it('is no longer said once a unit was given back', async () => {
    const { eventId } = await events(1, { fulfillment: { provider: 'game' } });
    laurel.game.rules.add({ do: 'refuse', eventId, times: 1 });
    const { token } = await laurel.signIn();
    const first = await laurel.claim(eventId, token, { waitS: 30 });
    assert.deepEqual([first.body.state, first.body.reason], ['FAILED', 'FULFILLMENT_REFUSED']);
    const next = await laurel.claim(eventId, token, { waitS: 30 });
    assert.equal(next.body.state, 'GRANTED');
    assert.deepEqual(await levelsOf(laurel, { eventId }), {
      ...{ stock: 1, available: 0, held: 0, granted: 1 },
    });
  });

  it('of one reward keeps nothing of the bundle from others', async () => {
    const rewards = [
      { ...CAPE, stock: 5 },
      { ...MOUNT, stock: 0 },
    ];
    const { eventId } = await event(laurel, { rewards });
    const players = await Promise.all(Array.from({ length: 20 }, () => laurel.signIn()));
    const sent = players.map(({ token }) => laurel.claim(eventId, token));
    for (const answer of await Promise.all(sent)) assert.ok([200, 409].includes(answer.status));
    for (const { rewardId, stock } of rewards) {
      assert.deepEqual(await levelsOf(laurel, { eventId }, rewardId), {
        ...{ stock, available: stock, held: 0, granted: 0 },
      });
    }
  });

  it('is not said to who has a claim under that key, or has one in this period', async () => {
    const { eventId } = await events(1);
    const { token } = await laurel.signIn();
    const first = await laurel.claim(eventId, token, { key: 'mine' });
    for (let again = 0; again < 2; again++) {
      assert.match(await claimed(eventId), again === 0 ? /^200 SOLD_OUT/ : /^409 sold_out/);
      const replay = await laurel.claim(eventId, token, { key: 'mine' });
      assert.equal(replay.body.claimId, first.body.claimId);
      assert.equal(replay.headers.get('idempotency-replayed'), 'true');
      assert.equal(
        codeOf(await laurel.claim(eventId, token, { key: 'another' })),
        'already_claimed',
      );
    }
  });

  it('is seen by a look where the run holds, and still not said to who has had theirs', async () => {
    const { eventId } = await events(1);
    const { token, asked } = await request(eventId);
    await laurel.claim(eventId, token);
    const api = createAcceptance(
      { store: laurel.store, now: () => new Date() },
      { holdsEarly: false },
    );
    await assert.rejects(api.accept(asked), { code: 'already_claimed' });
    const { asked: other } = await request(eventId);
    await assert.rejects(api.accept(other), { code: 'sold_out' });
  });

  it('is found by the run where a condition has to be judged first', async () => {
    const condition = { metric: 'boss.killed', atLeast: 1 };
    const { eventId } = await events(1, { condition });
    const { token } = await laurel.signIn();
    const { body } = await laurel.claim(eventId, token);
    assert.equal((await levelsOf(laurel, { eventId })).available, 1, 'nothing is kept from others');
    const { state, reason } = await ended(laurel, body.claimId);
    assert.deepEqual([state, reason], ['REJECTED', 'CONDITION_NOT_MET']);
  });
});

describe('a player with many keys', () => {
  it('holds one unit and no more, so that there is one for the next', async () => {
    const { eventId } = await events(2);
    const hoarder = await laurel.signIn();
    const many = await Promise.all(
      Array.from({ length: 10 }, () => laurel.claim(eventId, hoarder.token)),
    );
    const { held, granted } = await levelsOf(laurel, { eventId });
    assert.equal(held + granted, 1);
    const { token } = await laurel.signIn();
    const next = await laurel.claim(eventId, token, { waitS: 30 });
    assert.equal(next.body.state, 'GRANTED');
    const accepted = many.filter(({ status }) => status < 300);
    const ends = await Promise.all(accepted.map(({ body }) => ended(laurel, body.claimId)));
    assert.equal(ends.filter(({ state }) => state === 'GRANTED').length, 1);
    assert.deepEqual(await levelsOf(laurel, { eventId }), {
      ...{ stock: 2, available: 0, held: 0, granted: 2 },
    });
  });
});

const request = (eventId: string) => requestOf(laurel, eventId);
const apiOver = (change: (store: Store) => Partial<Store>) => acceptanceOver(laurel, change);
