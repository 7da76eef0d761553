import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Role } from '../../domain/user.ts';
import { type StoreFixture, storeFixture, unique } from '../test-store.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.now();

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
  // MongoDB's own clock must not end what the test's clock has not.
  await t.store.refreshTokens.model.collection.dropIndex('expiry');
});
after(() => t.close());

/** A sign-in that is used again and again. */
async function signIn(role: Role) {
  const userId = unique('usr');
  const at = (ms: number) => new Date(START + ms);
  let token = await t.store.refreshTokens.issue({ userId, epoch: 0, role }, at(0));
  return {
    userId,
    /** Uses it, so long after the sign-in. @returns whether it was still valid */
    async use(ms: number): Promise<boolean> {
      const rotation = await t.store.refreshTokens.rotate(token, at(ms));
      if (rotation.outcome === 'ROTATED') token = rotation.token;
      return rotation.outcome === 'ROTATED';
    },
  };
}

const LIVES = [
  ['PLAYER', 30 * DAY_MS, 90 * DAY_MS],
  ['GAME_SERVER', 30 * DAY_MS, 90 * DAY_MS],
  ['SUPPORT', 12 * HOUR_MS, 7 * DAY_MS],
  ['ADMIN', 12 * HOUR_MS, 7 * DAY_MS],
] as const;

for (const [role, idleMs, totalMs] of LIVES) {
  describe(`a sign-in of ${role}`, () => {
    it(`ends ${idleMs / HOUR_MS} hours after its last use`, async () => {
      const used = await signIn(role);
      assert.equal(await used.use(idleMs - 1), true);
      assert.equal(await used.use(2 * idleMs - 2), true);
      const unused = await signIn(role);
      assert.equal(await unused.use(idleMs), false);
    });

    it(`ends ${totalMs / DAY_MS} days after its beginning, however often it is used`, async () => {
      const { use } = await signIn(role);
      for (let ms = idleMs / 2; ms < totalMs; ms += idleMs / 2) assert.equal(await use(ms), true);
      assert.equal(await use(totalMs - 1), true);
      assert.equal(await use(totalMs), false);
    });
  });
}

describe('a sign-in from before there was an end', () => {
  it('ends 90 days after its beginning too', async () => {
    const { userId, use } = await signIn('PLAYER');
    await t.store.refreshTokens.model.updateOne({ userId }, { $unset: { lifetime: 1 } });
    for (const days of [29, 58, 87]) assert.equal(await use(days * DAY_MS), true);
    assert.equal(await use(90 * DAY_MS), false);
  });
});
