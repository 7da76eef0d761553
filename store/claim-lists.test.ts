import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CLAIM_STATES, type ClaimState, isFinal } from '../domain/claim.ts';
import { LOOKED_AT } from './bounded-find.ts';
import type { Claim } from './claims.ts';
import { newClaim, profiled, type StoreFixture, storeFixture, unique } from './test-store.ts';

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
});
after(() => t.close());

describe('looking for claims', () => {
  const START_MS = Date.parse('2026-11-22T00:00:00Z');
  const states = CLAIM_STATES.map((state) => {
    const fate = state === 'GRANTED' ? 'GRANT' : isFinal(state) ? 'UNDO' : null;
    return { state, fate };
  });
  const [userId, eventId] = [unique('usr'), unique('evt')];
  let mine: Claim[];

  /** 20 claims in each state, of four players; two of each second were created together. */
  before(async () => {
    const claims = Array.from({ length: 20 * states.length }, (_, i) => {
      const { state, fate } = states[i % states.length] ?? { state: 'FULFILLING', fate: null };
      const createdAt = new Date(START_MS + Math.floor(i / 2) * 1_000);
      const lines = [{ lineId: 'cape', state: state === 'GRANTED' ? 'GRANTED' : 'PENDING' }];
      const final = { endedAt: createdAt };
      return {
        ...newClaim({ userId: i % 4 === 0 ? userId : unique('usr'), eventId }),
        ...{ _id: unique('clm'), state, fate, lines, steps: [], version: 1, asked: false },
        ...{ createdAt, updatedAt: createdAt },
        ...(isFinal(state) ? final : { open: true, endedAt: null }),
      };
    });
    await t.store.claims.model.collection.insertMany(claims as never);
    const ours = claims.filter((c) => c.userId === userId) as unknown as Claim[];
    mine = ours.toSorted(
      (a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a._id < b._id ? 1 : -1),
    );
  });

  const ids = (claims: Claim[]) => claims.map((c) => c._id);

  async function collect(claims: AsyncIterable<Claim>): Promise<Claim[]> {
    const found = [];
    for await (const claim of claims) if (claim.eventId === eventId) found.push(claim);
    return found;
  }

  it('shows them page by page, the newest first, none twice and none left out', async () => {
    const seen: string[] = [];
    for (let from: { at: Date; id: string } | undefined; ; ) {
      const { found: page } = await t.store.claims.page({ userId }, from, 7);
      seen.push(...ids(page.slice(0, 7)));
      const last = page[6];
      if (page.length <= 7 || !last) break;
      from = { at: last.createdAt, id: last._id };
    }
    assert.deepEqual(seen, ids(mine));
  });

  it('filters by player, event, state and time', async () => {
    const [since, until] = [new Date(START_MS + 10_000), new Date(START_MS + 40_000)];
    const filter = { userId, eventId, state: 'GRANTED', since, until } as const;
    const expected = mine.filter(
      (c) => c.state === 'GRANTED' && c.createdAt >= since && c.createdAt < until,
    );
    assert.ok(expected.length > 0);
    const { found } = await t.store.claims.page(filter, undefined, 100);
    assert.deepEqual(ids(found), ids(expected));
  });

  it('looks at a bounded number of claims for one page, and goes on from there with the next', async () => {
    const rare = { userId: unique('usr'), provider: 'rare' } as const;
    const { snapshot } = newClaim();
    const claims = Array.from({ length: 2 * LOOKED_AT + 1 }, (_, i) => ({
      ...newClaim({ userId: rare.userId, eventId: unique('evt') }),
      ...{ _id: unique('clm'), state: 'FULFILLING', reason: null, steps: [], version: 1 },
      snapshot: { ...snapshot, provider: i === 0 ? 'rare' : 'mailbox' },
      createdAt: new Date(START_MS + i),
    }));
    await t.store.claims.model.collection.insertMany(claims as never);
    const first = await t.store.claims.page(rare, undefined, 5);
    assert.deepEqual([first.found, first.lookedTo?._id], [[], claims[LOOKED_AT + 1]?._id]);
    const at = ({ createdAt, _id }: Claim) => ({ at: createdAt, id: _id });
    const second = await t.store.claims.page(rare, at(first.lookedTo as Claim), 5);
    assert.deepEqual([second.found, second.lookedTo?._id], [[], claims[1]?._id]);
    const last = await t.store.claims.page(rare, at(second.lookedTo as Claim), 5);
    assert.deepEqual([ids(last.found), last.lookedTo], [[claims[0]?._id], null]);
  });

  it('finds those a ban must stop: the player’s that are not final', async () => {
    const open = mine.filter((c) => !isFinal(c.state));
    assert.deepEqual(ids(await t.store.claims.openOf(userId)).toSorted(), ids(open).toSorted());
  });

  it('finds every claim that is not final, the oldest first', async () => {
    const open = await collect(t.store.claims.openClaims());
    assert.equal(open.length, 6 * 20);
    assert.ok(open.every((c, i) => i === 0 || c.acceptedAt >= (open[i - 1] as Claim).acceptedAt));
  });

  it('finds those undone since a moment', async () => {
    const since = new Date(START_MS + 60_000);
    const undone = await collect(t.store.claims.undoneSince(since));
    assert.ok(undone.length > 0);
    assert.ok(undone.every((c) => c.fate === 'UNDO' && (c.endedAt as Date) >= since));
    const all = await t.store.claims.model.countDocuments({
      ...{ eventId, fate: 'UNDO', endedAt: { $gte: since } },
    });
    assert.equal(undone.length, all);
  });

  it('finds those with something granted, the latest end first', async () => {
    const { found } = await t.store.claims.pageWithGrants({ userId }, undefined, 100);
    const expected = mine.filter((c) => c.state === 'GRANTED');
    assert.deepEqual(ids(found), ids(expected));
  });

  it('finds a line that was granted after its claim’s end, by another worker’s clock', async () => {
    const [player, since] = [unique('usr'), new Date(START_MS)];
    const lines = [{ lineId: 'cape', state: 'GRANTED', grantedAt: new Date(START_MS + 1) }];
    const claim = { ...newClaim({ userId: player }), _id: unique('clm'), state: 'GRANTED' };
    const [createdAt, endedAt] = [new Date(START_MS - 2_000), new Date(START_MS - 1_000)];
    const record = { ...claim, steps: [], version: 1, lines, createdAt, endedAt };
    await t.store.claims.model.collection.insertOne(record as never);
    const { found } = await t.store.claims.pageWithGrants({ userId: player, since }, undefined, 5);
    assert.deepEqual(ids(found), [claim._id]);
  });

  it('tells the final ones apart, one never recorded among them', async () => {
    const [open, final] = [mine.find((c) => !isFinal(c.state)), mine.find((c) => isFinal(c.state))];
    const asked = [open?._id, final?._id, 'clm_never'] as string[];
    const found = await t.store.claims.finalAmong(asked);
    assert.deepEqual(found, new Set([final?._id, 'clm_never']));
  });

  it('tells those that ended with nothing kept of them', async () => {
    const id = (state: ClaimState) => mine.find((c) => c.state === state)?._id as string;
    const partly = id('REJECTED');
    const lines = [{ lineId: 'cape', state: 'GRANTED' }];
    await t.store.claims.model.collection.updateOne(
      { _id: partly as never },
      { $set: { lines: lines as never } },
    );
    const asked = ['clm_never', ...CLAIM_STATES.map(id)];
    assert.deepEqual(await t.store.claims.emptyAmong(asked), [id('FAILED')]);
    await t.store.claims.model.collection.updateOne(
      { _id: partly as never },
      { $set: { 'lines.0.state': 'PENDING' } as never },
    );
  });

  const NEWEST = 'createdAt: -1, _id: -1';
  const looks: { what: string; look: () => Promise<unknown>; index: string }[] = [
    {
      what: "a player's open claims",
      look: () => t.store.claims.openOf(userId),
      index: '{ userId: 1 }',
    },
    {
      what: 'all open claims',
      look: () => collect(t.store.claims.openClaims()),
      index: '{ acceptedAt: 1 }',
    },
    {
      what: 'claims undone since',
      look: () => collect(t.store.claims.undoneSince(new Date(START_MS))),
      index: '{ endedAt: 1 }',
    },
    {
      what: "a player's page",
      look: () => t.store.claims.page({ userId }, undefined, 5),
      index: `{ userId: 1, ${NEWEST} }`,
    },
    {
      what: "a player's next page",
      look: () => t.store.claims.page({ userId }, { at: new Date(), id: 'clm_' }, 5),
      index: `{ userId: 1, ${NEWEST} }`,
    },
    {
      what: "an event's page",
      look: () => t.store.claims.page({ eventId }, undefined, 5),
      index: `{ eventId: 1, state: 1, ${NEWEST}, rewardId: 1 }`,
    },
    {
      what: "an event's next page",
      look: () => t.store.claims.page({ eventId }, { at: new Date(), id: 'clm_' }, 5),
      index: `{ eventId: 1, state: 1, ${NEWEST}, rewardId: 1 }`,
    },
    {
      what: "an event's claims in a time",
      look: () => t.store.claims.page({ eventId, since: new Date(START_MS) }, undefined, 5),
      index: `{ eventId: 1, state: 1, ${NEWEST}, rewardId: 1 }`,
    },
    {
      what: 'the page of a reason',
      look: () => t.store.claims.page({ reason: 'SOLD_OUT' }, undefined, 5),
      index: `{ reason: 1, ${NEWEST} }`,
    },
    {
      what: 'the page of a key',
      look: () => t.store.claims.page({ idempotencyKey: 'k' }, undefined, 5),
      index: `{ idempotencyKey: 1, ${NEWEST} }`,
    },
    {
      what: 'the page of a provider',
      look: () => t.store.claims.page({ provider: 'mailbox' }, undefined, 5),
      index: `{ ${NEWEST} }`,
    },
    {
      what: "an event's grants",
      look: () => t.store.claims.pageWithGrants({ eventId }, undefined, 5),
      index: '{ eventId: 1, endedAt: -1, _id: -1 }',
    },
    {
      what: 'the page of a state',
      look: () => t.store.claims.page({ state: 'NEEDS_ATTENTION' }, undefined, 5),
      index: `{ state: 1, ${NEWEST} }`,
    },
    {
      what: 'the page of all',
      look: () => t.store.claims.page({}, { at: new Date(), id: 'clm_' }, 5),
      index: `{ ${NEWEST} }`,
    },
    {
      what: "a player's grants",
      look: () => t.store.claims.pageWithGrants({ userId }, undefined, 5),
      index: '{ userId: 1, endedAt: -1, _id: -1 }',
    },
    {
      what: 'all grants',
      look: () => t.store.claims.pageWithGrants({}, undefined, 5),
      index: '{ endedAt: -1, _id: -1 }',
    },
  ];
  for (const { what, look, index } of looks) {
    it(`reads ${what} off an index, in its order`, async () => {
      const [query] = await profiled(t.connection, 'claims', look);
      assert.ok(query, 'the profiler saw no query');
      // Several of one index are merged in its order.
      const scans = new Set(query.planSummary?.split(/, (?=IXSCAN)/));
      assert.deepEqual([...scans], [`IXSCAN ${index}`]);
      assert.equal('hasSortStage' in query, false, 'it sorts in memory');
    });
  }
});
