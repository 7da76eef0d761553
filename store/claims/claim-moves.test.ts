/** Every move of a claim's record: made where it may be made, refused everywhere else. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { isFinal, mayMove } from '../../domain/claims/claim.ts';
import type { Explanation } from '../../domain/conditions/explanation.ts';
import { newClaim, type StoreFixture, storeFixture } from '../test-store.ts';
import type { Claim } from './claim-record.ts';
import {
  ADMIN,
  claimInSituation,
  isEarly,
  oddIn,
  parkAs,
  recordIn,
  type Situation,
  step,
} from './test-situations.ts';

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
});
after(() => t.close());

const claimIn = (situation: Situation) => claimInSituation(t.store, situation);
const recordOf = (claim: Claim) => recordIn(t.store, claim);

const named = ({ state, fate, parkings, decided }: Situation) =>
  `${state} with fate ${fate}, parked ${parkings} times${decided ? ', decided on' : ''}`;

/** Every situation that a claim can be in, and one that only a late write can meet. */
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
type Move = (claim: Claim) => Promise<Claim | null>;

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
/**
 * `grant` also returns true for a claim granted before. Null here where this call changed nothing.
 */
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

/** Every move, and the situations in which it may be made. */
const MOVES: {
  name: string;
  move: Move;
  wins: (s: Situation) => boolean;
  /** Repeating the move returns the same. */
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
    move: (c) => parkAs(t.store, c, 1),
    wins: (s) => isUnderWay(s) && s.fate !== 'GRANT' && s.parkings === 0,
  },
  {
    name: 'parking it for the second time',
    move: (c) => parkAs(t.store, c, 2),
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
