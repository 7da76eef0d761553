import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { CAPE } from '../../domain/events/test-fields.ts';
import type { StoredEvent } from '../events/events.ts';
import { type EventsFixture, eventsFixture, OPERATOR } from '../events/test-events.ts';
import { bucketsFor, createStockChanges } from './stock-changes.ts';

let t: EventsFixture;
before(async () => {
  t = await eventsFixture();
});
after(() => t.close());

const setStock = async (event: StoredEvent, stock: number): Promise<StoredEvent> => {
  const [reward] = event.rewards;
  assert.ok(reward);
  const { buckets: _, ...named } = reward;
  return await t.events.change(OPERATOR, event.eventId, { rewards: [{ ...named, stock }] });
};

const bucketsOf = async (event: StoredEvent) =>
  await t.stock.model.find({ eventId: event.eventId }).sort({ n: 1 }).lean();

async function levelsOf(event: StoredEvent) {
  const [levels] = await t.levels(event);
  assert.ok(levels);
  assert.deepEqual(await t.stock.unbalanced(), []);
  return levels;
}

describe('the buckets of a stock', () => {
  it('are one for each 200 claims, up to 16, and then as many as hold every unit at once', () => {
    const counts: [stock: number, quantity: number, buckets: number][] = [
      [0, 1, 1],
      [1, 1, 1],
      [200, 1, 1],
      [201, 1, 2],
      [2_000, 10, 1],
      [2_010, 10, 2],
      [3_200, 1, 16],
      [6_400, 1, 16],
      [6_401, 1, 17],
      [40_000, 4, 25],
      [1_000_000_000, 1, 128],
      [5, 10, 1],
    ];
    for (const [stock, quantity, buckets] of counts) {
      assert.equal(bucketsFor(stock, quantity), buckets, `${stock} by ${quantity}`);
    }
  });

  it('hold whole portions, evenly, and all but bucket 0 nothing else', async () => {
    const reward = { ...CAPE, quantity: 7, stock: 7 * 500 + 3 };
    const event = await t.create({ rewards: [reward] });
    const units = (await bucketsOf(event)).map((bucket) => bucket.available);
    assert.deepEqual(units, [7 * 167 + 3, 7 * 167, 7 * 166]);
    assert.equal(event.rewards[0]?.buckets, 3);
  });

  it('serve every claim the stock suffices for, whatever was changed before', async () => {
    const stocks = fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        stocks,
        async (quantity, [first, ...more]) => {
          const usable = (stock = 0) => (stock < quantity ? 0 : stock);
          const reward = { ...CAPE, quantity, stock: usable(first) };
          let event = await t.createClaimed({ rewards: [reward] });
          for (const stock of more) event = await setStock(event, usable(stock));
          const last = event.rewards[0]?.stock ?? 0;
          for (const { n, stock } of await bucketsOf(event)) {
            assert.equal(stock % quantity, n === 0 ? last % quantity : 0);
          }
          const portions = Math.floor(last / quantity);
          const sum = (await bucketsOf(event)).reduce(
            (claims, { available }) => claims + Math.floor(available / quantity),
            0,
          );
          assert.equal(sum, portions);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('raising a stock after the first claim', () => {
  it('adds the units and keeps what is held and granted', async () => {
    const event = await t.createClaimed({ rewards: [CAPE] });
    const [settled] = await t.hold(event, CAPE, 3);
    await t.stock.settle({ eventId: event.eventId, holdId: settled as string, quantity: 1 });
    const raised = await setStock(event, 15);
    assert.equal(raised.rewards[0]?.stock, 15);
    const { stock, available, held, granted } = await levelsOf(event);
    assert.deepEqual(
      { stock, available, held, granted },
      { stock: 15, available: 12, held: 2, granted: 1 },
    );
  });

  it('adds buckets where the stock has outgrown them, and deals the free units out anew', async () => {
    const event = await t.createClaimed({ rewards: [{ ...CAPE, stock: 200 }] });
    await t.hold(event, CAPE, 50);
    const raised = await setStock(event, 1_000);
    assert.equal(raised.rewards[0]?.buckets, 5);
    const buckets = await bucketsOf(event);
    assert.deepEqual(
      buckets.map((b) => b.available),
      [190, 190, 190, 190, 190],
    );
    assert.deepEqual(
      buckets.map((b) => b.stock),
      [240, 190, 190, 190, 190],
    );
    await levelsOf(event);
  });

  it('lets a sold out reward be claimed again', async () => {
    const event = await t.createClaimed({ rewards: [{ ...CAPE, stock: 1 }] });
    await t.hold(event, CAPE, 1);
    await assert.rejects(t.hold(event, CAPE, 1), { message: 'SOLD_OUT' });
    await setStock(event, 2);
    await t.hold(event, CAPE, 1);
  });
});

describe('lowering a stock after the first claim', () => {
  it('goes down to what is held and granted, and no unit lower', async () => {
    const reward = { ...CAPE, quantity: 2, stock: 20 };
    const event = await t.createClaimed({ rewards: [reward] });
    const [settled] = await t.hold(event, reward, 3);
    await t.stock.settle({ eventId: event.eventId, holdId: settled as string, quantity: 2 });
    await assert.rejects(setStock(event, 5), {
      code: 'conflict',
      message: 'The stock of cape cannot be lower than 6: the units held and granted.',
    });
    assert.equal((await levelsOf(event)).stock, 20);
    await setStock(event, 6);
    const { stock, available, held, granted } = await levelsOf(event);
    assert.deepEqual(
      { stock, available, held, granted },
      { stock: 6, available: 0, held: 4, granted: 2 },
    );
  });

  it('keeps the buckets there are', async () => {
    const event = await t.createClaimed({ rewards: [{ ...CAPE, stock: 1_000 }] });
    const lowered = await setStock(event, 7);
    assert.equal(lowered.rewards[0]?.buckets, 5);
    assert.deepEqual(
      (await bucketsOf(event)).map((b) => b.available),
      [2, 2, 1, 1, 1],
    );
  });
});

describe('a stock that is raised and lowered while claims reserve', () => {
  it('adds up at the end, and no unit is given twice', async () => {
    const event = await t.createClaimed({ rewards: [{ ...CAPE, stock: 400 }] });
    const { eventId } = event;
    let running = true;
    const granted: string[] = [];

    async function claimer(name: string): Promise<void> {
      for (let i = 0; running; i++) {
        const holdId = `clm_${name}x${i}:cape`;
        const asked = { holdId, eventId, rewardId: 'cape', quantity: 1, buckets: 2 };
        if ((await t.stock.reserve(asked)) === 'SOLD_OUT') continue;
        const hold = { eventId, holdId, quantity: 1 };
        if (i % 3 === 0) {
          assert.ok(await t.stock.release(hold));
          continue;
        }
        await t.stock.settle(hold);
        granted.push(holdId);
      }
    }
    const claimers = Array.from({ length: 16 }, (_, i) => claimer(String(i)));

    let stock = 400;
    for (const wanted of [1_000, 300, 2_000, 0, 2_500, 600, 3_500, 1_500]) {
      const changed = await setStock(event, wanted).catch((error) => {
        assert.equal(error.code, 'conflict');
        return null;
      });
      if (changed) stock = wanted;
    }
    running = false;
    await Promise.all(claimers);

    assert.ok(granted.length > 0);
    assert.deepEqual(await levelsOf(event), {
      rewardId: 'cape',
      stock,
      available: stock - granted.length,
      held: 0,
      granted: granted.length,
    });
    assert.equal((await t.events.get(eventId))?.rewards[0]?.stock, stock);
  });
});

describe('locking buckets', () => {
  it('keeps reservations out until the transaction has ended', async () => {
    const event = await t.createClaimed({ rewards: [CAPE] });
    const { eventId } = event;
    const session = await t.connection.startSession();
    session.startTransaction();
    await createStockChanges(t.connection).lockBuckets(session, eventId, ['cape']);
    // A reservation would wait for long. This write says soon that it had to wait.
    const impatient = t.stock.model.collection.updateOne(
      { eventId },
      { $inc: { available: -1 } },
      { maxTimeMS: 100 },
    );
    await assert.rejects(impatient, { codeName: 'MaxTimeMSExpired' });
    await session.commitTransaction();
    await session.endSession();
    await t.hold(event, CAPE, 1);
    assert.equal((await levelsOf(event)).available, 9);
  });
});
