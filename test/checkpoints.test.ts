/** A checkpoint changes nothing but when a call is made. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ActivityDeps } from '../activities/deps.ts';
import { createCheckpoints } from './checkpoints.ts';

const CLAIM_ID = 'clm_1';

/** What the claim's activities are given, each verb of which answers with all it was given. */
function echoing(): ActivityDeps {
  const echo = async (...args: unknown[]) => args;
  const claims = { get: echo, takeGrantFate: echo, grant: echo };
  return { claims, stock: { reserve: echo } } as unknown as ActivityDeps;
}

/** The calls that have a checkpoint before them, each with more arguments than the verb has today. */
const CALLS: [string, (deps: ActivityDeps) => (...args: unknown[]) => unknown, unknown[]][] = [
  ['claims.get', ({ claims }) => claims.get as never, [CLAIM_ID, 'usr_1', 'more']],
  [
    'claims.takeGrantFate',
    ({ claims }) => claims.takeGrantFate as never,
    [{ _id: CLAIM_ID }, [], [], 'more'],
  ],
  ['claims.grant', ({ claims }) => claims.grant as never, [{ _id: CLAIM_ID }, [], [], 'more']],
  [
    'stock.reserve',
    ({ stock }) => stock.reserve as never,
    [{ holdId: `${CLAIM_ID}:cape` }, { isLikely: true, until: new Date(0) }, 'more'],
  ],
];

describe('a call with a checkpoint before it', () => {
  for (const [name, verbOf, args] of CALLS) {
    it(`is made with every argument, and its answer comes back: ${name}`, async () => {
      const deps = createCheckpoints().around(echoing());
      assert.deepEqual(await verbOf(deps)(...args), args);
    });
  }

  it('is made once the claim is let go on', async () => {
    const checkpoints = createCheckpoints();
    const gate = checkpoints.hold('read', CLAIM_ID);
    let isMade = false;
    const call = checkpoints.around(echoing()).claims.get(CLAIM_ID);
    const made = call.then(() => {
      isMade = true;
    });
    await gate.reached;
    await new Promise(setImmediate);
    assert.equal(isMade, false);
    gate.open();
    await made;
  });
});
