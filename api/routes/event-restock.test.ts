import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fields } from '../test-app.ts';
import {
  at,
  CAPE,
  create,
  createClaimed,
  operator,
  player,
  pointersOf,
  type ShownEvent,
  t,
  useEventApi,
} from './test-events.ts';

useEventApi();

let keys = 0;
const restock = (event: Pick<ShownEvent, 'eventId'>, add: unknown, given: Fields = {}) => {
  const { key = `restock-${++keys}`, rewardId = 'cape' } = given;
  const path = `${at(event)}/rewards/${rewardId}/stock`;
  return operator('POST', path, { add }, { 'idempotency-key': String(key) });
};

const stockOf = async (event: ShownEvent) => {
  const { body } = await operator<ShownEvent>('GET', at(event));
  const cape = body.rewards.find(({ rewardId }) => rewardId === 'cape');
  return { stock: cape?.stock, version: body.version };
};

/** Sets units aside, as claims do. */
async function hold({ eventId }: ShownEvent, count: number) {
  for (let n = 0; n < count; n++) {
    const holdId = `clm_${eventId}-${n}:cape`;
    const reward = { eventId, rewardId: 'cape', quantity: 1, buckets: 3 };
    assert.equal(await t.store.stock.reserve({ holdId, ...reward }), 'HELD');
  }
}

describe('a restock', () => {
  it('adds units, and the event’s stock and version follow', async () => {
    const event = await createClaimed();
    await hold(event, 3);
    const answer = await restock(event, 4_000);
    assert.equal(answer.status, 200);
    const levels = { rewardId: 'cape', stock: 4_500, available: 4_497, held: 3, granted: 0 };
    assert.deepEqual(answer.body, levels);
    assert.deepEqual(await stockOf(event), { stock: 4_500, version: 2 });
    const { body: stats } = await operator('GET', `${at(event)}/stats`);
    assert.deepEqual((stats.rewards as Fields[])[1], levels);
  });

  it('adds up with others at the same time', async () => {
    const event = await create();
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => restock(event, n * 10)));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 200, 200],
    );
    assert.deepEqual(await stockOf(event), { stock: 650, version: 6 });
  });

  it('takes units away, down to what is held', async () => {
    const event = await createClaimed();
    await hold(event, 3);
    const tooMany = await restock(event, -498);
    assert.deepEqual([tooMany.status, tooMany.body.code], [409, 'conflict']);
    assert.match(String(tooMany.body.detail), /lower than 3/);
    assert.deepEqual(await stockOf(event), { stock: 500, version: 1 });
    const { body } = await restock(event, -497);
    assert.deepEqual(body, { rewardId: 'cape', stock: 3, available: 0, held: 3, granted: 0 });
  });

  it('is made once for a key, and answered the same again', async () => {
    const event = await create();
    const first = await restock(event, 10, { key: 'once' });
    await restock(event, 5);
    const again = await restock(event, 10, { key: 'once' });
    assert.deepEqual([again.status, again.body], [200, first.body]);
    assert.equal(first.headers.get('idempotency-replayed'), null);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    assert.deepEqual(await stockOf(event), { stock: 515, version: 3 });
    for (const other of [
      await restock(event, 11, { key: 'once' }),
      await restock(event, 10, { key: 'once', rewardId: 'mesos' }),
      await restock(await create(), 10, { key: 'once' }),
    ]) {
      assert.deepEqual([other.status, other.body.code], [422, 'idempotency_key_reused']);
    }
  });

  it('of two requests at once with one key is made once', async () => {
    const event = await create();
    const twins = await Promise.all([1, 2].map(() => restock(event, 10, { key: 'twins' })));
    assert.deepEqual(twins[0]?.body, twins[1]?.body);
    assert.deepEqual(await stockOf(event), { stock: 510, version: 2 });
  });

  it('needs a key', async () => {
    const path = `${at(await create())}/rewards/cape/stock`;
    const answer = await operator('POST', path, { add: 1 });
    assert.deepEqual([answer.status, answer.body.code], [400, 'idempotency_key_missing']);
  });

  it('of nothing changes nothing', async () => {
    const event = await create();
    assert.equal((await restock(event, 0)).status, 200);
    assert.deepEqual(await stockOf(event), { stock: 500, version: 1 });
  });

  it('is refused for a reward without a stock, and for one that is not there', async () => {
    const event = await create();
    const unlimited = await restock(event, 1, { rewardId: 'mesos' });
    assert.deepEqual([unlimited.status, unlimited.body.code], [409, 'conflict']);
    assert.equal((await restock(event, 1, { rewardId: 'hat' })).status, 404);
    assert.equal((await restock({ eventId: 'evt_none' }, 1)).status, 404);
  });

  it('refuses a sum that is no stock, and what is no number of units', async () => {
    const event = await create({ rewards: [{ ...CAPE, quantity: 10, stock: 20 }] });
    for (const add of [-15, 1_000_000_000, 1.5, '1', null]) {
      const answer = await restock(event, add);
      assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_request'], String(add));
      assert.deepEqual(pointersOf(answer), ['/add'], String(add));
    }
    assert.deepEqual(await stockOf(event), { stock: 20, version: 1 });
  });

  it('is in the audit log with the stock before and after', async () => {
    const event = await create();
    await restock(event, 7);
    const [entry, ...rest] = await t.store.auditLog.page(
      { targetId: event.eventId, action: 'event.restock' },
      undefined,
      5,
    );
    assert.equal(rest.length, 0);
    const stocks = [entry?.before, entry?.after].map(
      (of) => (of as { rewards: Fields[] }).rewards[1]?.stock,
    );
    assert.deepEqual(stocks, [500, 507]);
  });

  it('is for operators and admins', async () => {
    const path = `${at(await create())}/rewards/cape/stock`;
    const answer = await player('POST', path, { add: 1 }, { 'idempotency-key': 'k' });
    assert.equal(answer.status, 403);
  });
});
