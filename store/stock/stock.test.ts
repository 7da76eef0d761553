import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { StockBusy } from '../../domain/claims/stock-busy.ts';
import {
  bucket,
  profiled,
  type StoreFixture,
  someClaimId,
  storeFixture,
  unique,
} from '../test-store.ts';
import { createStockStore, HOLDS_PER_BUCKET, type StockBucket } from './stock.ts';

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
});
after(() => t.close());

/** A new reward with so many units in each of its buckets. */
async function stocked(units: number[], quantity = 1, given: Partial<StockBucket> = {}) {
  const eventId = unique('evt');
  const buckets = units.map((n, i) => bucket(eventId, i, n, { quantity, ...given }));
  await t.store.stock.model.insertMany(buckets);
  return {
    eventId,
    request: (holdId: string) => ({
      holdId,
      eventId,
      rewardId: 'cape',
      quantity,
      buckets: units.length,
    }),
    newHold: () => `${someClaimId()}:cape`,
    /**
     * With `isLikely` the hold is looked for first, as by a run whose claim was probably held
     * before.
     */
    async reserve(holdId: string, isLikely = false) {
      return await t.store.stock.reserve(this.request(holdId), { isLikely });
    },
    settle: (holdId: string) => t.store.stock.settle({ eventId, holdId, quantity }),
    release: (holdId: string) => t.store.stock.release({ eventId, holdId, quantity }),
    async buckets(): Promise<StockBucket[]> {
      return await t.store.stock.model.find({ eventId }).sort({ n: 1 }).lean<StockBucket[]>();
    },
    async levels() {
      const [levels] = await t.store.stock.levels(eventId);
      assert.ok(levels);
      const { available, held, granted } = levels;
      return { available, held, granted };
    },
  };
}

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** Buckets of the whole test database that do not add up. */
const unbalanced = async () => (await t.store.stock.unbalanced()).map((b) => b._id);

describe('the last ten units, wanted by 64 claims at once', () => {
  const cases: { spread: string; units: number[]; quantity: number }[] = [
    { spread: 'in one bucket', units: [10], quantity: 1 },
    { spread: 'over four buckets', units: [1, 2, 3, 4], quantity: 1 },
    { spread: 'over three buckets, by three', units: [9, 12, 9], quantity: 3 },
  ];
  for (const { spread, units, quantity } of cases) {
    it(`are held by exactly ten, and by the same ten after two retries of each: ${spread}`, async () => {
      const reward = await stocked(units, quantity);
      const holds = times(64, reward.newHold);
      const tries = [];
      for (let i = 0; i < 3; i++)
        tries.push(await Promise.all(holds.map((h) => reward.reserve(h))));
      assert.equal(tries[0]?.filter((answer) => answer === 'HELD').length, 10);
      assert.deepEqual(tries[1], tries[0]);
      assert.deepEqual(tries[2], tries[0]);
      assert.deepEqual(await reward.levels(), { available: 0, held: 10 * quantity, granted: 0 });
      assert.deepEqual(await unbalanced(), []);
    });
  }

  it('are held once by a claim whose attempts overlap, and all its attempts say so', async () => {
    for (let round = 0; round < 4; round++) {
      const reward = await stocked([2, 1]);
      const holds = times(8, reward.newHold);
      const answers = await Promise.all(
        holds.map(async (holdId) => {
          return new Set(await Promise.all(times(4, () => reward.reserve(holdId))));
        }),
      );
      assert.ok(
        answers.every((own) => own.size === 1),
        'attempts of one line disagree',
      );
      assert.equal(answers.filter((own) => own.has('HELD')).length, 3);
      assert.deepEqual(await reward.levels(), { available: 0, held: 3, granted: 0 });
    }
  });
});

describe('a hold', () => {
  it('dies where its write comes later than its deadline by the server’s clock', async () => {
    const reward = await stocked([5]);
    const aMinuteAgo = { nowMs: async () => Date.now() - 60_000 };
    const late = createStockStore(t.connection, aMinuteAgo);
    await assert.rejects(late.reserve(reward.request(reward.newHold())), StockBusy);
    assert.deepEqual(await reward.levels(), { available: 5, held: 0, granted: 0 });
  });

  it('dies where its write comes later than the moment it was given', async () => {
    const reward = await stocked([5]);
    const { localTime } = await t.connection.getClient().db('admin').command({ hello: 1 });
    const until = (ms: number) => ({ until: new Date(localTime.getTime() + ms) });
    const request = reward.request(reward.newHold());
    await assert.rejects(t.store.stock.reserve(request, until(-1)), StockBusy);
    assert.deepEqual(await reward.levels(), { available: 5, held: 0, granted: 0 });
    assert.equal(await t.store.stock.reserve(request, until(60_000)), 'HELD');
  });

  it('is found among many that are asked for at once, where one lies in another bucket', async () => {
    const reward = await stocked([0, 5]);
    const first = reward.newHold();
    assert.equal(await reward.reserve(first), 'HELD');
    await t.store.stock.model.updateMany(
      { eventId: reward.eventId },
      { $inc: { available: 20, stock: 20 } },
    );
    const all = [first, ...times(20, reward.newHold)];
    const answers = await Promise.all(all.map((holdId) => reward.reserve(holdId)));
    assert.deepEqual(new Set(answers), new Set(['HELD']));
    assert.deepEqual(await reward.levels(), { available: 24, held: 21, granted: 0 });
  });

  it('is found again in whichever bucket it lies', async () => {
    const reward = await stocked([0, 0, 1, 0]);
    const holds = times(12, reward.newHold);
    const answers = await Promise.all(holds.map((h) => reward.reserve(h)));
    const held = holds[answers.indexOf('HELD')] as string;
    // There are free units in every bucket, so a retry that reads only one bucket would hold twice.
    await t.store.stock.model.updateMany(
      { eventId: reward.eventId },
      { $inc: { available: 3, stock: 3 } },
    );
    assert.equal(await reward.reserve(held), 'HELD');
    assert.deepEqual(await reward.levels(), { available: 12, held: 1, granted: 0 });
  });

  it('cannot lie in two buckets, whatever is written', async () => {
    const reward = await stocked([5, 5]);
    const holdId = reward.newHold();
    await reward.reserve(holdId);
    const elsewhere = (await reward.buckets()).find((b) => !b.holds.includes(holdId));
    const push = t.store.stock.model.collection.updateOne(
      { _id: elsewhere?._id as never },
      { $push: { holds: holdId } as never },
    );
    await assert.rejects(push, /index: hold /);
  });

  it('is looked for by its index alone, with thousands of buckets around', async () => {
    const others = times(2_000, (n) => bucket(unique('evt'), n, 1));
    await t.store.stock.model.insertMany(others);
    const reward = await stocked([5, 5]);
    const [settled, released] = [reward.newHold(), reward.newHold()];
    const seen = await profiled(t.connection, 'stock_buckets', async () => {
      await reward.reserve(settled, true);
      await reward.reserve(released, true);
      await reward.reserve(settled, true);
      await reward.settle(settled);
      await reward.release(released);
    });
    const plans = seen.map(({ op, planSummary }) => `${op} ${planSummary}`);
    assert.equal(
      plans.filter((p) => p === 'query IXSCAN { eventId: 1, holds: 1 }').length,
      3,
      `${plans}`,
    );
    assert.equal(
      plans.filter((p) => p === 'update IXSCAN { eventId: 1, holds: 1 }').length,
      2,
      `${plans}`,
    );
    assert.ok(!plans.some((p) => p.includes('COLLSCAN')), `${plans}`);
  });

  it('leaves room for others when it is gone: empty buckets do not collide', async () => {
    const reward = await stocked([1, 1, 1]);
    const holds = times(3, reward.newHold);
    for (const holdId of holds) assert.equal(await reward.reserve(holdId), 'HELD');
    for (const holdId of holds) assert.equal(await reward.release(holdId), true);
    assert.deepEqual(
      (await reward.buckets()).map((b) => b.holds),
      [[], [], []],
    );
    assert.deepEqual(await reward.levels(), { available: 3, held: 0, granted: 0 });
  });
});

describe('a hold that is closed', () => {
  const ways = [
    { way: 'settled', levels: { available: 2, held: 0, granted: 3 } },
    { way: 'released', levels: { available: 5, held: 0, granted: 0 } },
  ] as const;
  for (const { way, levels } of ways) {
    it(`is ${way} once, whoever repeats it and however`, async () => {
      const reward = await stocked([5], 3);
      const holdId = reward.newHold();
      await reward.reserve(holdId);
      const { settle, release } = reward;
      const closed = await Promise.all(
        times(8, () => (way === 'settled' ? settle : release)(holdId)),
      );
      if (way === 'released') assert.equal(closed.filter(Boolean).length, 1);
      await settle(holdId);
      assert.equal(await release(holdId), false);
      assert.deepEqual(await reward.levels(), levels);
    });
  }

  it('is settled together with others of its turn, each of them with its own units', async () => {
    const [single, triple] = [await stocked([4, 4]), await stocked([9], 3)];
    const holds = [single, single, single, triple, triple].map((reward) => {
      return { reward, holdId: reward.newHold() };
    });
    for (const { reward, holdId } of holds) assert.equal(await reward.reserve(holdId), 'HELD');
    await Promise.all(holds.map(({ reward, holdId }) => reward.settle(holdId)));
    assert.deepEqual(await single.levels(), { available: 5, held: 0, granted: 3 });
    assert.deepEqual(await triple.levels(), { available: 3, held: 0, granted: 6 });
    assert.deepEqual(await unbalanced(), []);
  });

  it('is not touched by what closes one of the same name in another event', async () => {
    const [mine, theirs] = [await stocked([5]), await stocked([5])];
    const holdId = mine.newHold();
    assert.equal(await mine.reserve(holdId), 'HELD');
    await theirs.settle(holdId);
    assert.equal(await theirs.release(holdId), false);
    assert.deepEqual(await mine.levels(), { available: 4, held: 1, granted: 0 });
  });

  it('changes nothing where it never was', async () => {
    const reward = await stocked([5]);
    await reward.settle(reward.newHold());
    assert.equal(await reward.release(reward.newHold()), false);
    assert.deepEqual(await reward.levels(), { available: 5, held: 0, granted: 0 });
  });
});

describe('"sold out"', () => {
  it('is said where no bucket has the units of one claim', async () => {
    const reward = await stocked([2, 1], 3);
    assert.equal(await reward.reserve(reward.newHold()), 'SOLD_OUT');
    const rewards = [{ rewardId: 'cape', quantity: 3 }];
    assert.deepEqual(await t.store.stock.soldOut(reward.eventId, rewards), rewards);
    const lesser = [{ rewardId: 'cape', quantity: 2 }];
    assert.deepEqual(await t.store.stock.soldOut(reward.eventId, lesser), []);
  });

  it('is not said of a bucket full of holds: the next one is tried', async () => {
    const holds = () => times(HOLDS_PER_BUCKET, () => `${someClaimId()}:cape`);
    const reward = await stocked([1_000, 1_000]);
    for (const { _id } of await reward.buckets()) {
      if (!_id.endsWith('/0')) continue;
      const full = { holds: holds(), available: 600 };
      await t.store.stock.model.updateOne({ _id }, full);
    }
    const wanted = times(20, reward.newHold);
    for (const holdId of wanted) assert.equal(await reward.reserve(holdId), 'HELD');
    const [first, second] = await reward.buckets();
    assert.equal(first?.holds.length, HOLDS_PER_BUCKET);
    assert.deepEqual(second?.holds.toSorted(), wanted.toSorted());
  });

  it('is not said where every bucket is full of holds, but that the stock is busy for now', async () => {
    const standing = times(HOLDS_PER_BUCKET, () => `${someClaimId()}:cape`);
    const reward = await stocked([1_000], 1, { holds: standing, available: 600 });
    const holdId = reward.newHold();
    await assert.rejects(reward.reserve(holdId), StockBusy);
    assert.deepEqual(await reward.levels(), { available: 600, held: 400, granted: 0 });
    await reward.settle(standing[7] as string);
    assert.equal(await reward.reserve(holdId), 'HELD');
  });

  it('is not said while the last unit moves from bucket to bucket', async () => {
    const reward = await stocked([1, 0]);
    const [here, there] = (await reward.buckets()).map((b) => b._id);
    let isOver = false;
    const collection = t.store.stock.model.collection;
    const move = async (from: unknown, to: unknown) => {
      const units = (n: number) => ({ $inc: { available: n, stock: n } });
      await t.connection.getClient().withSession((session) =>
        session.withTransaction(async () => {
          const taken = await collection.updateOne(
            { _id: from as never, available: 1 },
            units(-1),
            { session },
          );
          if (taken.matchedCount === 0) return;
          await collection.updateOne({ _id: to as never }, units(1), { session });
        }),
      );
    };
    const mover = (async () => {
      while (!isOver) {
        await move(here, there);
        await move(there, here);
      }
    })();
    for (let i = 0; i < 60; i++) {
      const holdId = reward.newHold();
      const answer = await reward.reserve(holdId).catch((error: unknown) => error);
      assert.ok(answer === 'HELD' || answer instanceof StockBusy, `${answer}`);
      if (answer === 'HELD') await reward.release(holdId);
    }
    isOver = true;
    await mover;
    assert.deepEqual(await reward.levels(), { available: 1, held: 0, granted: 0 });
  });
});

describe('the levels of a stock', () => {
  it('add up in every bucket at each moment, whatever order things happen in', async (context) => {
    const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
    context.diagnostic(`SEED=${seed}`);
    const action = fc.record({
      verb: fc.constantFrom('reserve', 'reserve', 'settle', 'release'),
      who: fc.nat(7),
    });
    const bursts = fc.array(fc.array(action, { minLength: 1, maxLength: 12 }), { maxLength: 6 });
    const units = fc.array(fc.nat(4), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(units, fc.constantFrom(1, 3), bursts, async (portions, quantity, todo) => {
        const reward = await stocked(
          portions.map((n) => n * quantity),
          quantity,
        );
        const holds = times(8, reward.newHold);
        const act = async (verb: string, holdId: string) => {
          if (verb === 'settle') return await reward.settle(holdId);
          if (verb === 'release') return await reward.release(holdId);
          return await reward.reserve(holdId).catch((error: unknown) => {
            if (!(error instanceof StockBusy)) throw error;
          });
        };
        for (const burst of todo) {
          const acts = burst.map(({ verb, who }) => act(verb, holds[who] as string));
          // Read while the writes are running, and again when they are done.
          assert.deepEqual(await unbalanced(), []);
          await Promise.all(acts);
          assert.deepEqual(await unbalanced(), []);
        }
        const seen = (await reward.buckets()).flatMap((b) => b.holds);
        assert.equal(new Set(seen).size, seen.length, 'a hold lies twice');
        for (const b of await reward.buckets()) assert.ok(b.available >= 0, `oversold: ${b._id}`);
      }),
      { seed, numRuns: 30 },
    );
  });

  it('name each bucket that does not add up', async () => {
    const reward = await stocked([4, 4]);
    await t.store.stock.model.updateOne({ _id: `${reward.eventId}/cape/1` }, { available: 5 });
    assert.deepEqual(await unbalanced(), [`${reward.eventId}/cape/1`]);
    await t.store.stock.model.deleteMany({ eventId: reward.eventId });
  });

  it('list every hold that lies anywhere', async () => {
    const reward = await stocked([4, 4], 2);
    const holds = times(3, reward.newHold);
    for (const holdId of holds) await reward.reserve(holdId);
    const listed = [];
    for await (const hold of t.store.stock.holds()) {
      if (holds.includes(hold.holdId)) listed.push(hold);
    }
    const byId = (a: { holdId: string }, b: { holdId: string }) => a.holdId.localeCompare(b.holdId);
    assert.deepEqual(
      listed.toSorted(byId),
      holds.map((holdId) => ({ eventId: reward.eventId, holdId, quantity: 2 })).toSorted(byId),
    );
  });

  it('say so where a reward has no buckets at all', async () => {
    const request = { holdId: 'clm_1:cape', eventId: 'evt_none', rewardId: 'cape' };
    const reserved = t.store.stock.reserve({ ...request, quantity: 1, buckets: 1 });
    await assert.rejects(reserved, /no stock buckets/);
  });
});
