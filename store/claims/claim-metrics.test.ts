import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { newClaim, type StoreFixture, storeFixture } from '../test-store.ts';
import { observeClaimEnds } from './claim-metrics.ts';
import { recordIn, step } from './test-situations.ts';

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
});
after(() => t.close());

const ACCEPTED_AT = new Date('2026-11-22T12:00:00Z');

/** The store with its ends measured, a claim, and the sums of the durations in seconds. */
async function measured(tookS: number) {
  const registry = new Registry();
  const now = () => new Date(ACCEPTED_AT.getTime() + tookS * 1_000);
  const claims = observeClaimEnds(registry, t.store.claims, now);
  const { claim } = await claims.accept(newClaim({ acceptedAt: ACCEPTED_AT }));
  const ends = async () => {
    const text = await registry.metrics();
    const lines = text.matchAll(/^laurel_claim_duration_seconds_(sum|count)(\{.*\} \S+)$/gm);
    return [...lines].map(([, what, rest]) => `${what} ${rest}`);
  };
  return { claims, claim, ends };
}

const FULFILLED = [step('S4_FULFIL')];

describe('the end of a claim is measured from its acceptance', () => {
  it('when it is granted, and once if that is repeated', async () => {
    const { claims, claim, ends } = await measured(7);
    assert.ok(await claims.grant(claim, claim.lines, FULFILLED));
    assert.ok(await claims.grant(await recordIn(t.store, claim), claim.lines, FULFILLED));
    assert.deepEqual(await ends(), [
      'sum {provider="mailbox",state="GRANTED",reason=""} 7',
      'count {provider="mailbox",state="GRANTED",reason=""} 1',
    ]);
  });

  it('when it is refused, and not when the refusal comes too late', async () => {
    const { claims, claim, ends } = await measured(2);
    const end = { reason: 'SOLD_OUT' as const, steps: [] };
    assert.ok(await claims.refuse(claim, end));
    assert.equal(await claims.refuse(claim, end), null);
    assert.deepEqual(await ends(), [
      'sum {provider="mailbox",state="REJECTED",reason="SOLD_OUT"} 2',
      'count {provider="mailbox",state="REJECTED",reason="SOLD_OUT"} 1',
    ]);
  });

  it('when it is undone, even days later', async () => {
    const { claims, claim, ends } = await measured(200_000);
    await claims.takeUndoFate(claim, 'FULFILLMENT_UNKNOWN', []);
    const { lines, steps } = claim;
    const end = { state: 'FAILED', reason: 'FULFILLMENT_UNKNOWN', lines, steps } as const;
    assert.ok(await claims.finishUndone(claim, end));
    assert.deepEqual(await ends(), [
      'sum {provider="mailbox",state="FAILED",reason="FULFILLMENT_UNKNOWN"} 200000',
      'count {provider="mailbox",state="FAILED",reason="FULFILLMENT_UNKNOWN"} 1',
    ]);
  });

  it('never as less than nothing, where another clock is ahead', async () => {
    const { claims, claim, ends } = await measured(-3);
    assert.ok(await claims.grant(claim, claim.lines, FULFILLED));
    assert.equal((await ends())[0], 'sum {provider="mailbox",state="GRANTED",reason=""} 0');
  });
});
