import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createUnits } from './units.ts';

/** Lets everything run that waits for nothing but its turn. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

const ASKED = { eventId: 'evt_1', rewardId: null };
const CAPE = [{ rewardId: 'cape', quantity: 1 }];

/** Units over a store that has as many as the test says, on a clock that it turns. */
function withRoom(room: number) {
  const store = { room, looks: 0 };
  let clockMs = 0;
  const stock = {
    async roomFor() {
      store.looks += 1;
      const { room } = store;
      await settle();
      return [room];
    },
  };
  const units = createUnits(stock, { nowMs: () => clockMs });
  return {
    store,
    units,
    pass(ms: number) {
      clockMs += ms;
    },
    /** A claim; what became of it is `waits`, `goes on` or `sold_out`. */
    ask() {
      const asked = { is: 'waits', end: () => {} };
      units.take(ASKED, CAPE).then(
        (ticket) => Object.assign(asked, { is: 'goes on', end: ticket.end }),
        (error) => Object.assign(asked, { is: error.code }),
      );
      return asked;
    },
  };
}

async function fates(asked: { is: string }[]): Promise<string[]> {
  for (let n = 0; n < 10; n++) await settle();
  return asked.map(({ is }) => is);
}

describe('the units a claim may hope for', () => {
  it('let no more claims go on than there are units, before any of them holds one', async () => {
    const { ask } = withRoom(2);
    const asked = [ask(), ask(), ask()];
    assert.deepEqual(await fates(asked), ['goes on', 'goes on', 'waits']);
  });

  it('are sold out for who waited, once those before hold them', async () => {
    const { ask, store } = withRoom(1);
    const asked = [ask(), ask(), ask()];
    await fates(asked);
    store.room = 0;
    asked[0]?.end();
    assert.deepEqual(await fates(asked), ['goes on', 'sold_out', 'sold_out']);
  });

  it('go to who waited, where one before did not get its hold', async () => {
    const { ask } = withRoom(1);
    const asked = [ask(), ask()];
    await fates(asked);
    asked[0]?.end();
    assert.deepEqual(await fates(asked), ['goes on', 'goes on']);
  });

  it('are counted as taken where their claim ended while the store was looked at', async () => {
    const { ask, store } = withRoom(1);
    const first = ask();
    await fates([first]);
    const other = ask();
    // This look has seen one unit; the first claim takes it before that is answered.
    store.room = 0;
    first.end();
    assert.deepEqual(await fates([other]), ['sold_out']);
  });

  it('are remembered to be gone for a second, and no longer once there are some', async () => {
    const { ask, units, store, pass } = withRoom(0);
    assert.equal(units.isRemembered('evt_1', null), false);
    assert.deepEqual(await fates([ask()]), ['sold_out']);
    pass(999);
    assert.equal(units.isRemembered('evt_1', null), true);
    assert.equal(units.isRemembered('evt_2', null), false);
    pass(1);
    assert.equal(units.isRemembered('evt_1', null), false);

    await fates([ask()]);
    store.room = 1;
    await units.check(ASKED, CAPE);
    assert.equal(units.isRemembered('evt_1', null), false);
  });

  it('are not looked at for every claim where there are plenty, for a quarter of a second', async () => {
    const { ask, store, pass } = withRoom(503);
    assert.deepEqual(await fates([ask()]), ['goes on']);
    pass(249);
    assert.deepEqual(await fates([ask()]), ['goes on']);
    assert.equal(store.looks, 1);
    pass(1);
    await fates([ask()]);
    assert.equal(store.looks, 2);
    // Of 503 units three are about to be held: what is left is no plenty any more.
    await fates([ask()]);
    assert.equal(store.looks, 3);
  });

  it('are looked at by the store for every refusal, once for all who wait for it', async () => {
    const { units, store } = withRoom(0);
    const refusals = Array.from({ length: 50 }, () => units.check(ASKED, CAPE));
    const settled = await Promise.allSettled(refusals);
    assert.ok(settled.every(({ status }) => status === 'rejected'));
    assert.equal(store.looks, 2, 'the first, and one for the 49 that came during it');
    await assert.rejects(units.check(ASKED, CAPE));
    assert.equal(store.looks, 3);
  });
});
