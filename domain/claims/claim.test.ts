import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  CLAIM_STATES,
  type ClaimState,
  EARLY_STATES,
  FINAL_STATES,
  finalStateOf,
  grantIdOf,
  isFinal,
  mayMove,
  parseGrantId,
  REASONS,
  type Reason,
  statesBefore,
} from './claim.ts';

const nextOf = (from: ClaimState) => CLAIM_STATES.filter((to) => mayMove(from, to));

/** A claim's life: from its acceptance, one allowed move after the other, until none is left. */
const lives = fc.array(fc.nat(), { minLength: 1, maxLength: 30 }).map((choices) => {
  const life: ClaimState[] = ['PENDING_VALIDATION'];
  for (const choice of choices) {
    const next = nextOf(life.at(-1) as ClaimState);
    if (next.length === 0) break;
    life.push(next[choice % next.length] as ClaimState);
  }
  return life;
});

/** Every state that can be reached by allowed moves, the start left out. */
function reachableFrom(start: ClaimState): Set<ClaimState> {
  const seen = new Set<ClaimState>();
  const open = [start];
  for (let at = open.pop(); at; at = open.pop()) {
    for (const next of nextOf(at)) {
      if (!seen.has(next)) open.push(next);
      seen.add(next);
    }
  }
  return seen;
}

const isEarly = (state: ClaimState) => (EARLY_STATES as readonly ClaimState[]).includes(state);

describe("a claim's states", () => {
  it('are final in GRANTED, REJECTED and FAILED, from where nothing follows', () => {
    assert.deepEqual(CLAIM_STATES.filter(isFinal), ['GRANTED', 'REJECTED', 'FAILED']);
    for (const state of CLAIM_STATES) {
      assert.equal(isFinal(state), nextOf(state).length === 0, state);
    }
  });

  it('all come up in some life, and every life can come to an end', () => {
    const reached = reachableFrom('PENDING_VALIDATION');
    for (const state of CLAIM_STATES) {
      if (state !== 'PENDING_VALIDATION') assert.ok(reached.has(state), state);
      if (isFinal(state)) continue;
      const ends = FINAL_STATES.filter((end) => reachableFrom(state).has(end));
      assert.ok(ends.length > 0, `${state} leads nowhere`);
    }
  });

  it('never follow themselves: a move is a change', () => {
    for (const state of CLAIM_STATES) assert.equal(mayMove(state, state), false, state);
  });

  it('are guarded by exactly the states they may follow', () => {
    const pairs = fc.tuple(fc.constantFrom(...CLAIM_STATES), fc.constantFrom(...CLAIM_STATES));
    fc.assert(
      fc.property(pairs, ([from, to]) => statesBefore(to).includes(from) === mayMove(from, to)),
    );
  });

  it('never lead back, but out of a parking to the conditions, where it may have been parked', () => {
    fc.assert(
      fc.property(lives, (whole) => {
        const isUnparked = (_: ClaimState, i: number) =>
          whole[i - 1] === 'NEEDS_ATTENTION' && whole[i] === 'CHECKING_CONDITIONS';
        const back = whole.findIndex(isUnparked);
        const life = back === -1 ? whole : whole.slice(0, back);
        const from = life.findIndex((state) => !isEarly(state));
        const order = life.slice(0, from === -1 ? undefined : from);
        assert.deepEqual(
          order,
          EARLY_STATES.filter((state) => order.includes(state)),
        );
        assert.ok(from === -1 || !life.slice(from).some(isEarly));
      }),
    );
  });

  it('end GRANTED before or after fulfillment is told of, and never out of an undoing', () => {
    assert.deepEqual(statesBefore('GRANTED'), [...EARLY_STATES, 'FULFILLING']);
  });

  it('end REJECTED or FAILED only where nothing was asked for, or where everything was undone', () => {
    for (const end of ['REJECTED', 'FAILED'] as const) {
      assert.deepEqual(statesBefore(end), [...EARLY_STATES, 'COMPENSATING'], end);
    }
  });

  it('wait for a person only where a provider is asked', () => {
    const asking = ['CHECKING_CONDITIONS', 'FULFILLING', 'COMPENSATING'];
    assert.deepEqual(statesBefore('NEEDS_ATTENTION'), asking);
  });
});

describe('the reason a claim is undone for', () => {
  const refusals: Reason[] = ['EVENT_NOT_OPEN', 'ALREADY_CLAIMED', 'CONDITION_NOT_MET', 'SOLD_OUT'];

  it('ends it REJECTED where a rule said no, and FAILED where a step failed', () => {
    for (const reason of REASONS) {
      const expected = refusals.includes(reason) ? 'REJECTED' : 'FAILED';
      assert.equal(finalStateOf(reason), expected, reason);
    }
  });
});

describe("a grant's ID", () => {
  const claimIds = fc.stringMatching(/^clm_[a-f0-9]{40}$/);
  const lineIds = fc.stringMatching(/^[a-z0-9_-]{1,64}$/);

  it('names its claim and its line, and nothing else can be read out of it', () => {
    fc.assert(
      fc.property(claimIds, lineIds, (claimId, lineId) => {
        assert.equal(grantIdOf(claimId, lineId), `${claimId}:${lineId}`);
        assert.deepEqual(parseGrantId(grantIdOf(claimId, lineId)), { claimId, lineId });
      }),
    );
  });

  it('is recognised as none where a stranger made it up', () => {
    const none = ['', ':', 'clm_1', 'clm_1:', ':cape', 'evt_1:cape', 'clm_1:Cape', 'clm_1:a:b'];
    for (const text of [...none, 'clm_1:cape\n', ' clm_1:cape', `clm_1:${'a'.repeat(65)}`]) {
      assert.equal(parseGrantId(text), null, JSON.stringify(text));
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        const read = parseGrantId(text);
        return read === null || grantIdOf(read.claimId, read.lineId) === text;
      }),
    );
  });
});
