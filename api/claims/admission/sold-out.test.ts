import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RewardUnits } from '../../../store/stock/stock.ts';
import { createSoldOut } from './sold-out.ts';

const asked = (eventId: string, rewardId: string | null = null) => ({ eventId, rewardId });
const units = (...rewardIds: string[]): RewardUnits[] =>
  rewardIds.map((rewardId) => ({ rewardId, quantity: 1 }));

/** What is remembered over a stock of which these rewards are gone. */
function memory(...gone: string[]) {
  const seen = { gone: new Set(gone), looks: 0, reported: [] as string[] };
  const stock = {
    async soldOut<R extends RewardUnits>(_: string, rewards: readonly R[]): Promise<R[]> {
      seen.looks += 1;
      return rewards.filter(({ rewardId }) => seen.gone.has(rewardId));
    },
  };
  const soldOut = createSoldOut(stock, ({ eventId, rewardId }) => {
    seen.reported.push(`${eventId}/${rewardId}`);
  });
  return { soldOut, seen };
}

describe('what was seen sold out', () => {
  it('is nothing at first, and what a hold found so from then on', () => {
    const { soldOut, seen } = memory();
    assert.equal(soldOut.isSeen(asked('evt_1')), false);
    soldOut.remember(asked('evt_1'));
    assert.equal(soldOut.isSeen(asked('evt_1')), true);
    assert.equal(soldOut.isSeen(asked('evt_2')), false);
    assert.equal(soldOut.isSeen(asked('evt_1', 'cape')), false, 'one reward is another thing');
    assert.deepEqual(seen.reported, ['evt_1/null']);
  });

  it('is what a look found so, which is reported and refuses who looked', async () => {
    const { soldOut, seen } = memory('cape');
    const refusal = await soldOut.refusalOf(asked('evt_1'), units('cape', 'mount'));
    assert.equal(refusal?.code, 'sold_out');
    assert.match(refusal.message, /\bcape\b/);
    assert.doesNotMatch(refusal.message, /mount/);
    assert.equal(soldOut.isSeen(asked('evt_1')), true);
    assert.deepEqual(seen.reported, ['evt_1/null']);
  });

  it('is forgotten once a look finds something left', async () => {
    const { soldOut, seen } = memory('cape');
    const refusal = await soldOut.refusalOf(asked('evt_1'), units('cape'));
    assert.equal(refusal?.code, 'sold_out');
    seen.gone.clear();
    assert.equal(await soldOut.refusalOf(asked('evt_1'), units('cape')), null);
    assert.equal(soldOut.isSeen(asked('evt_1')), false);
  });

  it('costs a crowd one look after the other, and a claim of nothing limited none', async () => {
    const { soldOut, seen } = memory('cape');
    const crowd = await Promise.all(
      Array.from({ length: 100 }, () => soldOut.refusalOf(asked('evt_1'), units('cape'))),
    );
    assert.ok(crowd.every((refusal) => refusal?.code === 'sold_out'));
    assert.equal(seen.looks, 2, 'one for the first, and one for all who came during it');
    assert.equal(await soldOut.refusalOf(asked('evt_1'), []), null);
    assert.equal(seen.looks, 2);
  });

  it('is kept of ten thousand, of which the one seen longest ago goes', () => {
    const { soldOut } = memory();
    for (let n = 0; n < 10_000; n++) soldOut.remember(asked(`evt_${n}`));
    soldOut.remember(asked('evt_0'));
    soldOut.remember(asked('evt_new'));
    assert.equal(soldOut.isSeen(asked('evt_1')), false);
    for (const kept of ['evt_0', 'evt_2', 'evt_new']) assert.ok(soldOut.isSeen(asked(kept)), kept);
  });
});
