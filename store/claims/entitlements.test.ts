/**
 * Entitlements: what a player may have once, or n times, belongs to the claim whose insert
 * succeeds.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { Line } from '../../domain/claims/claim.ts';
import { wantedEntitlements } from '../../domain/claims/entitlements.ts';
import { DomainError } from '../../domain/errors.ts';
import { newClaim, type StoreFixture, storeFixture, unique } from '../test-store.ts';
import type { Claim, NewClaim } from './claim-record.ts';

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
});
after(() => t.close());

interface Limits {
  claimsPerPeriod: number;
  claimsTotal?: number | null;
  exclusiveGroup?: string | null;
}

const PERIOD = '2026-11-22';

/** Asks for a claim of an event with these limits; by a new player unless one is given. */
function asking(limits: Limits, given: Partial<NewClaim> = {}): NewClaim {
  const { eventId = unique('evt'), periodKey = PERIOD } = given;
  const rights = wantedEntitlements({ eventId, ...limits }, periodKey);
  return newClaim({ eventId, periodKey, rights, ...given });
}

/** The claim; null where the player has had everything already. */
async function accepted(claim: NewClaim): Promise<Claim | null> {
  try {
    return (await t.store.claims.accept(claim)).claim;
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'already_claimed') throw error;
    // Another request with the same key may have it: the API reads that key once more, too.
    return await t.store.claims.findByKey(claim.userId, claim.idempotencyKey);
  }
}

async function refused(claim: NewClaim): Promise<void> {
  await assert.rejects(t.store.claims.accept(claim), { code: 'already_claimed' });
}

async function recorded(claim: NewClaim): Promise<Claim> {
  const { claim: record, created } = await t.store.claims.accept(claim);
  assert.ok(created);
  return record;
}

const ONCE: Limits = { claimsPerPeriod: 1 };

describe('an entitlement', () => {
  it('is kept by the claim that has it where its key comes again', async () => {
    const request = asking(ONCE);
    const claim = await recorded(request);
    assert.deepEqual(claim.entitlements, [`${request.eventId}/${PERIOD}/0`]);
    const again = await t.store.claims.accept(request);
    assert.deepEqual([again.created, again.claim], [false, claim]);
    // For another period than the first request: the record stays as the first one made it.
    const other = await t.store.claims.accept({ ...request, rights: [['evt_2/once/0']] });
    assert.deepEqual(other.claim.entitlements, claim.entitlements);
  });

  it('is refused to another key of its player, and to no other player', async () => {
    const { userId, eventId } = await recorded(asking(ONCE));
    await refused(asking(ONCE, { userId, eventId }));
    await recorded(asking(ONCE, { eventId }));
    await recorded(asking(ONCE, { userId, eventId, periodKey: '2026-11-23' }));
  });

  it('is taken together with the claim’s others, or none of them is', async () => {
    const group = { claimsPerPeriod: 2, exclusiveGroup: 'winter' };
    const { userId } = await recorded(asking(group));
    const other = asking(group, { userId });
    await refused(other);
    // Nothing of the other event was taken meanwhile.
    const { eventId } = other;
    for (const slot of [0, 1]) {
      const claim = await recorded(asking({ claimsPerPeriod: 2 }, { userId, eventId }));
      assert.deepEqual(claim.entitlements, [`${eventId}/${PERIOD}/${slot}`]);
    }
  });

  it('of three slots moves on where one is taken, and takes a middle one that is free again', async () => {
    const thrice: Limits = { claimsPerPeriod: 3 };
    const { userId, eventId, entitlements } = await recorded(asking(thrice));
    const more = () => recorded(asking(thrice, { userId, eventId }));
    const second = await more();
    const third = await more();
    const slots = [entitlements, second.entitlements, third.entitlements];
    assert.deepEqual(
      slots,
      [0, 1, 2].map((slot) => [`${eventId}/${PERIOD}/${slot}`]),
    );
    await refused(asking(thrice, { userId, eventId }));
    await t.store.claims.refuse(second, { reason: 'SOLD_OUT', steps: [] });
    assert.deepEqual((await more()).entitlements, second.entitlements);
    await refused(asking(thrice, { userId, eventId }));
  });

  it('is no bar to claims that need none', async () => {
    const { userId, eventId } = await recorded(newClaim({ rights: [] }));
    await recorded(newClaim({ userId, eventId, rights: [] }));
  });
});

describe('the write that ends a claim', () => {
  const STEPS: Claim['steps'] = [];
  const withLines = (claim: Claim, state: Line['state']) =>
    claim.lines.map((line): Line => ({ ...line, state }));
  const undone = async (claim: Claim, state: Line['state']) => {
    assert.ok(await t.store.claims.takeUndoFate(claim, 'FULFILLMENT_REFUSED', STEPS));
    const end = { state: 'FAILED', reason: 'FULFILLMENT_REFUSED', steps: STEPS } as const;
    return await t.store.claims.finishUndone(claim, { ...end, lines: withLines(claim, state) });
  };
  const ends: { end: string; write: (claim: Claim) => Promise<unknown>; isFreed: boolean }[] = [
    {
      end: 'refuses it',
      write: (claim) => t.store.claims.refuse(claim, { reason: 'SOLD_OUT', steps: STEPS }),
      isFreed: true,
    },
    { end: 'has undone all of it', write: (claim) => undone(claim, 'REVOKED'), isFreed: true },
    { end: 'has cancelled all of it', write: (claim) => undone(claim, 'CANCELLED'), isFreed: true },
    {
      end: 'has undone it but for a line that stays granted',
      write: (claim) => undone(claim, 'GRANTED'),
      isFreed: false,
    },
    {
      end: 'grants it',
      write: (claim) => t.store.claims.grant(claim, withLines(claim, 'GRANTED'), STEPS),
      isFreed: false,
    },
  ];
  for (const { end, write, isFreed } of ends) {
    it(`${isFreed ? 'gives' : 'does not give'} its entitlements back where it ${end}`, async () => {
      const limits = { claimsPerPeriod: 1, claimsTotal: 1, exclusiveGroup: unique('group') };
      const claim = await recorded(asking(limits));
      assert.equal(claim.entitlements?.length, 3);
      const { userId, eventId } = claim;
      assert.ok(await write(claim));
      const { state, entitlements } = (await t.store.claims.get(claim._id, userId)) as Claim;
      assert.deepEqual([state, entitlements], [state, isFreed ? undefined : claim.entitlements]);
      const next = asking(limits, { userId, eventId });
      assert.equal(await t.store.claims.isUsedUp(userId, next.rights), !isFreed);
      if (isFreed) await recorded(next);
      else await refused(next);
    });
  }

  it('lets nobody in before it: what is being undone still has its entitlement', async () => {
    const claim = await recorded(asking(ONCE));
    const { userId, eventId } = claim;
    assert.ok(await t.store.claims.takeUndoFate(claim, 'USER_NOT_ACTIVE', STEPS));
    await refused(asking(ONCE, { userId, eventId }));
  });
});

describe('fifty claims of one player at once', () => {
  const FIFTY = 50;

  /** The recorded claims, and how many of the fifty requests got one. */
  async function fifty(claims: NewClaim[]) {
    const told = await Promise.all(claims.map(accepted));
    const { userId } = claims[0] as NewClaim;
    const records = await t.store.claims.model.find({ userId }).lean<Claim[]>();
    const ids = new Set(told.flatMap((claim) => (claim ? [claim._id] : [])));
    assert.deepEqual(new Set(records.map(({ _id }) => _id)), ids, 'told of what is not there');
    const taken = records.flatMap(({ entitlements }) => entitlements ?? []);
    assert.equal(new Set(taken).size, taken.length, 'an entitlement was given twice');
    return { records, told: told.filter((claim) => claim !== null).length };
  }

  it('grant two of an event that may be had twice in all', async () => {
    const [userId, eventId] = [unique('usr'), unique('evt')];
    const limits = { claimsPerPeriod: 1, claimsTotal: 2 };
    const claims = Array.from({ length: FIFTY }, (_, n) =>
      asking(limits, { userId, eventId, periodKey: `2026-11-${10 + (n % 10)}` }),
    );
    const { records, told } = await fifty(claims);
    assert.deepEqual([records.length, told], [2, 2]);
  });

  it('grant one of three events that share it', async () => {
    const userId = unique('usr');
    const eventIds = Array.from({ length: 3 }, () => unique('evt'));
    const limits = { claimsPerPeriod: 5, exclusiveGroup: 'winter' };
    const claims = Array.from({ length: FIFTY }, (_, n) =>
      asking(limits, { userId, eventId: eventIds[n % 3] as string }),
    );
    const { records, told } = await fifty(claims);
    assert.deepEqual([records.length, told], [1, 1]);
  });

  it('grant as many as there are slots, where these are many', async () => {
    const [userId, eventId] = [unique('usr'), unique('evt')];
    const claims = Array.from({ length: FIFTY }, () =>
      asking({ claimsPerPeriod: 40, claimsTotal: 30 }, { userId, eventId }),
    );
    const { records, told } = await fifty(claims);
    assert.deepEqual([records.length, told], [30, 30]);
  });

  it('grant exactly what each limit allows, also where keys come twice', async (context) => {
    const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
    context.diagnostic(`SEED=${seed}`);
    const limit = fc.integer({ min: 1, max: 6 });
    const limits = fc.record({
      claimsPerPeriod: limit,
      claimsTotal: fc.option(limit),
      exclusiveGroup: fc.option(fc.constant('winter')),
    });
    const exactly = { minLength: FIFTY, maxLength: FIFTY };
    const asks = fc.array(fc.record({ event: fc.nat(2), key: fc.nat(20) }), exactly);
    await fc.assert(
      fc.asyncProperty(limits, asks, async (limits, asks) => {
        const userId = unique('usr');
        const eventIds = Array.from({ length: 3 }, () => unique('evt'));
        const { records } = await fifty(
          asks.map(({ event, key }) =>
            asking(limits, {
              userId,
              eventId: eventIds[event] as string,
              idempotencyKey: `${event}-${key}`,
            }),
          ),
        );
        const { claimsPerPeriod, claimsTotal, exclusiveGroup } = limits;
        const expected = eventIds.map((_, event) => {
          const keys = new Set(asks.filter((ask) => ask.event === event).map(({ key }) => key));
          return Math.min(keys.size, claimsPerPeriod, claimsTotal ?? claimsPerPeriod);
        });
        const granted = eventIds.map((id) => records.filter((r) => r.eventId === id).length);
        if (exclusiveGroup === null) assert.deepEqual(granted, expected);
        else assert.equal(records.length, 1);
      }),
      { seed, numRuns: 15 },
    );
  });
});
