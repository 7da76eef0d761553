import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import {
  CLAIM_STATES,
  type ClaimState,
  type Fate,
  isFinal,
  mayMove,
  type Step,
} from '../domain/claim.ts';
import { type Claim, claimIdOf } from './claims.ts';
import { newClaim, profiled, type StoreFixture, storeFixture, unique } from './test-store.ts';

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
});
after(() => t.close());

const ADMIN = { actor: { userId: 'usr_admin', role: 'ADMIN' }, requestId: 'test' } as const;

/** A claim as it is found in its life: its state, its fate, and how often it has been parked. */
interface Situation {
  state: ClaimState;
  fate: Fate | null;
  parkings: number;
  decided?: boolean;
}

const named = ({ state, fate, parkings, decided }: Situation) =>
  `${state} with fate ${fate}, parked ${parkings} times${decided ? ', decided on' : ''}`;

/** Every situation a claim can be in, and one that only a late write could find. */
const SITUATIONS: Situation[] = [
  { state: 'PENDING_VALIDATION', fate: null, parkings: 0 },
  { state: 'CHECKING_CONDITIONS', fate: null, parkings: 0 },
  { state: 'RESERVING_STOCK', fate: null, parkings: 0 },
  { state: 'FULFILLING', fate: null, parkings: 0 },
  { state: 'FULFILLING', fate: null, parkings: 1 },
  { state: 'FULFILLING', fate: 'GRANT', parkings: 0 },
  { state: 'NEEDS_ATTENTION', fate: null, parkings: 1 },
  { state: 'NEEDS_ATTENTION', fate: null, parkings: 1, decided: true },
  { state: 'NEEDS_ATTENTION', fate: null, parkings: 2 },
  { state: 'NEEDS_ATTENTION', fate: 'GRANT', parkings: 1 },
  { state: 'NEEDS_ATTENTION', fate: 'UNDO', parkings: 1 },
  { state: 'COMPENSATING', fate: 'UNDO', parkings: 0 },
  { state: 'COMPENSATING', fate: 'UNDO', parkings: 1 },
  { state: 'GRANTED', fate: 'GRANT', parkings: 0 },
  { state: 'REJECTED', fate: 'UNDO', parkings: 0 },
  { state: 'FAILED', fate: 'UNDO', parkings: 1 },
];

const step = (name: Step['step']): Step => {
  const at = '2026-11-22T12:00:00.000Z';
  return { step: name, outcome: 'OK', startedAt: at, endedAt: at, attempts: 1, detail: null };
};

/** A claim put into that situation. */
async function claimIn({ state, fate, parkings, decided }: Situation): Promise<Claim> {
  const { claim } = await t.store.claims.accept(newClaim());
  const parking = {
    number: parkings,
    reason: 'FULFILLMENT_UNAVAILABLE',
    detail: '503',
    step: 'S4_FULFIL',
    lineIds: ['cape'],
    at: new Date(),
    decision: decided ? { action: 'RETRY', note: null, by: 'usr_1', at: new Date() } : null,
  };
  const now = isFinal(state) ? { $set: { endedAt: new Date() }, $unset: { open: true } } : {};
  await t.store.claims.model.collection.updateOne(
    { _id: claim._id as never },
    { ...now, $set: { ...now.$set, state, fate, parking: parkings > 0 ? parking : null } },
  );
  return (await t.store.claims.get(claim._id)) as Claim;
}

type Move = (claim: Claim) => Promise<Claim | null>;

const parkAs =
  (number: number): Move =>
  ({ _id, lines, steps }) =>
    t.store.claims.park(
      _id,
      {
        number,
        reason: 'FULFILLMENT_UNKNOWN',
        detail: 'no answer',
        step: 'S4_FULFIL',
        lineIds: lines.map((line) => line.lineId),
      },
      { lines, steps },
    );
const decideAs =
  (number: number): Move =>
  ({ _id }) =>
    t.store.claims.decide(ADMIN, _id, number, { action: 'ABORT', note: 'enough' });
const finishAs =
  (state: 'GRANTED' | 'REJECTED' | 'FAILED'): Move =>
  ({ _id, lines, steps }) =>
    t.store.claims.finish(_id, {
      state,
      reason: state === 'GRANTED' ? null : 'FULFILLMENT_REFUSED',
      lines,
      steps,
    });

/** Each move, and the situations it may be made in. */
const MOVES: { name: string; move: Move; wins: (s: Situation) => boolean }[] = [
  {
    name: 'refusing by a rule',
    move: (c) => t.store.claims.reject(c._id, 'ALREADY_CLAIMED', [step('S1_VALIDATE')]),
    wins: (s) => isEarly(s) && s.fate === null,
  },
  {
    name: 'starting fulfilment',
    move: (c) => t.store.claims.startFulfilling(c._id, [step('S3_RESERVE')]),
    wins: (s) => isEarly(s) && s.fate === null,
  },
  {
    name: 'deciding to grant',
    move: (c) => t.store.claims.takeGrantFate(c._id, c.lines, c.steps),
    wins: (s) => s.state === 'FULFILLING' && s.fate === null,
  },
  {
    name: 'deciding to undo',
    move: (c) => t.store.claims.takeUndoFate(c._id, 'FULFILLMENT_REFUSED', c.steps),
    wins: (s) => s.fate === null,
  },
  {
    name: 'ending it granted',
    move: finishAs('GRANTED'),
    wins: (s) => s.fate === 'GRANT' && s.state === 'FULFILLING',
  },
  {
    name: 'ending it failed',
    move: finishAs('FAILED'),
    wins: (s) => s.fate === 'UNDO' && s.state === 'COMPENSATING',
  },
  {
    name: 'ending it rejected',
    move: finishAs('REJECTED'),
    wins: (s) => s.fate === 'UNDO' && s.state === 'COMPENSATING',
  },
  {
    name: 'parking it for the first time',
    move: parkAs(1),
    wins: (s) => isUnderWay(s) && s.fate !== 'GRANT' && s.parkings === 0,
  },
  {
    name: 'parking it for the second time',
    move: parkAs(2),
    wins: (s) => isUnderWay(s) && s.parkings === 1,
  },
  {
    name: 'going on after its first parking, as was decided',
    move: (c) => t.store.claims.unpark(c._id, 1, true),
    wins: (s) => s.state === 'NEEDS_ATTENTION' && s.parkings === 1 && s.fate !== 'GRANT',
  },
  {
    name: 'going on after its first parking, as long as nobody decides',
    move: (c) => t.store.claims.unpark(c._id, 1, false),
    wins: (s) =>
      s.state === 'NEEDS_ATTENTION' && s.parkings === 1 && s.fate !== 'GRANT' && !s.decided,
  },
  {
    name: "an admin's decision on its first parking",
    move: decideAs(1),
    wins: (s) => s.state === 'NEEDS_ATTENTION' && s.parkings === 1 && !s.decided,
  },
];

const isEarly = ({ state }: Situation) =>
  ['PENDING_VALIDATION', 'CHECKING_CONDITIONS', 'RESERVING_STOCK'].includes(state);

const isUnderWay = ({ state }: Situation) => ['FULFILLING', 'COMPENSATING'].includes(state);

describe("a move of a claim's record", () => {
  for (const { name, move, wins } of MOVES) {
    it(`is made where it may be, and changes nothing anywhere else: ${name}`, async () => {
      for (const situation of SITUATIONS) {
        const earlier = await claimIn(situation);
        const moved = await move(earlier);
        const later = (await t.store.claims.get(earlier._id)) as Claim;
        assert.equal(moved !== null, wins(situation), named(situation));
        assert.deepEqual(later, moved ?? earlier, named(situation));
        assert.equal(later.version, earlier.version + (moved ? 1 : 0), named(situation));
        assert.equal('open' in later, !isFinal(later.state), named(situation));
        assert.equal(later.endedAt !== null, isFinal(later.state), named(situation));
      }
    });
  }

  it('is one that the table of moves knows, in whatever order they are tried', async (context) => {
    const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
    context.diagnostic(`SEED=${seed}`);
    const tries = fc.array(fc.constantFrom(...MOVES), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(tries, async (moves) => {
        let { claim } = await t.store.claims.accept(newClaim());
        for (const { name, move } of moves) {
          const moved = await move(claim);
          if (!moved) continue;
          const { state: from } = claim;
          assert.ok(
            from === moved.state || mayMove(from, moved.state),
            `${name}: ${from} to ${moved.state}`,
          );
          assert.ok(claim.fate === null || claim.fate === moved.fate, `${name} changed the fate`);
          assert.equal(moved.version, claim.version + 1);
          claim = moved;
        }
      }),
      { seed, numRuns: 60 },
    );
  });

  it('goes to one of many who try it at once', async () => {
    for (const { name, move, wins } of MOVES) {
      const situation = SITUATIONS.find(wins) as Situation;
      const earlier = await claimIn(situation);
      const moved = await Promise.all(Array.from({ length: 8 }, () => move(earlier)));
      assert.equal(moved.filter(Boolean).length, 1, name);
      const later = (await t.store.claims.get(earlier._id)) as Claim;
      assert.equal(later.version, earlier.version + 1, name);
    }
  });

  it('decides a fate once, for good or for bad, of many that race', async () => {
    for (let round = 0; round < 10; round++) {
      const claim = await claimIn({ state: 'FULFILLING', fate: null, parkings: 0 });
      const grant = () => t.store.claims.takeGrantFate(claim._id, claim.lines, claim.steps);
      const undo = () => t.store.claims.takeUndoFate(claim._id, 'USER_NOT_ACTIVE', claim.steps);
      const taken = await Promise.all([grant, undo, undo, grant, undo].map((take) => take()));
      const winners = taken.filter((winner) => winner !== null);
      assert.equal(winners.length, 1);
      const later = await t.store.claims.get(claim._id);
      assert.equal(later?.fate, winners[0]?.fate);
      assert.equal(later?.fateReason, later?.fate === 'UNDO' ? 'USER_NOT_ACTIVE' : null);
    }
  });
});

describe('accepting a claim', () => {
  it('records one claim for a key, however often and however close together it comes', async () => {
    const request = newClaim();
    const accepted = await Promise.all(
      Array.from({ length: 12 }, () => t.store.claims.accept(request)),
    );
    assert.equal(accepted.filter((a) => a.created).length, 1);
    assert.equal(new Set(accepted.map((a) => a.claim._id)).size, 1);
    assert.equal(await t.store.claims.model.countDocuments({ userId: request.userId }), 1);
  });

  it('leaves the first claim untouched where its key comes with another request', async () => {
    const { claim } = await t.store.claims.accept(newClaim());
    const { userId, idempotencyKey } = claim;
    const other = newClaim({ userId, idempotencyKey, eventId: 'evt_other', rewardId: 'hat' });
    const again = await t.store.claims.accept(other);
    assert.deepEqual([again.created, again.claim.eventId], [false, claim.eventId]);
    assert.deepEqual(await t.store.claims.findByKey(userId, idempotencyKey), again.claim);
  });

  it('tells players apart who use the same key', async () => {
    const idempotencyKey = unique('key');
    const first = await t.store.claims.accept(newClaim({ idempotencyKey }));
    const second = await t.store.claims.accept(newClaim({ idempotencyKey }));
    assert.deepEqual([first.created, second.created], [true, true]);
    assert.equal(await t.store.claims.findByKey(unique('usr'), idempotencyKey), null);
  });

  it('gives each player and key an identity of their own', () => {
    const text = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 5 });
    const printable = text.filter((s) => /^[\x20-\x7e]+$/.test(s));
    fc.assert(
      fc.property(printable, printable, printable, printable, (userA, keyA, userB, keyB) => {
        const isSame = userA === userB && keyA === keyB;
        return isSame === (claimIdOf(userA, keyA) === claimIdOf(userB, keyB));
      }),
    );
    assert.notEqual(claimIdOf('usr_1', '2key'), claimIdOf('usr_12', 'key'));
  });

  it('starts the story with S0, from the request to the record', async () => {
    t.setNow(new Date('2026-11-22T12:00:01Z'));
    const { claim } = await t.store.claims.accept(newClaim());
    t.setNow(undefined);
    assert.deepEqual(claim.steps, [
      {
        step: 'S0_ACCEPT',
        outcome: 'OK',
        startedAt: '2026-11-22T12:00:00.000Z',
        endedAt: '2026-11-22T12:00:01.000Z',
        attempts: 1,
        detail: null,
      },
    ]);
    assert.deepEqual(await t.store.claims.get(claim._id), claim);
  });
});

describe('a parking', () => {
  it('is decided once: the second click, and the click on an earlier parking, change nothing', async () => {
    const claim = await claimIn({ state: 'NEEDS_ATTENTION', fate: null, parkings: 2 });
    const decide = (number: number, action: 'RETRY' | 'ABORT') =>
      t.store.claims.decide(ADMIN, claim._id, number, { action, note: null });
    assert.equal(await decide(1, 'ABORT'), null);
    const decided = await decide(2, 'RETRY');
    assert.equal(decided?.parking?.decision?.action, 'RETRY');
    assert.equal(decided?.parking?.decision?.by, ADMIN.actor.userId);
    assert.equal(await decide(2, 'ABORT'), null);
    assert.equal((await t.store.claims.get(claim._id))?.parking?.decision?.action, 'RETRY');
  });

  it('begins undecided, whatever was decided about the one before', async () => {
    const claim = await claimIn({ state: 'FULFILLING', fate: null, parkings: 1, decided: true });
    const parked = await parkAs(2)(claim);
    assert.equal(parked?.parking?.decision, null);
    assert.equal(parked?.parking?.number, 2);
  });

  it('ends with fulfilment, or with the undoing it interrupted', async () => {
    const forward = await claimIn({ state: 'NEEDS_ATTENTION', fate: null, parkings: 1 });
    assert.equal((await t.store.claims.unpark(forward._id, 1, true))?.state, 'FULFILLING');
    const back = await claimIn({ state: 'NEEDS_ATTENTION', fate: 'UNDO', parkings: 1 });
    assert.equal((await t.store.claims.unpark(back._id, 1, true))?.state, 'COMPENSATING');
  });
});

describe('looking for claims', () => {
  const START_MS = Date.parse('2026-11-22T00:00:00Z');
  const states = CLAIM_STATES.map((state): Situation => {
    const fate = state === 'GRANTED' ? 'GRANT' : isFinal(state) ? 'UNDO' : null;
    return { state, fate, parkings: 0 };
  });
  const [userId, eventId] = [unique('usr'), unique('evt')];
  let mine: Claim[];

  /** 20 claims in each state, of four players; two of each second were created together. */
  before(async () => {
    const claims = Array.from({ length: 20 * states.length }, (_, i) => {
      const { state, fate } = states[i % states.length] as Situation;
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
      const page = await t.store.claims.page({ userId }, from, 7);
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
    assert.deepEqual(ids(await t.store.claims.page(filter, undefined, 100)), ids(expected));
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
    const granted = await t.store.claims.pageWithGrants(userId, undefined, 100);
    const expected = mine.filter((c) => c.state === 'GRANTED');
    assert.deepEqual(ids(granted), ids(expected));
  });

  it('tells the final ones apart, one never recorded among them', async () => {
    const [open, final] = [mine.find((c) => !isFinal(c.state)), mine.find((c) => isFinal(c.state))];
    const asked = [open?._id, final?._id, 'clm_never'] as string[];
    const found = await t.store.claims.finalAmong(asked);
    assert.deepEqual(found, new Set([final?._id, 'clm_never']));
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
      index: `{ eventId: 1, ${NEWEST} }`,
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
      look: () => t.store.claims.pageWithGrants(userId, undefined, 5),
      index: '{ userId: 1, endedAt: -1, _id: -1 }',
    },
    {
      what: 'all grants',
      look: () => t.store.claims.pageWithGrants(undefined, undefined, 5),
      index: '{ endedAt: -1, _id: -1 }',
    },
  ];
  for (const { what, look, index } of looks) {
    it(`reads ${what} off an index, in its order`, async () => {
      const [query] = await profiled(t.connection, 'claims', look);
      assert.ok(query, 'the profiler saw no query');
      assert.equal(query.planSummary, `IXSCAN ${index}`);
      assert.equal('hasSortStage' in query, false, 'it sorts in memory');
    });
  }
});
