import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CLAIM_STATES } from '../../domain/claims/claim.ts';
import { newClaim, profiled, type StoreFixture, storeFixture, unique } from '../test-store.ts';
import { type ClaimGroup, type GroupField, largestFirst } from './claim-summary.ts';

let t: StoreFixture;
const events = Array.from({ length: 22 }, () => unique('evt'));
const DAY_MS = 86_400_000;
/** Some claims are old and final, some are new. One event has so many that its counts are kept. */
const claims = Array.from({ length: 300 }, (_, i) => {
  const state = CLAIM_STATES[i % CLAIM_STATES.length] as (typeof CLAIM_STATES)[number];
  const daysAgo = i % 10;
  return {
    ...newClaim({ eventId: events[i < 200 ? i % events.length : 0] as string }),
    ...{ _id: unique('clm'), state, reason: null, steps: [], version: 1, asked: false },
    createdAt: new Date(Date.now() - daysAgo * DAY_MS - i),
  };
});
before(async () => {
  t = await storeFixture();
  await t.store.claims.model.collection.insertMany(claims as never);
});
after(() => t.close());

/** What a summary by event and state must say, counted claim by claim. */
function expected(by: readonly GroupField[], filter: { eventId?: string; state?: string }) {
  const fields = by as ('state' | 'eventId')[];
  const fits = claims.filter((claim) =>
    Object.entries(filter).every(([name, value]) => claim[name as 'state'] === value),
  );
  const groups = Map.groupBy(fits, (c) => JSON.stringify(fields.map((field) => c[field])));
  return [...groups.values()]
    .map((of) => ({
      ...Object.fromEntries(fields.map((field) => [field, of[0]?.[field]])),
      count: of.length,
      oldestAt: of.map((c) => c.createdAt).reduce((a, b) => (a < b ? a : b)),
    }))
    .toSorted((a, b) => largestFirst(a as ClaimGroup, b as ClaimGroup));
}

describe('a summary of claims', () => {
  const [eventId] = events as [string];
  const ways: GroupField[][] = [['state'], ['eventId'], ['state', 'eventId']];
  for (const by of ways) {
    it(`by ${by} counts all of them, the second time too, and looks at none`, async () => {
      for (const filter of [
        ...[{}, { state: 'GRANTED' }, { eventId }],
        { eventId, state: 'FAILED' },
      ] as const) {
        const what = JSON.stringify(filter);
        const ask = async () => {
          // No time at all, but no matching claim is read.
          const found = await t.store.claims.summary(filter, by, 1);
          assert.deepEqual(found, expected(by, filter), what);
        };
        await ask();
        const seen = await profiled(t.connection, 'claims', ask);
        const looked = seen as { docsExamined?: number; planSummary?: string }[];
        assert.ok(looked.length > 0);
        for (const { docsExamined, planSummary } of looked) {
          const isOff = docsExamined ? `${docsExamined} off ${planSummary}` : null;
          assert.equal(isOff, null, what);
        }
      }
    });
  }

  it('says that it cannot be had in time, and gives no part of it', async (s) => {
    const { model } = t.store.claims;
    const aggregate = model.aggregate.bind(model);
    // The server itself takes longer than the limit.
    const most = { $add: [1_000_000, { $size: '$lines' }] };
    const slow = { $match: { $expr: { $gt: [{ $size: { $range: [0, most] } }, 0] } } };
    s.mock.method(model, 'aggregate', ((stages: object[], options: object) =>
      aggregate([slow, ...stages] as never, options)) as never);
    await assert.rejects(t.store.claims.summary({}, ['reason'], 1), {
      code: 'unavailable',
      message: /too many .* `from`/,
    });
  });
});
