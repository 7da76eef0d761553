import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PERIOD_KINDS, periodKey, WEEKDAYS } from '../events/period.ts';
import { chooseEntitlements, wantedEntitlements } from './entitlements.ts';

const DAILY_TWICE = {
  eventId: 'evt_1',
  claimsPerPeriod: 2,
  claimsTotal: null,
  exclusiveGroup: null,
};

const periodKeys = fc
  .record({
    kind: fc.constantFrom(...PERIOD_KINDS),
    resetDay: fc.constantFrom(...WEEKDAYS),
    at: fc.constantFrom('2026-01-01T00:00:00Z', '2026-11-01T00:00:00Z', '2026-12-31T12:00:00Z'),
  })
  .map(({ kind, resetDay, at }) =>
    periodKey({ kind, timeZone: 'UTC', resetHour: 0, resetMinute: 0, resetDay }, new Date(at)),
  );

/** Groups may be called what events and periods are called. */
const groups = fc.constantFrom('evt_a', 'evt_b', 'once', 'total', 'group', '0', '2026-11');

const claims = fc.record({
  limits: fc.record({
    eventId: fc.constantFrom('evt_a', 'evt_b'),
    claimsPerPeriod: fc.integer({ min: 1, max: 12 }),
    claimsTotal: fc.option(fc.integer({ min: 1, max: 12 })),
    exclusiveGroup: fc.option(groups),
  }),
  key: periodKeys,
});
type DrawnClaim = typeof claims extends fc.Arbitrary<infer T> ? T : never;

/** What the rights of a claim are to, in their order. */
function rightsOf({ limits, key }: DrawnClaim): string[] {
  const { eventId, claimsTotal, exclusiveGroup } = limits;
  return [
    JSON.stringify({ eventId, key }),
    ...(claimsTotal === null ? [] : [JSON.stringify({ eventId })]),
    ...(exclusiveGroup === null ? [] : [JSON.stringify({ exclusiveGroup })]),
  ];
}

describe('the entitlements that a claim needs', () => {
  it('are one of the slots of its period', () => {
    assert.deepEqual(wantedEntitlements(DAILY_TWICE, '2026-11-22'), [
      ['evt_1/2026-11-22/0', 'evt_1/2026-11-22/1'],
    ]);
  });

  it('are one of the total and the one of the group as well, where the event says so', () => {
    const limits = { ...DAILY_TWICE, claimsTotal: 3, exclusiveGroup: 'winter' };
    assert.deepEqual(wantedEntitlements(limits, '2026-W47'), [
      ['evt_1/2026-W47/0', 'evt_1/2026-W47/1'],
      ['evt_1/total/0', 'evt_1/total/1', 'evt_1/total/2'],
      ['group/winter'],
    ]);
  });

  it('are those of the period for a claim from before there were such limits', () => {
    const limits = { eventId: 'evt_1', claimsPerPeriod: 1 };
    assert.deepEqual(wantedEntitlements(limits, 'once'), [['evt_1/once/0']]);
  });

  it('share a name with those of another claim only where they are to the same', () => {
    fc.assert(
      fc.property(claims, claims, (one, other) => {
        const [mine, theirs] = [one, other].map((claim) =>
          wantedEntitlements(claim.limits, claim.key).map((names, i) => {
            return { names, right: rightsOf(claim)[i] };
          }),
        );
        for (const a of mine ?? []) {
          for (const b of theirs ?? []) {
            const isShared = a.names.some((name) => b.names.includes(name));
            assert.equal(isShared, a.right === b.right, `${a.names} and ${b.names}`);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the slots that a claim takes', () => {
  const WANTED = [['a/0', 'a/1'], ['b/0', 'b/1', 'b/2'], ['c']];

  it('are the first of each right that are not taken', () => {
    assert.deepEqual(chooseEntitlements(WANTED, new Set()), ['a/0', 'b/0', 'c']);
    const taken = new Set(['a/0', 'b/1', 'other']);
    assert.deepEqual(chooseEntitlements(WANTED, taken), ['a/1', 'b/0', 'c']);
  });

  it('are those that others gave back, also before a slot that is taken', () => {
    assert.deepEqual(chooseEntitlements(WANTED, new Set(['a/1', 'b/0'])), ['a/0', 'b/1', 'c']);
  });

  it('are none at all where one right is used up, whichever it is', () => {
    for (const right of WANTED) {
      assert.equal(chooseEntitlements(WANTED, new Set(right)), null, right.join());
    }
  });
});
