import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CLAIM_STATES, isFinal } from '../../domain/claims/claim.ts';
import { LOOKED_AT } from '../mongodb/bounded-find.ts';
import { newClaim, profiled, type StoreFixture, storeFixture, unique } from '../test-store.ts';
import type { ClaimFilter } from './claim-lists.ts';
import type { Claim } from './claim-record.ts';

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

  const NEWEST = 'createdAt: -1, _id: -1';
  const OF_PLAYER = `{ userId: 1, ${NEWEST} }`;
  const OF_EVENT = `{ eventId: 1, state: 1, ${NEWEST}, rewardId: 1 }`;
  const OF_KEY = `{ idempotencyKey: 1, ${NEWEST} }`;
  const OF_REASON = `{ reason: 1, ${NEWEST} }`;
  const OF_STATE = `{ state: 1, ${NEWEST} }`;
  const OPEN = '{ acceptedAt: 1 }';
  const GRANTS_OF_EVENT = '{ eventId: 1, endedAt: -1, _id: -1 }';
  const GRANTS = '{ endedAt: -1, _id: -1 }';

  it('is all that the indexes are for, which every claim pays for', async () => {
    const indexes = await t.connection.collection('claims').indexes();
    const spelled = indexes.map(({ key }) => {
      return `{ ${Object.entries(key)
        .map(([field, order]) => `${field}: ${order}`)
        .join(', ')} }`;
    });
    assert.deepEqual(
      new Set(spelled),
      new Set([
        ...['{ _id: 1 }', '{ userId: 1, entitlements: 1 }'],
        ...[OF_PLAYER, OF_KEY, OF_EVENT, OF_STATE, OF_REASON, OPEN, GRANTS_OF_EVENT, GRANTS],
      ]),
    );
  });

  /** Does the work. Returns what the server scanned for it, each once; `SORT` where it sorted. */
  async function scansOf(work: () => Promise<unknown>): Promise<string[]> {
    const operations = await profiled(t.connection, 'claims', work);
    assert.ok(operations.length > 0, 'the profiler saw no query');
    const scans = operations.flatMap(({ planSummary = '', hasSortStage }) => [
      // Several scans of one index are merged in its order.
      ...planSummary.split(/, (?=IXSCAN)/),
      ...(hasSortStage ? ['SORT'] : []),
    ]);
    return [...new Set(scans)];
  }

  /** Every way to give some of the fields and leave out the others. */
  function subsetsOf<T extends object>(fields: T): Partial<T>[] {
    const names = Object.entries(fields);
    return Array.from({ length: 2 ** names.length }, (_, bits) => {
      return Object.fromEntries(names.filter((_, n) => bits & (1 << n))) as Partial<T>;
    });
  }

  const leads = subsetsOf({
    ...{ userId, idempotencyKey: 'k', eventId },
    ...({ state: 'NEEDS_ATTENTION', reason: 'SOLD_OUT' } as const),
  });
  const besides: ClaimFilter[] = [
    ...[{}, { provider: 'mailbox' }, { rewardId: 'cape' }, { periodKey: 'once' }],
  ];
  const nameOf = (filter: object) => Object.keys(filter).join(', ') || 'nothing';
  const from = { at: new Date(), id: 'clm_' };
  const times = { since: new Date(START_MS), until: new Date(START_MS + 60_000) };

  const indexFor = ({ userId, idempotencyKey, eventId, state, reason }: ClaimFilter) => {
    if (userId) return OF_PLAYER;
    if (idempotencyKey) return OF_KEY;
    if (eventId) return OF_EVENT;
    return reason && !state ? OF_REASON : OF_STATE;
  };

  for (const lead of leads) {
    const index = indexFor(lead);

    it(`pages through an index in its order where it is asked for by ${nameOf(lead)}`, async () => {
      const scans = await scansOf(async () => {
        for (const beside of besides) {
          await t.store.claims.page({ ...lead, ...beside }, undefined, 5);
          await t.store.claims.page({ ...lead, ...beside, ...times }, from, 5);
        }
      });
      assert.deepEqual(scans, [`IXSCAN ${index}`]);
    });

    it(`counts by an index where it is asked for by ${nameOf(lead)}`, async () => {
      const scans = await scansOf(async () => {
        for (const beside of besides) {
          await t.store.claims.summary({ ...lead, ...beside, ...times }, ['state', 'provider']);
        }
      });
      // Only the groups are sorted there, and they are few.
      assert.deepEqual(new Set(scans).difference(new Set(['SORT'])), new Set([`IXSCAN ${index}`]));
    });
  }

  it('counts by event and state from the index alone', async () => {
    const [withReads] = (
      await profiled(t.connection, 'claims', () =>
        t.store.claims.summary({ eventId }, ['state', 'eventId']),
      )
    ).filter(({ docsExamined }) => docsExamined !== 0);
    assert.equal(withReads, undefined);
  });

  for (const filter of subsetsOf({ userId, eventId, ...times })) {
    it(`pages through grants by an index where they are asked for by ${nameOf(filter)}`, async () => {
      const scans = await scansOf(async () => {
        await t.store.claims.pageWithGrants(filter, undefined, 5);
        await t.store.claims.pageWithGrants(filter, from, 5);
      });
      const ofAll = filter.eventId ? GRANTS_OF_EVENT : GRANTS;
      // One player's claims are few, so the server may sort them.
      const ofPlayer = [`IXSCAN ${OF_PLAYER}`, 'SORT'];
      assert.deepEqual(scans, filter.userId ? ofPlayer : [`IXSCAN ${ofAll}`]);
    });
  }

  const looks: { what: string; look: () => Promise<unknown>; scans: string[] }[] = [
    {
      what: "a player's open claims",
      look: () => t.store.claims.openOf(userId),
      scans: [`IXSCAN ${OF_PLAYER}`],
    },
    {
      what: 'all open claims',
      look: () => collect(t.store.claims.openClaims()),
      scans: [`IXSCAN ${OPEN}`],
    },
    {
      what: 'how many are parked',
      look: () => t.store.claims.countParked(),
      scans: [`COUNT_SCAN ${OF_STATE}`],
    },
  ];
  for (const { what, look, scans } of looks) {
    it(`reads ${what} off an index, in its order`, async () => {
      assert.deepEqual(await scansOf(look), scans);
    });
  }

  it("sees by their index which of a player's rights are taken", async () => {
    const rights = [['evt_1/once/0', 'evt_1/once/1']];
    const scans = await scansOf(() => t.store.claims.isUsedUp(userId, rights));
    assert.deepEqual(scans, ['IXSCAN { userId: 1, entitlements: 1 }']);
  });
});
