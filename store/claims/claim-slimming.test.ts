import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { newClaim, profiled, type StoreFixture, storeFixture, unique } from '../test-store.ts';
import type { Claim } from './claim-record.ts';
import { endedIndex } from './claim-slimming.ts';

const DAY_MS = 86_400_000;
const AT = new Date('2026-11-26T12:00:00Z');

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
  await t.connection.collection('claims').createIndex(endedIndex.key, endedIndex.options);
});
after(() => t.close());

const daysAgo = (days: number) => new Date(AT.getTime() - days * DAY_MS);

/** A claim that ended then, granted or refused; or one that is still open. */
async function claimOf(end: 'GRANTED' | 'REJECTED' | 'open', at: Date): Promise<Claim> {
  const { claims } = t.store;
  t.setNow(at);
  const { claim } = await claims.accept(newClaim());
  const { lines, steps } = claim;
  const granted = lines.map((line) => ({ ...line, state: 'GRANTED' as const, grantedAt: at }));
  if (end === 'GRANTED') await claims.grant(claim, granted, steps);
  if (end === 'REJECTED') await claims.refuse(claim, { reason: 'CONDITION_NOT_MET', steps });
  t.setNow(AT);
  return await recordOf(claim);
}

async function recordOf({ _id }: Claim): Promise<Claim> {
  const claim = await t.store.claims.get(_id);
  assert.ok(claim);
  return claim;
}

const slim = (most = 500) => t.store.claims.slimEndedBefore(daysAgo(30), most);

describe('claims after their time', () => {
  it('keep key, state and amounts, and lose steps, texts and facts', async () => {
    const { claims } = t.store;
    for (const end of ['GRANTED', 'REJECTED'] as const) {
      const before = await claimOf(end, daysAgo(31));
      await slim();
      const { slimmedAt, ...slimmed } = await recordOf(before);
      assert.deepEqual(slimmedAt, AT);
      const { explanation: _, ...rest } = before;
      const { condition: _c, ...snapshot } = before.snapshot;
      assert.deepEqual(slimmed, { ...rest, snapshot, steps: [], parking: null });
      const sameKey = { userId: before.userId, idempotencyKey: before.idempotencyKey };
      const again = await claims.accept(newClaim({ ...sameKey, eventId: 'evt_other' }));
      assert.deepEqual([again.created, again.claim.eventId], [false, before.eventId]);
    }
  });

  it('keep what they have of the player’s rights', async () => {
    const granted = await claimOf('GRANTED', daysAgo(31));
    await slim();
    const rights = [[...(granted.entitlements ?? [])]];
    const second = newClaim({ userId: granted.userId, rights });
    await assert.rejects(t.store.claims.accept(second), { code: 'already_claimed' });
  });

  it('stay whole while they are open, and until their time', async () => {
    const open = await claimOf('open', daysAgo(90));
    const young = await claimOf('GRANTED', daysAgo(29));
    await slim();
    for (const claim of [open, young]) {
      const now = await recordOf(claim);
      assert.deepEqual([now.steps.length, now.slimmedAt], [1, undefined]);
    }
  });

  it('are found by an index, the oldest first, in batches that may stop anywhere', async () => {
    const all: Claim[] = [];
    for (const days of [33, 34, 35]) all.unshift(await claimOf('GRANTED', daysAgo(days)));
    const isSlim = () => Promise.all(all.map(async (one) => !!(await recordOf(one)).slimmedAt));
    const operations = await profiled(t.connection, 'claims', async () => {
      assert.equal(await slim(2), 2);
    });
    assert.deepEqual(await isSlim(), [true, true, false]);
    const found = operations.find(({ op }) => op === 'query');
    assert.match(found?.planSummary ?? '', /IXSCAN \{ slimmedAt: 1, endedAt: 1 \}/);
    assert.equal(found?.docsExamined, 2);
    assert.equal(await slim(2), 1);
    assert.equal(await slim(2), 0);
    assert.deepEqual(await isSlim(), [true, true, true]);
  });

  it('are only the player’s own where a player is erased', async () => {
    const userId = unique('usr');
    const own = await t.store.claims.accept(newClaim({ userId }));
    await t.store.claims.refuse(own.claim, { reason: 'SOLD_OUT', steps: own.claim.steps });
    const other = await claimOf('GRANTED', AT);
    assert.equal(await t.store.claims.slimOf(userId, 10), 1);
    assert.equal((await recordOf(own.claim)).steps.length, 0);
    assert.equal((await recordOf(other)).steps.length, 1);
  });
});
