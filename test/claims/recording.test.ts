/**
 * The record comes first: it is there before its run, and only the request that recorded a claim
 * rejects it or starts its run, as long as that request may be alive (rule 1).
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createAcceptance } from '../../api/claims/accept.ts';
import type { Starter } from '../../api/claims/admission/starter.ts';
import { StockBusy } from '../../domain/claims/stock-busy.ts';
import { type Claim, claimIdOf } from '../../store/claims/claim-record.ts';
import { RECORDER_MS } from '../../store/claims/claims.ts';
import type { StoredEvent } from '../../store/events/events.ts';
import { openStore, type Store } from '../../store/index.ts';
import { bucket } from '../../store/test-store.ts';
import { dropDatabase } from '../drop-database.ts';
import {
  CAPE,
  database,
  ended,
  event,
  gameEvent,
  givenBy,
  hasRun,
  leaveAlone,
  levelsOf,
  OPERATOR,
  reconcile,
  recordOf,
  runsOf,
} from '../helpers.ts';
import { codeOf, type Laurel, startLaurel } from '../laurel.ts';
import { acceptanceOver, requestOf } from '../own-acceptance.ts';
import { alwaysTried } from '../paces.ts';
import { uniqueName } from '../servers.ts';

let laurel: Laurel;
/** Keys of requests that die once they have recorded their claim and held its units. */
const deadly = new Set<string>();
/** Whether each claim's record was there when its run was first about to be started, by key. */
const recordedFirst = new Map<string, boolean>();

before(async () => {
  const starter: Starter = {
    async start(claim, recorder) {
      const record = await laurel.store.claims.get(claim._id);
      const { idempotencyKey } = claim;
      if (!recordedFirst.has(idempotencyKey)) recordedFirst.set(idempotencyKey, record !== null);
      if (!deadly.delete(claim.idempotencyKey)) await laurel.runs.start(claim, recorder);
    },
  };
  laurel = await startLaurel({ activities: alwaysTried, api: { starter } });
});
after(() => laurel.stop());

/** A claim whose API died before it started the run. */
async function orphan() {
  const { eventId } = await gameEvent(laurel);
  const { id, token } = await laurel.signIn();
  const key = uniqueName('key');
  deadly.add(key);
  assert.equal((await laurel.claim(eventId, token, { key })).status, 202);
  const claimId = claimIdOf(id, key);
  return { eventId, token, key, claimId, claim: await recordOf(laurel, claimId) };
}

/** Makes the claim look recorded, and last changed, so many milliseconds ago. */
async function madeOld({ _id }: Claim, ms: number): Promise<void> {
  const at = new Date(Date.now() - ms);
  await laurel.store.claims.model.updateOne({ _id }, { recordedAt: at, updatedAt: at });
}

const GRANTED = { stock: 10, available: 9, held: 0, granted: 1 };
const UNTOUCHED = { stock: 10, available: 10, held: 0, granted: 0 };
/** Of an event with one unit. */
const ONE_GRANTED = { stock: 1, available: 0, held: 0, granted: 1 };

const events = (stock: number, given: Partial<StoredEvent> = {}) =>
  event(laurel, { rewards: [{ ...CAPE, stock }], ...given });

const request = (eventId: string) => requestOf(laurel, eventId);
const apiOver = (change: (store: Store) => Partial<Store>) => acceptanceOver(laurel, change);

describe('the record comes first', { concurrency: true }, () => {
  it('and stands before its run is started', async () => {
    const { eventId } = await event(laurel);
    const { token } = await laurel.signIn();
    const key = uniqueName('key');
    await laurel.claim(eventId, token, { key });
    assert.equal(recordedFirst.get(key), true);
  });

  it('and is made of what is frozen from then on, though an operator is changing it', async () => {
    const { eventId, version } = await event(laurel);
    const { id } = await laurel.signIn();
    const key = uniqueName('key');
    let reads = 0;
    const store = {
      ...laurel.store,
      events: {
        ...laurel.store.events,
        /** Right after the first reading the operator makes the reward five capes. */
        async get(...asked: Parameters<Store['events']['get']>) {
          const read = await laurel.store.events.get(...asked);
          reads += 1;
          const rewards = [{ ...CAPE, quantity: 5 }];
          if (reads === 1) await laurel.store.events.change(OPERATOR, eventId, { rewards });
          return read;
        },
      },
    };
    const request = { userId: id, eventId, rewardId: null, idempotencyKey: key };
    const { claim } = await createAcceptance({ store, now: () => new Date() }).accept(request);
    assert.equal(claim.lines[0]?.quantity, 5);
    assert.equal(claim.snapshot.eventVersion, version + 1);
    const rewards = [{ ...CAPE, quantity: 1 }];
    const change = laurel.store.events.change(OPERATOR, eventId, { rewards });
    await assert.rejects(change, /frozen/);
  });

  it('and no claim is taken before every unique index exists', async (context) => {
    const connection = await database(context);
    const holds = ['clm_1:cape'];
    const duplicates = [bucket('evt', 0, 1, { holds }), bucket('evt', 1, 1, { holds })];
    await connection.collection('stock_buckets').insertMany(duplicates as never[]);
    await assert.rejects(openStore(connection), /E11000/);

    await dropDatabase(connection);
    await openStore(connection);
    const unique = async (collection: string) => {
      const indexes = await connection.collection(collection).indexes();
      return indexes.filter((index) => index.unique).map((index) => index.name);
    };
    assert.deepEqual(await unique('stock_buckets'), ['hold']);
    assert.deepEqual(await unique('claims'), ['entitlements']);
  });
});

describe('who may start or reject', { concurrency: true }, () => {
  describe('within ten seconds of its record a claim’s run is started', {
    concurrency: true,
  }, () => {
    it('by no replay; by one that comes later', async () => {
      const { eventId, token, key, claimId, claim } = await orphan();
      const replayed = await laurel.claim(eventId, token, { key });
      assert.deepEqual([replayed.status, replayed.body.claimId], [202, claimId]);
      assert.equal(await hasRun(laurel, claim), false);

      await madeOld(claim, 10_500);
      const later = await laurel.claim(eventId, token, { key, waitS: 30 });
      assert.equal(later.body.state, 'GRANTED');
      assert.deepEqual(await levelsOf(laurel, { eventId }), GRANTED);
      assert.deepEqual(givenBy(laurel, claimId), { state: 'GRANTED', applied: 1 });
    });

    it('not by reconciliation; by a pass that comes later', async () => {
      const { eventId, claimId, claim } = await orphan();
      // Not changed for longer than a pass leaves a claim alone, but recorded less than ten seconds ago.
      await madeOld(claim, 7_000);
      await reconcile(laurel);
      assert.equal(await hasRun(laurel, claim), false);
      assert.equal((await recordOf(laurel, claimId)).state, 'PENDING_VALIDATION');

      await leaveAlone(laurel, claimId);
      await reconcile(laurel);
      assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
      assert.deepEqual(await levelsOf(laurel, { eventId }), GRANTED);
    });
  });

  describe('whoever recorded a claim', { concurrency: true }, () => {
    it('rejects it in one write, without a run, and gives back what it held of a bundle', async () => {
      const [hat, cape] = [
        { ...CAPE, rewardId: 'hat' },
        { ...CAPE, stock: 1 },
      ];
      const { eventId } = await event(laurel, { rewards: [hat, cape] });
      await laurel.claim(eventId, (await laurel.signIn()).token, { waitS: 30 });
      const { id, token } = await laurel.signIn();
      const { status, body } = await laurel.claim(eventId, token, { key: 'mine' });
      assert.deepEqual([status, body.state, body.reason], [200, 'REJECTED', 'SOLD_OUT']);
      const claim = await recordOf(laurel, claimIdOf(id, 'mine'));
      assert.deepEqual([claim.version, claim.entitlements], [2, undefined]);
      assert.equal(await hasRun(laurel, claim), false);
      assert.deepEqual(await levelsOf(laurel, { eventId }, 'hat'), GRANTED);
      assert.deepEqual(await levelsOf(laurel, { eventId }), ONE_GRANTED);
    });

    it('rejects nothing once its time is over, by the server’s clock: its run decides', async () => {
      const { claim } = await orphan();
      const { claims } = laurel.store;
      const until = claims.recorderUntil(claim);
      assert.equal(until.getTime(), claim.recordedAt.getTime() + RECORDER_MS);
      const { steps } = claim;
      const late = new Date(Date.now() - 1);
      assert.equal(await claims.refuse(claim, { reason: 'SOLD_OUT', steps, until: late }), null);
      assert.equal((await recordOf(laurel, claim._id)).state, 'PENDING_VALIDATION');
      assert.ok(await claims.refuse(claim, { reason: 'SOLD_OUT', steps, until }));
    });

    it('holds nothing once its time is over', async () => {
      const { claim, eventId } = await orphan();
      const { stock } = laurel.store;
      await stock.release({ eventId, holdId: `${claim._id}:cape`, quantity: 1 });
      const hold = { holdId: `${claim._id}:cape`, eventId, rewardId: 'cape' };
      const request = { ...hold, quantity: 1, buckets: 1 };
      await assert.rejects(stock.reserve(request, { until: new Date(Date.now() - 1) }));
      assert.deepEqual(await levelsOf(laurel, { eventId }), UNTOUCHED);
      assert.equal(await stock.reserve(request, { until: new Date(Date.now() + 60_000) }), 'HELD');
    });

    it('leaves a claim it could not reject in time to the run that another starts', async () => {
      const { eventId } = await event(laurel);
      const { id } = await laurel.signIn();
      const { stock, claims } = laurel.store;
      const store = {
        ...laurel.store,
        stock: { ...stock, reserve: async () => 'SOLD_OUT' as const },
        claims: { ...claims, recorderUntil: () => new Date(Date.now() - 1) },
      };
      const acceptance = createAcceptance({ store, now: () => new Date() });
      const request = { userId: id, eventId, rewardId: null, idempotencyKey: 'mine' };
      const { claim, replayed, start } = await acceptance.accept(request);
      assert.deepEqual([claim.state, replayed, start], ['PENDING_VALIDATION', false, undefined]);
      await leaveAlone(laurel, claim._id);
      await reconcile(laurel);
      assert.equal((await ended(laurel, claim._id)).state, 'GRANTED');
    });
  });

  it('a second key gets no record, and the first claim is left as it is', async () => {
    const { eventId, token, claim } = await orphan();
    assert.equal(codeOf(await laurel.claim(eventId, token)), 'already_claimed');
    assert.deepEqual(await recordOf(laurel, claim._id), claim);
  });
});

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
      name: 'after the record, before the hold',
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
            async reserve(...of) {
              await stock.reserve(...of);
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
      assert.equal((await levelsOf(laurel, { eventId })).held, held);
      await leaveAlone(laurel, claimId);
      await reconcile(laurel);
      assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
      assert.deepEqual(await levelsOf(laurel, { eventId }), ONE_GRANTED);
    });
  }

  it('between record and hold costs the player nothing: the same key starts the claim', async () => {
    const { eventId } = await events(1);
    const { token, claimId, asked } = await request(eventId);
    const died = Promise.withResolvers<void>();
    const api = apiOver(({ stock }) => ({ stock: { ...stock, reserve: dyingAt(died.resolve) } }));
    void api.accept(asked);
    await died.promise;
    const { idempotencyKey: key } = asked;
    // As long as that API may be alive, it alone may reject the claim or start its run.
    const early = await laurel.claim(eventId, token, { key });
    assert.deepEqual([early.status, early.body.state], [202, 'PENDING_VALIDATION']);
    await leaveAlone(laurel, claimId);
    const again = await laurel.claim(eventId, token, { key, waitS: 30 });
    assert.deepEqual([again.body.claimId, again.body.state], [claimId, 'GRANTED']);
    assert.equal((await runsOf(laurel, again.body)).length, 1);
  });
});

describe('an API that cannot hold', { concurrency: true }, () => {
  it('for want of room has the run do it at once', async () => {
    const { eventId } = await events(1);
    const { asked } = await request(eventId);
    const reserve = () => Promise.reject(new StockBusy('no bucket with room'));
    const api = apiOver(({ stock }) => ({ stock: { ...stock, reserve } }));
    const { claim, start } = await api.accept(asked);
    assert.ok(start);
    await laurel.runs.start(claim, start);
    assert.equal((await ended(laurel, claim._id)).state, 'GRANTED');
  });

  it('for a database that breaks has nobody start the run while it may still reject', async () => {
    const { eventId } = await events(0);
    const { claimId, asked } = await request(eventId);
    const answerLost: Store['claims']['refuse'] = async (...of) => {
      await laurel.store.claims.refuse(...of);
      throw new Error('connection closed');
    };
    const api = apiOver(({ claims }) => ({ claims: { ...claims, refuse: answerLost } }));
    const { claim, start } = await api.accept(asked);
    assert.deepEqual([claim.state, start], ['PENDING_VALIDATION', undefined]);
    assert.equal((await recordOf(laurel, claimId)).reason, 'SOLD_OUT');
  });
});
