import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { EntitlementRequest } from './entitlements.ts';
import { profiled, type StoreFixture, someClaimId, storeFixture, unique } from './test-store.ts';

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
});
after(() => t.close());

const NOW = new Date('2026-11-22T12:00:00Z');

/** A player's period of an event, which other tests know nothing of. */
function period(claimsPerPeriod = 1): Omit<EntitlementRequest, 'claimId'> {
  return {
    eventId: unique('evt'),
    userId: unique('usr'),
    periodKey: '2026-11-22',
    claimsPerPeriod,
  };
}

const take = (of: Omit<EntitlementRequest, 'claimId'>, claimId = someClaimId()) =>
  t.store.entitlements.take({ ...of, claimId }, NOW);

/** How many of `count` claims that come at once are let in. */
async function letIn(of: Omit<EntitlementRequest, 'claimId'>, count: number): Promise<number> {
  const taken = await Promise.all(Array.from({ length: count }, () => take(of)));
  return taken.filter(Boolean).length;
}

const documents = (eventId: string) => t.store.entitlements.model.countDocuments({ eventId });

describe('the entitlement to a claim', () => {
  it('goes to one of many claims that come at once', async () => {
    const today = period();
    assert.equal(await letIn(today, 16), 1);
    assert.equal(await take(today), false);
  });

  it('goes to as many as the event allows in a period, and to no more', async () => {
    const today = period(3);
    assert.equal(await letIn(today, 16), 3);
    assert.equal(await take(today), false);
    assert.equal(await documents(today.eventId), 3);
  });

  it('is taken once by a claim that tries again, at once or later', async () => {
    for (const today of [period(1), period(3)]) {
      const claimId = someClaimId();
      const tries = await Promise.all(Array.from({ length: 8 }, () => take(today, claimId)));
      assert.deepEqual(new Set(tries), new Set([true]));
      assert.equal(await take(today, claimId), true);
      assert.equal(await documents(today.eventId), 1);
    }
  });

  it('stays with a claim that tries again after others took the rest', async () => {
    const today = period(2);
    const first = someClaimId();
    await take(today, first);
    await take(today);
    assert.equal(await take(today, first), true);
    assert.equal(await documents(today.eventId), 2);
  });

  it('is of one player, one event and one period', async () => {
    const today = period();
    assert.equal(await take(today), true);
    for (const other of [
      { ...today, periodKey: '2026-11-23' },
      { ...today, userId: unique('usr') },
      { ...today, eventId: unique('evt') },
    ]) {
      assert.equal(await take(other), true);
    }
  });

  it('is given back by the claim that has it and by no other', async () => {
    const today = period();
    const [winner, loser] = [someClaimId(), someClaimId()];
    await take(today, winner);
    assert.equal(await take(today, loser), false);
    assert.equal(await t.store.entitlements.giveBack(loser), false);
    assert.equal(await documents(today.eventId), 1);
    assert.equal(await t.store.entitlements.giveBack(winner), true);
    assert.equal(await t.store.entitlements.giveBack(winner), false);
    assert.equal(await take(today, loser), true);
  });

  it('is used up once every slot of the period is taken', async () => {
    const today = period(2);
    const claimId = someClaimId();
    const isUsedUp = () => t.store.entitlements.isUsedUp(today);
    assert.equal(await isUsedUp(), false);
    await take(today, claimId);
    assert.equal(await isUsedUp(), false);
    await take(today);
    assert.equal(await isUsedUp(), true);
    await t.store.entitlements.giveBack(claimId);
    assert.equal(await isUsedUp(), false);
  });

  it('is known by the claim that holds it', async () => {
    const today = period();
    const [winner, loser] = [someClaimId(), someClaimId()];
    await take(today, winner);
    await take(today, loser);
    assert.deepEqual(await t.store.entitlements.heldBy([loser, winner]), [winner]);
  });

  it('is found again by when it was taken, off an index', async () => {
    const today = period(3);
    const claimIds = [someClaimId(), someClaimId(), someClaimId()];
    const takenAt = (minute: number) => new Date(Date.UTC(2030, 0, 1, 0, minute));
    for (const [minute, claimId] of claimIds.entries()) {
      await t.store.entitlements.take({ ...today, claimId }, takenAt(minute));
    }
    const found: string[] = [];
    const [query] = await profiled(t.connection, 'entitlements', async () => {
      for await (const id of t.store.entitlements.takersSince(takenAt(1))) found.push(id);
    });
    assert.deepEqual(found, claimIds.slice(1));
    assert.equal(query?.planSummary, 'IXSCAN { takenAt: 1 }');
  });
});
