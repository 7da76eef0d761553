import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ClaimState, Reason } from '../../domain/claims/claim.ts';
import { newClaim, profiled, type StoreFixture, storeFixture, unique } from '../test-store.ts';
import { newRecord } from './claim-record.ts';
import { createRecentClaims, type Outcome } from './recent-claims.ts';

const NOW = new Date('2026-11-22T12:00:00Z');
const secondsAgo = (s: number) => new Date(NOW.getTime() - s * 1_000);

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
});
after(() => t.close());

interface Given {
  state: ClaimState;
  /** How long ago it was created, and how long ago it ended, in seconds. */
  age: number;
  ended?: number;
  reason?: Reason;
  provider?: string;
  eventId?: string;
  quantity?: number;
}

/** Records claims as they would stand. */
async function record(...all: Given[]): Promise<void> {
  const claims = all.map((given) => {
    const { state, age, ended, reason = null, provider = 'mailbox', eventId = 'evt_1' } = given;
    const made = newClaim({ eventId });
    const { open: _, ...claim } = newRecord(made, secondsAgo(age), secondsAgo(age));
    const isGranted = state === 'GRANTED';
    const line = { ...claim.lines[0], quantity: given.quantity ?? 1 };
    return {
      ...claim,
      ...{ state, reason, snapshot: { ...claim.snapshot, provider }, acceptedAt: secondsAgo(age) },
      ...(ended === undefined ? { open: true } : { endedAt: secondsAgo(ended) }),
      lines: [{ ...line, state: isGranted ? 'GRANTED' : 'PENDING' }],
    };
  });
  await t.store.claims.model.collection.insertMany(claims as never);
}

const clear = () => t.store.claims.model.deleteMany();

/** The counts by state, reason and provider. */
function counted(outcomes: Outcome[] | null): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state, reason, provider, count } of outcomes ?? []) {
    const key = [state, reason, provider].filter((text) => text !== null).join(' ');
    counts[key] = (counts[key] ?? 0) + count;
  }
  return counts;
}

describe('the claims of the last hour', () => {
  it('are counted by what became of them', async () => {
    await clear();
    await record(
      { state: 'GRANTED', age: 3_700, ended: 10 },
      { state: 'GRANTED', age: 3_500, ended: 3_499 },
      { state: 'GRANTED', age: 5, ended: 4, provider: 'game' },
      { state: 'REJECTED', reason: 'SOLD_OUT', age: 60, ended: 59 },
      { state: 'REJECTED', reason: 'SOLD_OUT', age: 600, ended: 59 },
      { state: 'NEEDS_ATTENTION', reason: 'FULFILLMENT_UNKNOWN', age: 3_000, provider: 'game' },
      { state: 'NEEDS_ATTENTION', reason: 'FULFILLMENT_UNKNOWN', age: 4_000, provider: 'game' },
      { state: 'FULFILLING', age: 1 },
    );
    const { since, outcomes } = await t.store.recentClaims.outcomes(NOW);
    assert.deepEqual(since, secondsAgo(3_600));
    assert.deepEqual(counted(outcomes), {
      'GRANTED mailbox': 1,
      'GRANTED game': 1,
      'REJECTED SOLD_OUT mailbox': 2,
      'NEEDS_ATTENTION FULFILLMENT_UNKNOWN game': 1,
      'FULFILLING mailbox': 1,
    });
  });

  it('count a claim that ends long after it was made, and move on with the clock', async () => {
    await clear();
    await record({ state: 'FULFILLING', age: 600 }, { state: 'GRANTED', age: 605, ended: 604 });
    const recent = createRecentClaims(t.store.claims.model);
    const look = async (at: Date) => counted((await recent.outcomes(at)).outcomes);
    assert.deepEqual(await look(NOW), { 'FULFILLING mailbox': 1, 'GRANTED mailbox': 1 });
    const end = { $set: { state: 'GRANTED', endedAt: NOW }, $unset: { open: 1 } } as const;
    await t.store.claims.model.updateOne({ state: 'FULFILLING' }, end);
    assert.deepEqual(await look(NOW), { 'GRANTED mailbox': 2 });
    assert.deepEqual(await look(new Date(NOW.getTime() + 3_600_000)), {});
  });

  it('are read once, by indexes', async () => {
    await clear();
    await record(
      ...Array.from({ length: 300 }, (_, n): Given => {
        return { state: 'GRANTED', age: 60 + n * 10, ended: 59 + n * 10 };
      }),
    );
    const recent = createRecentClaims(t.store.claims.model);
    const look = async () => {
      await recent.outcomes(NOW);
      await recent.granted(NOW);
    };
    const first = await profiled(t.connection, 'claims', look);
    const plans = new Set(first.map(({ planSummary }) => planSummary));
    assert.deepEqual([...plans].sort(), [
      'IXSCAN { acceptedAt: 1 }',
      'IXSCAN { endedAt: -1, _id: -1 }',
      'IXSCAN { state: 1, createdAt: -1, _id: -1 }',
    ]);
    const second = await profiled(t.connection, 'claims', look);
    assert.equal(second.length, 3);
    assert.equal(
      second.reduce((sum, { docsExamined = 0 }) => sum + docsExamined, 0),
      0,
    );
  });
});

describe('what was granted lately', () => {
  it('is counted in units by the end of the claims', async () => {
    await clear();
    const claim = { state: 'GRANTED', age: 9_000 } as const;
    await record(
      { ...claim, ended: 610 },
      { ...claim, ended: 590, quantity: 3 },
      { ...claim, ended: 2 },
      { ...claim, ended: 1, eventId: unique('evt') },
      { state: 'REJECTED', age: 5, ended: 1 },
    );
    const { since, until, granted } = await t.store.recentClaims.granted(NOW);
    assert.deepEqual([since, until], [secondsAgo(600), secondsAgo(-10)]);
    const own = (granted ?? []).filter(({ eventId }) => eventId === 'evt_1');
    assert.deepEqual(new Set(own.map(({ rewardId }) => rewardId)), new Set(['cape']));
    assert.equal(
      own.reduce((sum, { units }) => sum + units, 0),
      4,
    );
    assert.equal(granted?.length, 3);
  });
});
