import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { newClaim, type StoreFixture, storeFixture, unique } from '../test-store.ts';
import { type Claim, claimIdOf } from './claim-record.ts';
import { RECORDER_MS } from './claims.ts';
import {
  ADMIN,
  claimInSituation,
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
    await parkAs(t.store, parked, 1);
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
    const parked = await parkAs(t.store, claim, 2);
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
