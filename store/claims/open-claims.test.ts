import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CLAIM_STATES, type ClaimState, type Reason } from '../../domain/claims/claim.ts';
import { newClaim, profiled, type StoreFixture, storeFixture, unique } from '../test-store.ts';
import { countOpenClaims, type OpenClaims } from './open-claims.ts';

let t: StoreFixture;
after(() => t.close());

const [EARLIER, LATER] = [new Date('2026-11-20T00:00:00Z'), new Date('2026-11-21T00:00:00Z')];

function claim(
  state: ClaimState,
  given: { reason?: Reason; provider?: string; at?: Date } = {},
): object {
  const { reason = null, provider = 'game', at } = given;
  const fields = newClaim();
  const snapshot = { ...fields.snapshot, provider };
  const parking = at ? { at, reason, number: 1 } : null;
  const record = { ...fields, _id: unique('clm'), state, reason, snapshot, parking };
  return { ...record, steps: [], version: 1, createdAt: LATER, entitlements: [unique('slot')] };
}

const parked = (provider: string, reason: Reason, at: Date) =>
  claim('NEEDS_ATTENTION', { provider, reason, at });

before(async () => {
  t = await storeFixture();
  await t.store.claims.model.collection.insertMany([
    // Two of each, also of the final ones, which do not count.
    ...[...CLAIM_STATES, ...CLAIM_STATES]
      .filter((state) => state !== 'NEEDS_ATTENTION' && state !== 'COMPENSATING')
      .map((state) => claim(state)),
    parked('game', 'FULFILLMENT_UNKNOWN', LATER),
    parked('game', 'FULFILLMENT_UNKNOWN', EARLIER),
    parked('other', 'INTERNAL', LATER),
    claim('COMPENSATING', { reason: 'FULFILLMENT_REFUSED', at: EARLIER }),
  ] as never);
});

const sorted = (groups: OpenClaims[]) =>
  groups
    .map(({ state, reason, provider, count, parkedSince }) => {
      return [state, reason, provider, count, parkedSince];
    })
    .toSorted((a, b) => (String(a) < String(b) ? -1 : 1));

const EARLY = (
  ['CHECKING_CONDITIONS', 'FULFILLING', 'PENDING_VALIDATION', 'RESERVING_STOCK'] as const
).map((state) => [state, null, null, 2, null]);

describe('open claims are counted', () => {
  it('by state, and where they have one by reason and provider', async () => {
    const found = sorted(await countOpenClaims(t.store.claims.model));
    assert.deepEqual(found, [
      EARLY[0],
      ['COMPENSATING', 'FULFILLMENT_REFUSED', 'game', 1, null],
      EARLY[1],
      ['NEEDS_ATTENTION', 'FULFILLMENT_UNKNOWN', 'game', 2, EARLIER],
      ['NEEDS_ATTENTION', 'INTERNAL', 'other', 1, LATER],
      ...EARLY.slice(2),
    ]);
  });

  it('from the index alone where they have no reason', async () => {
    const seen = await profiled(t.connection, 'claims', () =>
      countOpenClaims(t.store.claims.model),
    );
    const looked = seen.map(({ docsExamined }) => docsExamined).toSorted();
    assert.deepEqual(looked, [0, 4]);
  });
});
