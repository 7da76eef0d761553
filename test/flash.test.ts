/** A flash event: a crowd claims few units in the same moment, and who gets them is decided before any run. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAcceptance } from '../api/claims/accept.ts';
import { type Claim, claimIdOf } from '../store/claims.ts';
import type { StoredEvent } from '../store/events.ts';
import type { Store } from '../store/index.ts';
import {
  booksOf,
  CAPE,
  ended,
  event,
  hasEntitlement,
  leaveAlone,
  OPERATOR,
  reconcile,
  recordOf,
  runClosed,
  until,
} from './helpers.ts';
import { type ClaimAnswer as Answer, codeOf, type Laurel, startLaurel } from './laurel.ts';
import { uniqueName } from './servers.ts';

let laurel: Laurel;
before(async () => {
  laurel = await startLaurel({ workers: false });
});
after(() => laurel.stop());

const events = (stock: number, given: Partial<StoredEvent> = {}) =>
  event(laurel, { rewards: [{ ...CAPE, stock }], ...given });

/** As a client should: the same key again after a 503, when it was told to. */
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
    assert.deepEqual([...new Set(answers.map(({ status }) => status))].sort(), [202, 409]);
    assert.deepEqual(await booksOf(laurel, { eventId }), {
      ...{ stock: STOCK, available: 0, held: STOCK, granted: 0 },
    });
  });

  it('cost no record and no run where they are refused', async () => {
    const accepted = answers.filter(({ status }) => status === 202).length;
    assert.ok(accepted <= STOCK + 2, `${accepted} were accepted`);
    assert.equal((await recordsOf(eventId)).length, accepted);
    assert.equal(await runsStarted(eventId, accepted), accepted);
  });

  it('get exactly thirty grants', async () => {
    await laurel.startWorkers();
    const accepted = answers.filter(({ status }) => status === 202);
    const ends = await Promise.all(accepted.map(({ body }) => ended(laurel, body.claimId)));
    assert.equal(ends.filter(({ state }) => state === 'GRANTED').length, STOCK);
    assert.deepEqual(await booksOf(laurel, { eventId }), {
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

describe('sold out', { concurrency: true }, () => {
  const soldOut = async (eventId: string) => {
    const { token } = await laurel.signIn();
    return codeOf(await laurel.claim(eventId, token));
  };

  it('is no longer said once the stock was raised', async () => {
    const { eventId } = await events(0);
    assert.equal(await soldOut(eventId), 'sold_out');
    await laurel.store.events.change(OPERATOR, eventId, { rewards: [{ ...CAPE, stock: 1 }] });
    const { token } = await laurel.signIn();
    assert.equal((await laurel.claim(eventId, token)).status, 202, 'whatever is remembered');
    assert.equal(await soldOut(eventId), 'sold_out');
  });

  it('is not said to who has a claim under that key, or has one in this period', async () => {
    const { eventId } = await events(1);
    const { token } = await laurel.signIn();
    const first = await laurel.claim(eventId, token, { key: 'mine' });
    for (let again = 0; again < 2; again++) {
      assert.equal(await soldOut(eventId), 'sold_out');
      const replay = await laurel.claim(eventId, token, { key: 'mine' });
      assert.equal(replay.body.claimId, first.body.claimId);
      assert.equal(replay.headers.get('idempotency-replayed'), 'true');
      assert.equal(
        codeOf(await laurel.claim(eventId, token, { key: 'another' })),
        'already_claimed',
      );
    }
  });

  it('is found by the run where a condition has to be judged first', async () => {
    const condition = { metric: 'boss.killed', atLeast: 1 };
    const { eventId } = await events(1, { condition });
    const { token } = await laurel.signIn();
    const { body } = await laurel.claim(eventId, token);
    assert.equal((await booksOf(laurel, { eventId })).available, 1, 'nothing is kept from others');
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
    const { held, granted } = await booksOf(laurel, { eventId });
    assert.equal(held + granted, 1);
    const { token } = await laurel.signIn();
    const next = await laurel.claim(eventId, token, { waitS: 30 });
    assert.equal(next.body.state, 'GRANTED');
    const accepted = many.filter(({ status }) => status < 300);
    const ends = await Promise.all(accepted.map(({ body }) => ended(laurel, body.claimId)));
    assert.equal(ends.filter(({ state }) => state === 'GRANTED').length, 1);
    assert.deepEqual(await booksOf(laurel, { eventId }), {
      ...{ stock: 2, available: 0, held: 0, granted: 2 },
    });
  });
});

/** A request of a new player, for an API of the test's own. */
async function request(eventId: string) {
  const { id: userId, token } = await laurel.signIn();
  const idempotencyKey = uniqueName('key');
  const claimId = claimIdOf(userId, idempotencyKey);
  return { token, claimId, asked: { userId, eventId, rewardId: null, idempotencyKey } };
}

/** An API whose calls to the store the test stands in the way of. */
function apiOver(change: (store: Store) => Partial<Store>) {
  const store = { ...laurel.store, ...change(laurel.store) };
  return createAcceptance({ store, now: () => new Date() });
}

describe('an API that is killed', { concurrency: true }, () => {
  /** Never comes back: the process is dead. */
  const dead = () => new Promise<never>(() => {});
  const dyingAt = (died: () => void) => () => {
    died();
    return dead();
  };
  const points: {
    name: string;
    held: number;
    store: (died: () => void) => (store: Store) => Partial<Store>;
  }[] = [
    {
      name: 'after the record, before the entitlement',
      held: 0,
      store:
        (died) =>
        ({ entitlements }) => ({
          entitlements: { ...entitlements, take: dyingAt(died) },
        }),
    },
    {
      name: 'after the entitlement, before the hold',
      held: 0,
      store:
        (died) =>
        ({ stock }) => ({ stock: { ...stock, reserve: dyingAt(died) } }),
    },
    {
      name: 'after the hold, before the start of the run',
      held: 1,
      store:
        (died) =>
        ({ stock }) => ({
          stock: {
            ...stock,
            async reserve(of) {
              await stock.reserve(of);
              died();
              return await dead();
            },
          },
        }),
    },
  ];
  for (const { name, held, store } of points) {
    it(`${name}: reconciliation starts the claim, which is granted its one unit`, async () => {
      const { eventId } = await events(1);
      const { claimId, asked } = await request(eventId);
      const died = Promise.withResolvers<void>();
      void apiOver(store(died.resolve)).accept(asked);
      await died.promise;
      assert.equal((await booksOf(laurel, { eventId })).held, held);
      await leaveAlone(laurel, claimId);
      await reconcile(laurel);
      assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
      assert.deepEqual(await booksOf(laurel, { eventId }), {
        ...{ stock: 1, available: 0, held: 0, granted: 1 },
      });
    });
  }

  it('between record and hold costs the player nothing: the same key starts the claim', async () => {
    const { eventId } = await events(1);
    const { token, claimId, asked } = await request(eventId);
    const died = Promise.withResolvers<void>();
    const api = apiOver(({ entitlements }) => ({
      entitlements: { ...entitlements, take: dyingAt(died.resolve) },
    }));
    void api.accept(asked);
    await died.promise;
    const again = await laurel.claim(eventId, token, { key: asked.idempotencyKey, waitS: 30 });
    assert.deepEqual([again.body.claimId, again.body.state], [claimId, 'GRANTED']);
  });
});

describe('an API so slow that the claim has ended before it holds', { concurrency: true }, () => {
  it('keeps nothing for a claim that was refused', async () => {
    const { eventId } = await events(1);
    const { claimId, asked } = await request(eventId);
    // Somebody else has the unit while the run looks for it, and it is free again after.
    const holdId = `${claimIdOf('usr_other', 'other')}:${CAPE.rewardId}`;
    const other = { holdId, eventId, rewardId: CAPE.rewardId, quantity: 1, buckets: 1 };
    const api = apiOver(({ entitlements, stock }) => ({
      entitlements: {
        ...entitlements,
        async take(...of) {
          assert.equal(await stock.reserve(other), 'HELD');
          await laurel.runs.start(await recordOf(laurel, claimId));
          await runClosed(laurel, await recordOf(laurel, claimId));
          await stock.release(holdId, 1);
          return await entitlements.take(...of);
        },
      },
    }));
    await api.accept(asked);
    assert.equal((await recordOf(laurel, claimId)).reason, 'SOLD_OUT');
    assert.deepEqual(await booksOf(laurel, { eventId }), {
      ...{ stock: 1, available: 1, held: 0, granted: 0 },
    });
    assert.equal(await hasEntitlement(laurel, claimId), false);
  });

  it('takes no second unit for a claim that was granted', async () => {
    const { eventId } = await events(5);
    const { claimId, asked } = await request(eventId);
    const api = apiOver(({ entitlements }) => ({
      entitlements: {
        ...entitlements,
        async take(...of) {
          await laurel.runs.start(await recordOf(laurel, claimId));
          await runClosed(laurel, await recordOf(laurel, claimId));
          return await entitlements.take(...of);
        },
      },
    }));
    await api.accept(asked);
    assert.equal((await recordOf(laurel, claimId)).state, 'GRANTED');
    assert.deepEqual(await booksOf(laurel, { eventId }), {
      ...{ stock: 5, available: 4, held: 0, granted: 1 },
    });
    assert.equal(await hasEntitlement(laurel, claimId), true);
  });
});
