import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type ClaimState,
  type Fate,
  isFinal,
  mayMove,
  type Step,
} from '../../domain/claims/claim.ts';
import type { Explanation } from '../../domain/conditions/explanation.ts';
import { newClaim, type StoreFixture, storeFixture, unique } from '../test-store.ts';
import { type Claim, claimIdOf } from './claim-record.ts';
import { RECORDER_MS } from './claims.ts';

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
  /** Whether a provider may have been asked for its lines; true past the early states unless given. */
  asked?: boolean;
}

const named = ({ state, fate, parkings, decided }: Situation) =>
  `${state} with fate ${fate}, parked ${parkings} times${decided ? ', decided on' : ''}`;

/** Every situation a claim can be in, and one that only a late write could find. */
const SITUATIONS: Situation[] = [
  { state: 'PENDING_VALIDATION', fate: null, parkings: 0 },
  { state: 'CHECKING_CONDITIONS', fate: null, parkings: 0 },
  { state: 'CHECKING_CONDITIONS', fate: null, parkings: 1 },
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
async function claimIn(situation: Situation): Promise<Claim> {
  const { state, fate, parkings, decided, asked = !isEarly(situation) } = situation;
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
    {
      ...now,
      $set: { ...now.$set, state, fate, asked, parking: parkings > 0 ? parking : null },
    },
  );
  return await recordOf(claim);
}

/** The record as it stands. */
async function recordOf({ _id, userId }: Claim): Promise<Claim> {
  return (await t.store.claims.get(_id, userId)) as Claim;
}

type Move = (claim: Claim) => Promise<Claim | null>;

const parkAs =
  (number: number): Move =>
  (claim) =>
    t.store.claims.park(
      claim,
      {
        number,
        reason: 'FULFILLMENT_UNKNOWN',
        detail: 'no answer',
        step: 'S4_FULFIL',
        lineIds: claim.lines.map((line) => line.lineId),
      },
      { lines: claim.lines, steps: claim.steps },
    );
const decideAs =
  (number: number): Move =>
  (claim) =>
    t.store.claims.decide(ADMIN, claim, number, { action: 'ABORT', note: 'enough' });
const finishAs =
  (state: 'REJECTED' | 'FAILED'): Move =>
  (claim) => {
    const { lines, steps } = claim;
    const reason = 'FULFILLMENT_REFUSED';
    return t.store.claims.finishUndone(claim, { state, reason, lines, steps });
  };
/** Says true of one that was granted before, too: null where this changed nothing. */
const grant: Move = async (claim) => {
  if (!(await t.store.claims.grant(claim, claim.lines, claim.steps))) return null;
  const granted = await recordOf(claim);
  return granted.version > claim.version ? granted : null;
};

const NOT_MET: Explanation = {
  condition: { metric: 'level', atLeast: 30, have: 12, need: 30, met: false },
  judgedFor: new Date('2026-11-22T12:00:00Z'),
  window: {
    startsAt: new Date('2026-11-01T00:00:00Z'),
    endsAt: new Date('2026-12-01T00:00:00Z'),
    claimableUntil: new Date('2026-12-01T00:00:00Z'),
  },
  period: { key: 'once', startsAt: null, endsAt: null },
  rewards: [{ rewardId: 'cape', available: 10 }],
};

/** Each move, and the situations it may be made in. */
const MOVES: {
  name: string;
  move: Move;
  wins: (s: Situation) => boolean;
  /** Whoever asks for it again is told the same. */
  isForAll?: true;
}[] = [
  {
    name: 'refusing what nothing lies of',
    move: (c) => t.store.claims.refuse(c, { reason: 'SOLD_OUT', steps: [step('S3_RESERVE')] }),
    wins: (s) => isEarly(s) && s.fate === null,
  },
  {
    name: 'showing that providers are asked for its condition',
    move: (c) => t.store.claims.showChecking(c),
    wins: (s) => s.state === 'PENDING_VALIDATION',
  },
  {
    name: 'explaining why its condition is not met',
    move: (c) => t.store.claims.explain(c, NOT_MET),
    wins: (s) => isEarly(s) && s.fate === null,
  },
  {
    name: 'starting fulfillment',
    move: (c) => t.store.claims.startFulfilling(c, [step('S3_RESERVE')]),
    wins: (s) => isEarly(s) && s.fate === null,
  },
  {
    name: 'deciding to grant',
    move: async (c) =>
      (await t.store.claims.takeGrantFate(c, c.lines, c.steps)) ? recordOf(c) : null,
    wins: (s) => (isEarly(s) || s.state === 'FULFILLING') && s.fate === null,
  },
  {
    name: 'deciding to undo',
    move: (c) => t.store.claims.takeUndoFate(c, 'FULFILLMENT_REFUSED', c.steps),
    wins: (s) => s.fate === null,
  },
  {
    name: 'ending it granted',
    move: grant,
    wins: (s) => (isEarly(s) || s.state === 'FULFILLING') && s.fate !== 'UNDO',
    isForAll: true,
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
    move: (c) => t.store.claims.unpark(c, 1, true),
    wins: (s) => s.state === 'NEEDS_ATTENTION' && s.parkings === 1 && s.fate !== 'GRANT',
  },
  {
    name: 'going on after its first parking, as long as nobody decides',
    move: (c) => t.store.claims.unpark(c, 1, false),
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

const isUnderWay = ({ state }: Situation) =>
  ['CHECKING_CONDITIONS', 'FULFILLING', 'COMPENSATING'].includes(state);

describe('the explanation of a condition', () => {
  it('is written once: what was counted late does not change it', async () => {
    const claim = await claimIn({ state: 'PENDING_VALIDATION', fate: null, parkings: 0 });
    const explained = await t.store.claims.explain(claim, NOT_MET);
    assert.deepEqual(explained?.explanation, NOT_MET);
    assert.equal(await t.store.claims.explain(claim, { ...NOT_MET, rewards: [] }), null);
    assert.deepEqual((await recordOf(claim)).explanation, NOT_MET);
  });
});

/** What may be null on a record; anything else that is not there is absent. */
const MAY_BE_NULL = [
  ...['rewardId', 'reason', 'fate', 'fateReason', 'askedBy', 'parking', 'endedAt'],
];
const MOMENTS = ['acceptedAt', 'recordedAt', 'createdAt', 'updatedAt', 'endedAt'];

/** Fields that are stored as what they should not be. */
function oddIn(claim: Claim): string[] {
  const isOdd = ([field, value]: [string, unknown]) => {
    if (value === null) return !MAY_BE_NULL.includes(field);
    return MOMENTS.includes(field) && !(value instanceof Date);
  };
  return Object.entries(claim)
    .filter(isOdd)
    .map(([field]) => field);
}

describe("a move of a claim's record", () => {
  for (const { name, move, wins } of MOVES) {
    it(`is made where it may be, and changes nothing anywhere else: ${name}`, async () => {
      for (const situation of SITUATIONS) {
        const earlier = await claimIn(situation);
        const moved = await move(earlier);
        const later = await recordOf(earlier);
        assert.equal(moved !== null, wins(situation), named(situation));
        assert.deepEqual(later, moved ?? earlier, named(situation));
        assert.equal(later.version, earlier.version + (moved ? 1 : 0), named(situation));
        assert.equal('open' in later, !isFinal(later.state), named(situation));
        assert.equal(later.endedAt !== null, isFinal(later.state), named(situation));
        assert.deepEqual(oddIn(later), [], named(situation));
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
          const isEmptyEnd = isFinal(moved.state) && moved.state !== 'GRANTED';
          assert.equal('entitlements' in moved, !isEmptyEnd, `${name}: the entitlement`);
          claim = moved;
        }
      }),
      { seed, numRuns: 60 },
    );
  });

  it('goes to one of many who try it at once', async () => {
    for (const { name, move, wins, isForAll } of MOVES) {
      const situation = SITUATIONS.find(wins) as Situation;
      const earlier = await claimIn(situation);
      const moved = await Promise.all(Array.from({ length: 8 }, () => move(earlier)));
      assert.equal(moved.filter(Boolean).length, isForAll ? moved.length : 1, name);
      const later = await recordOf(earlier);
      assert.equal(later.version, earlier.version + 1, name);
    }
  });

  it('decides a fate once, for good or for bad, of many that race', async () => {
    for (let round = 0; round < 10; round++) {
      const claim = await claimIn({ state: 'FULFILLING', fate: null, parkings: 0 });
      const { takeGrantFate, takeUndoFate } = t.store.claims;
      const grant = async () => (await takeGrantFate(claim, claim.lines, claim.steps)) && 'GRANT';
      const undo = async () =>
        (await takeUndoFate(claim, 'USER_NOT_ACTIVE', claim.steps)) && 'UNDO';
      const taken = await Promise.all([grant, undo, undo, grant, undo].map((take) => take()));
      const winners = taken.filter((winner) => winner);
      assert.equal(winners.length, 1);
      const later = await recordOf(claim);
      assert.equal(later.fate, winners[0]);
      assert.equal(later.fateReason, later.fate === 'UNDO' ? 'USER_NOT_ACTIVE' : null);
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
    assert.deepEqual(await recordOf(claim), claim);
  });
});

describe('reading a claim', () => {
  it('shows it to nobody but its player, also where both ask at once', async () => {
    const [{ claim: mine }, { claim: theirs }] = await Promise.all([
      t.store.claims.accept(newClaim()),
      t.store.claims.accept(newClaim()),
    ]);
    const { get } = t.store.claims;
    const read = await Promise.all([
      get(mine._id, mine.userId),
      get(theirs._id, theirs.userId),
      get(theirs._id, mine.userId),
    ]);
    assert.deepEqual(read, [mine, theirs, null]);
  });
});

describe('refusing a claim that nothing lies of', () => {
  const SOLD_OUT = { reason: 'SOLD_OUT', steps: [step('S3_RESERVE')] } as const;
  const refuse = (claim: Claim, until?: Date) =>
    t.store.claims.refuse(claim, {
      ...SOLD_OUT,
      steps: [...SOLD_OUT.steps],
      ...(until && { until }),
    });
  const pending = { state: 'PENDING_VALIDATION', fate: null, parkings: 0 } as const;

  it('ends it at once, with why, and no line of it given', async () => {
    const refused = await refuse(await claimIn(pending));
    assert.equal(refused?.state, 'REJECTED');
    assert.deepEqual([refused.reason, refused.fateReason], ['SOLD_OUT', 'SOLD_OUT']);
    assert.equal(refused.fate, 'UNDO');
    assert.deepEqual(
      refused.lines.map(({ state }) => state),
      ['CANCELLED'],
    );
  });

  it('ends it failed where no rule spoke against it', async () => {
    const end = { reason: 'USER_NOT_ACTIVE', steps: [] } as const;
    const refused = await t.store.claims.refuse(await claimIn(pending), { ...end, steps: [] });
    assert.deepEqual([refused?.state, refused?.reason], ['FAILED', 'USER_NOT_ACTIVE']);
  });

  it('is not done once the time is over, by the server’s clock and not by ours', async () => {
    const serverNow = () => t.connection.getClient().db('admin').command({ hello: 1 });
    const { localTime } = await serverNow();
    const [over, left] = [-1, 60_000].map((ms) => new Date(localTime.getTime() + ms));
    const claim = await claimIn(pending);
    t.setNow(new Date(0));
    assert.equal(await refuse(claim, over), null);
    assert.deepEqual(await recordOf(claim), claim);
    t.setNow(new Date('2100-01-01T00:00:00Z'));
    assert.equal((await refuse(claim, left))?.state, 'REJECTED');
    t.setNow(undefined);
  });

  it('is not done of one that a provider may have been asked for', async () => {
    const claim = await claimIn({ ...pending, state: 'CHECKING_CONDITIONS', asked: true });
    assert.equal(await refuse(claim), null);
    assert.deepEqual(await recordOf(claim), claim);
  });

  it('leaves its recorder five seconds, and nobody else may start its run for ten', async () => {
    const { claim } = await t.store.claims.accept(newClaim());
    const { localTime } = await t.connection.getClient().db('admin').command({ hello: 1 });
    assert.ok(Math.abs(localTime.getTime() - claim.recordedAt.getTime()) < 5_000);
    const until = t.store.claims.recorderUntil(claim);
    assert.equal(until.getTime() - claim.recordedAt.getTime(), RECORDER_MS);

    const recorded = (msAgo: number) => ({ recordedAt: new Date(localTime.getTime() - msAgo) });
    t.setNow(new Date('2100-01-01T00:00:00Z'));
    assert.equal(await t.store.claims.mayBeStarted(recorded(2 * RECORDER_MS - 1_500)), false);
    t.setNow(new Date(0));
    assert.equal(await t.store.claims.mayBeStarted(recorded(2 * RECORDER_MS + 1_500)), true);
    t.setNow(undefined);
  });
});

describe('ending granted claims, many with one command', () => {
  const UNDER_WAY = { state: 'FULFILLING', parkings: 0 } as const;

  it('answers each for itself: one that was undone says false, one that was granted true', async () => {
    const many = await Promise.all(
      Array.from({ length: 8 }, (_, n) => claimIn({ ...UNDER_WAY, fate: n % 2 ? 'GRANT' : null })),
    );
    const undone = await claimIn({ ...UNDER_WAY, fate: null });
    await t.store.claims.takeUndoFate(undone, 'USER_NOT_ACTIVE', []);
    const parked = await claimIn({ ...UNDER_WAY, fate: null });
    await parkAs(1)(parked);
    const before = await claimIn({ ...UNDER_WAY, fate: 'GRANT' });
    assert.equal(await t.store.claims.grant(before, before.lines, before.steps), true);

    const all = [...many, undone, parked, before];
    const told = await Promise.all(
      all.map((claim) => t.store.claims.grant(claim, claim.lines, claim.steps)),
    );
    assert.deepEqual(told, [...many.map(() => true), false, false, true]);
    const now = await Promise.all(all.map(recordOf));
    const states = [...many.map(() => 'GRANTED'), 'COMPENSATING', 'NEEDS_ATTENTION', 'GRANTED'];
    assert.deepEqual(
      now.map(({ state }) => state),
      states,
    );
    assert.equal(now.at(-1)?.version, before.version + 1, 'it was granted twice');
    assert.deepEqual(now.flatMap(oddIn), []);
  });

  it('takes the fate of one that has none with its end', async () => {
    const claim = await claimIn({ state: 'PENDING_VALIDATION', fate: null, parkings: 0 });
    const lines = claim.lines.map((line) => ({ ...line, state: 'GRANTED', grantedAt: new Date() }));
    assert.ok(await t.store.claims.grant(claim, lines as Claim['lines'], [step('S5_SETTLE')]));
    const { state, fate, endedAt, lines: now, steps } = await recordOf(claim);
    assert.deepEqual([state, fate, now], ['GRANTED', 'GRANT', lines]);
    assert.deepEqual([endedAt instanceof Date, steps.at(-1)?.step], [true, 'S5_SETTLE']);
  });

  it('grants what another fate was taken of only by that fate', async () => {
    const claim = await claimIn({ ...UNDER_WAY, fate: null });
    assert.ok(await t.store.claims.takeGrantFate(claim, claim.lines, claim.steps));
    assert.equal(await t.store.claims.grant(claim, claim.lines, claim.steps), false);
    assert.equal((await recordOf(claim)).state, 'FULFILLING');
  });
});

describe('a parking', () => {
  it('is decided once: the second click, and the click on an earlier parking, change nothing', async () => {
    const claim = await claimIn({ state: 'NEEDS_ATTENTION', fate: null, parkings: 2 });
    const decide = (number: number, action: 'RETRY' | 'ABORT') =>
      t.store.claims.decide(ADMIN, claim, number, { action, note: null });
    assert.equal(await decide(1, 'ABORT'), null);
    const decided = await decide(2, 'RETRY');
    assert.equal(decided?.parking?.decision?.action, 'RETRY');
    assert.equal(decided?.parking?.decision?.by, ADMIN.actor.userId);
    assert.equal(await decide(2, 'ABORT'), null);
    assert.equal((await recordOf(claim)).parking?.decision?.action, 'RETRY');
  });

  it('begins undecided, whatever was decided about the one before', async () => {
    const claim = await claimIn({ state: 'FULFILLING', fate: null, parkings: 1, decided: true });
    const parked = await parkAs(2)(claim);
    assert.equal(parked?.parking?.decision, null);
    assert.equal(parked?.parking?.number, 2);
  });

  it('ends with the conditions where nothing was asked for yet', async () => {
    const early = { state: 'NEEDS_ATTENTION', fate: null, parkings: 1, asked: false } as const;
    const claim = await claimIn(early);
    assert.equal((await t.store.claims.unpark(claim, 1, true))?.state, 'CHECKING_CONDITIONS');
  });

  it('ends with fulfillment, or with the undoing it interrupted', async () => {
    const forward = await claimIn({ state: 'NEEDS_ATTENTION', fate: null, parkings: 1 });
    assert.equal((await t.store.claims.unpark(forward, 1, true))?.state, 'FULFILLING');
    const back = await claimIn({ state: 'NEEDS_ATTENTION', fate: 'UNDO', parkings: 1 });
    assert.equal((await t.store.claims.unpark(back, 1, true))?.state, 'COMPENSATING');
  });
});
