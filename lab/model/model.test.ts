/** The real product against the model of it: a few sequences of one seed. `npm run model` plays more. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Difference, play } from './play-sequence.ts';
import type { Sequence } from './random-sequences.ts';
import { type System, startSystem } from './real-system.ts';
import { runSequences } from './run-sequences.ts';

const PATIENCE_MS = 120_000;

/** A player claims the only reward, and the game refuses. */
const REFUSED: Sequence = {
  events: [
    {
      status: 'ACTIVE',
      provider: 'game',
      selection: 'ALL',
      claimsPerPeriod: 1,
      claimsTotal: null,
      exclusiveGroup: null,
      rewards: [{ rewardId: 'r0', quantity: 1, stock: 3 }],
      isClaimed: false,
    },
  ],
  steps: [
    [
      {
        do: 'claim',
        player: 'P0',
        key: 'k0',
        event: 0,
        reward: 0,
        isMisfit: false,
        fault: 'refuses',
      },
    ],
  ],
  ending: 'RETRY',
};

let system: System;
/** Breaks the product: holds of failed claims are not released. */
let isBroken = false;

before(async () => {
  system = await startSystem(({ stock, ...deps }) => {
    const release: typeof stock.release = async (hold) => isBroken || (await stock.release(hold));
    return { ...deps, stock: { ...stock, release } };
  });
});
after(() => system.stop());

describe('the product and the model of it', () => {
  it('do not part in random sequences of claims, bans, stock changes, decisions and faults', async () => {
    const { failure, played } = await runSequences({
      // A seed that runs quickly: no request of it is stalled.
      seed: 39,
      from: 0,
      runs: 5,
      lanes: 5,
      patienceMs: PATIENCE_MS,
      shrinkMs: PATIENCE_MS,
      start: async () => ({ ...system, stop: async () => {} }),
    });
    assert.equal(failure?.story.join('\n'), undefined);
    assert.equal(played, 5);
  });

  it('part where the stock of a failed claim is not given back, and the step is told', async () => {
    isBroken = true;
    await assert.rejects(play(system, REFUSED, { patienceMs: PATIENCE_MS }), (error) => {
      assert.ok(error instanceof Difference);
      assert.deepEqual(error.story, [
        'E0: ACTIVE, through the game, 1 a player, ALL of 1 r0 of 3',
        '1. P0 claims E0 with the key k0; the game refuses',
        '  ! stock E0/r0: product.md allows 3 = 3 + 0 + 0; there is 3 = 2 + 1 + 0',
      ]);
      return true;
    });
  });
});
