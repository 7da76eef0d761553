import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Claim } from '../../store/claims/claim-record.ts';
import {
  bucket,
  newClaim,
  type StoreFixture,
  storeFixture,
  unique,
} from '../../store/test-store.ts';
import { type HoldDeps, holdOrReject } from './early-hold.ts';

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
});
after(() => t.close());

const line = (lineId: string, buckets: number | null = 1) => {
  return { lineId, kind: 'ITEM', name: lineId, quantity: 1, buckets } as const;
};

/** A claim that was just recorded. Its event has so many units of each reward. */
async function recorded(
  units: Record<string, number>,
  lines = Object.keys(units).map((id) => line(id)),
) {
  const eventId = unique('evt');
  const buckets = Object.entries(units).map(([rewardId, stock]) =>
    bucket(eventId, 0, stock, { _id: `${eventId}/${rewardId}/0`, rewardId }),
  );
  await t.store.stock.model.insertMany(buckets);
  const { claim } = await t.store.claims.accept(newClaim({ eventId, lines }));
  return claim;
}

/** Holds the claim or rejects it; also what was reported sold out, and which claims failed. */
async function hold(claim: Claim, given: Partial<HoldDeps> = {}) {
  const [soldOut, failed]: [string[], string[]] = [[], []];
  const reports = {
    onSoldOut: ({ eventId }: { eventId: string }) => soldOut.push(eventId),
    onFailure: (claimId: string) => failed.push(claimId),
  };
  const deps = { ...t.store, now: () => new Date(), ...reports, ...given };
  return { ...(await holdOrReject(deps, claim)), soldOut, failed };
}

/** What is held of each reward. */
async function heldOf({ eventId }: Claim): Promise<Record<string, number>> {
  const books = await t.store.stock.levels(eventId);
  return Object.fromEntries(books.map(({ rewardId, held }) => [rewardId, held]));
}

describe('the hold before the run', { concurrency: true }, () => {
  it('sets every limited line aside, and leaves the record as it is', async () => {
    const lines = [line('cape'), line('mesos', null), line('mount')];
    const claim = await recorded({ cape: 1, mount: 1 }, lines);
    const { start, soldOut, failed, ...held } = await hold(claim);
    assert.deepEqual([held.claim, start], [claim, { isHeld: true, isAlone: true }]);
    assert.deepEqual([soldOut, failed], [[], []]);
    assert.deepEqual(await heldOf(claim), { cape: 1, mount: 1 });
    assert.equal((await t.store.claims.get(claim._id))?.version, claim.version);
  });

  it('rejects a claim that comes too late in one write, which gives its entitlement back', async () => {
    const claim = await recorded({ cape: 0 });
    const { start, soldOut, claim: rejected } = await hold(claim);
    assert.deepEqual([start, soldOut], [undefined, [claim.eventId]]);
    assert.deepEqual(await t.store.claims.get(claim._id), rejected);
    assert.deepEqual(
      [rejected.state, rejected.reason, rejected.version, rejected.entitlements, rejected.open],
      ['REJECTED', 'SOLD_OUT', claim.version + 1, undefined, undefined],
    );
    assert.deepEqual(
      rejected.steps.map(({ step, outcome, detail }) => [step, outcome, detail]),
      [
        ['S0_ACCEPT', 'OK', null],
        ['S3_RESERVE', 'REFUSED', 'cape'],
      ],
    );
    const again = newClaim({ userId: claim.userId, rights: [claim.entitlements ?? []] });
    assert.ok((await t.store.claims.accept(again)).created);
  });

  it('keeps nothing of a bundle of which one reward is gone', async () => {
    const claim = await recorded({ cape: 1, mount: 0, wings: 1 });
    const { start, claim: rejected } = await hold(claim);
    assert.deepEqual([start, rejected.state], [undefined, 'REJECTED']);
    assert.equal(rejected.steps.at(-1)?.detail, 'mount');
    assert.deepEqual(await heldOf(claim), { cape: 0, mount: 0, wings: 0 });
  });

  it('answers that it is rejected though what the bundle holds cannot be released now', async () => {
    const claim = await recorded({ cape: 1, mount: 0 });
    const release = () => Promise.reject(new Error('no connection'));
    const { claim: rejected, failed } = await hold(claim, { stock: { ...t.store.stock, release } });
    assert.deepEqual([rejected.state, failed], ['REJECTED', [claim._id]]);
    assert.deepEqual(await heldOf(claim), { cape: 1, mount: 0 }, 'a stray of a final claim');
  });

  it('leaves the claim to its run where it cannot hold, which is not the first to try', async () => {
    const claim = await recorded({ cape: 1 });
    const reserve = () => Promise.reject(new Error('no connection'));
    const { start, failed, ...left } = await hold(claim, { stock: { ...t.store.stock, reserve } });
    assert.deepEqual([left.claim, failed], [claim, [claim._id]]);
    assert.deepEqual(start, { isHeld: false, isAlone: false });
  });

  it('has nobody start the run of a claim that it may have rejected', async () => {
    const claim = await recorded({ cape: 1, mount: 0 });
    const refuse: HoldDeps['claims']['refuse'] = async (...of) => {
      await t.store.claims.refuse(...of);
      throw new Error('the answer was lost');
    };
    const { start, failed } = await hold(claim, { claims: { ...t.store.claims, refuse } });
    assert.deepEqual([start, failed], [undefined, [claim._id]]);
    assert.deepEqual(
      await heldOf(claim),
      { cape: 1, mount: 0 },
      'it is not known that it is final',
    );
  });

  it('releases nothing of a claim that it could not reject: its run may have begun', async () => {
    const claim = await recorded({ cape: 1, mount: 0 });
    await t.store.claims.startFulfilling(claim, claim.steps);
    assert.equal((await hold(claim)).start, undefined);
    assert.deepEqual(await heldOf(claim), { cape: 1, mount: 0 });
    assert.equal((await t.store.claims.get(claim._id))?.state, 'FULFILLING');
  });

  it('neither holds nor rejects once others may start the run, however slow it was', async () => {
    const aged = async (claim: Claim): Promise<Claim> => {
      const recordedAt = new Date(claim.recordedAt.getTime() - 10_000);
      await t.store.claims.model.updateOne({ _id: claim._id }, { recordedAt });
      return { ...claim, recordedAt };
    };
    const late = await aged(await recorded({ cape: 1 }));
    assert.deepEqual((await hold(late)).start, { isHeld: false, isAlone: false });
    assert.deepEqual(await heldOf(late), { cape: 0 });
    const gone = await aged(await recorded({ cape: 0 }));
    assert.equal((await hold(gone)).start, undefined);
    assert.equal((await t.store.claims.get(gone._id))?.state, 'PENDING_VALIDATION');
  });
});
