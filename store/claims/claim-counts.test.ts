import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { ClaimState } from '../../domain/claims/claim.ts';
import { newClaim, type StoreFixture, storeFixture, unique } from '../test-store.ts';
import { createClaimCounts } from './claim-counts.ts';

const NOW = new Date('2026-11-22T12:00:00Z');

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
});
after(() => t.close());

let eventId: string;
beforeEach(() => {
  eventId = unique('evt');
});

const counts = (at = NOW) => createClaimCounts(t.connection, () => at);

/** A claim of the event that was created at that time. Returns its ID. */
async function claim(createdAt: string, state: ClaimState, rewardId: string | null = null) {
  const recorded = await t.store.claims.accept(newClaim({ eventId, rewardId }));
  const { _id } = recorded.claim;
  const set = { createdAt: new Date(createdAt), state };
  await t.store.claims.model.collection.updateOne({ _id: _id as never }, { $set: set });
  return _id;
}

async function counted(at = NOW): Promise<Record<string, number>> {
  const found = await counts(at).of(eventId);
  return Object.fromEntries(
    found.map(({ state, rewardId, count }) => [`${state} ${rewardId ?? 'all'}`, count]).sort(),
  );
}

const summedUntil = async () => {
  const summed = await counts().sums.findOne({ _id: eventId });
  return summed?.until.toISOString() ?? null;
};

describe('counting the claims of an event', () => {
  it('finds them by state and reward, those of long ago and those of today', async () => {
    await claim('2026-01-05T10:00:00Z', 'GRANTED');
    await claim('2026-01-05T11:00:00Z', 'GRANTED', 'cape');
    await claim('2026-06-01T00:00:00Z', 'FAILED');
    await claim('2026-11-22T11:59:00Z', 'GRANTED');
    await claim('2026-11-22T11:59:30Z', 'PENDING_VALIDATION');
    const all = { 'FAILED all': 1, 'GRANTED all': 2, 'GRANTED cape': 1 };
    for (const look of ['the first look', 'the next look']) {
      assert.deepEqual(await counted(), { ...all, 'PENDING_VALIDATION all': 1 }, look);
    }
  });

  it('counts what was summed once never again', async () => {
    await claim('2026-01-05T10:00:00Z', 'GRANTED');
    assert.deepEqual(await counted(), { 'GRANTED all': 1 });
    assert.equal(await summedUntil(), '2026-01-06T00:00:00.000Z');
    await t.store.claims.model.deleteMany({ eventId });
    assert.deepEqual(await counted(), { 'GRANTED all': 1 });
  });

  it('sums nothing of today or yesterday, as a record may come late', async () => {
    await claim('2026-11-21T00:00:00Z', 'GRANTED');
    await claim('2026-11-22T00:00:00Z', 'REJECTED');
    assert.deepEqual(await counted(), { 'GRANTED all': 1, 'REJECTED all': 1 });
    assert.equal(await summedUntil(), null);
  });

  it('sums nothing from an open claim on, until that is final', async () => {
    await claim('2026-03-01T00:00:00Z', 'GRANTED');
    const parked = await claim('2026-03-02T07:00:00Z', 'NEEDS_ATTENTION');
    await claim('2026-03-02T08:00:00Z', 'GRANTED');
    assert.deepEqual(await counted(), { 'GRANTED all': 2, 'NEEDS_ATTENTION all': 1 });
    const set = { state: 'FAILED' };
    await t.store.claims.model.collection.updateOne({ _id: parked as never }, { $set: set });
    assert.deepEqual(await counted(), { 'FAILED all': 1, 'GRANTED all': 2 });
    assert.equal(await summedUntil(), '2026-03-03T00:00:00.000Z');
  });

  it('goes on where it stood when days have passed', async () => {
    await claim('2026-11-20T10:00:00Z', 'GRANTED');
    await counted();
    await claim('2026-11-23T10:00:00Z', 'GRANTED');
    const later = new Date('2026-11-30T00:00:00Z');
    assert.deepEqual(await counted(later), { 'GRANTED all': 2 });
    assert.equal(await summedUntil(), '2026-11-24T00:00:00.000Z');
  });

  it('counts each claim once where many look at the same time', async () => {
    for (let day = 1; day <= 9; day++) await claim(`2026-05-0${day}T10:00:00Z`, 'GRANTED');
    const looks = await Promise.all(Array.from({ length: 8 }, () => counted()));
    for (const look of looks) assert.deepEqual(look, { 'GRANTED all': 9 });
    assert.deepEqual(await counted(), { 'GRANTED all': 9 });
  });
});
