/** Conditions that a game server is asked for, and what a player is told before a claim. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Condition } from '../../domain/conditions/condition.ts';
import { type Claim, claimIdOf } from '../../store/claims/claim-record.ts';
import { eligibility, QUEST, withCondition } from '../condition-claims.ts';
import {
  CAPE,
  DAILY_IN_SEOUL,
  ended,
  endOf,
  event,
  hasEntitlement,
  parked,
  recordOf,
  runClosed,
  workflowOf,
} from '../helpers.ts';
import { connectionBroke, createInterposer } from '../interpose.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { decide, GRANTED, leaves, outcomeOf } from '../outcomes.ts';
import { uniqueName } from '../servers.ts';

const interposer = createInterposer();
let laurel: Laurel;
before(async () => {
  laurel = await startLaurel({ activities: interposer.around });
});
after(async () => {
  interposer.openAll();
  await laurel.stop();
});

describe('a claim whose condition a game server is asked for', { concurrency: true }, () => {
  const GUILD: Condition = {
    all: [
      { metric: 'guild.rank', atMost: 10, source: 'game' },
      { metric: 'power', atLeast: 5_000, source: 'game' },
      { metric: 'account.ageDays', atLeast: 0 },
    ],
  };
  const FITS = { 'guild.rank': 3, power: 9_000 };

  const asksOf = (userId: string) =>
    laurel.game.requests().filter((r) => r.path.startsWith(`/players/${userId}/metrics`));

  /** A player of whom the game tells these metrics, if it can; and their claim of a new event. */
  async function claimOf(
    metrics: Record<string, number>,
    rule?: { times?: number; status?: number; do: 'fail' | 'dropAfterGrant' },
  ) {
    const { eventId } = await withCondition(laurel, GUILD);
    const { id, token } = await laurel.signIn();
    laurel.game.setMetrics(id, metrics);
    if (rule) laurel.game.rules.add({ ...rule, on: ['metrics'], userId: id });
    const { claimId } = (await laurel.claim(eventId, token)).body;
    return { eventId, claimId, id, token };
  }
  const s2Of = ({ steps }: Pick<Claim, 'steps'>) => steps.find((s) => s.step === 'S2_CONDITIONS');
  /** Nothing was ever taken of the stock. */
  const UNTOUCHED = { cape: '10 = 10 + 0 + 0' };

  it('is granted by the game’s word, asked for once, signed', async () => {
    const { claimId, id } = await claimOf(FITS);
    const { end, levels } = await outcomeOf(laurel, claimId);
    assert.deepEqual([end, levels], ['GRANTED', GRANTED.levels]);
    const asks = asksOf(id);
    assert.deepEqual(
      asks.map((r) => [r.path, r.signed, r.answer]),
      [[`/players/${id}/metrics?names=guild.rank,power`, true, 200]],
    );
  });

  it('is refused by the game’s word, which it is told', async () => {
    const { claimId, token } = await claimOf({ power: 4_999 });
    await ended(laurel, claimId);
    const params = { path: { claimId } };
    const { data } = await laurel.as(token).GET('/api/event-claims/{claimId}', { params });
    assert.deepEqual(data?.explanation?.condition, {
      all: [
        { metric: 'guild.rank', atMost: 10, source: 'game', have: null, need: 10, met: false },
        { metric: 'power', atLeast: 5_000, source: 'game', have: 4_999, need: 5_000, met: false },
        { metric: 'account.ageDays', atLeast: 0, have: 0, need: 0, met: true },
      ],
      met: false,
    });
  });

  for (const status of [503, 429, 404, 401]) {
    it(`asks again after a ${status}, which tells nothing of the player`, async () => {
      const { claimId } = await claimOf(FITS, { do: 'fail', status, times: 2 });
      const claim = await ended(laurel, claimId);
      assert.equal(claim.state, 'GRANTED');
      assert.equal(s2Of(claim)?.attempts, 3);
    });
  }

  it('asks again where the answer was lost', async () => {
    const { claimId } = await claimOf(FITS, { do: 'dropAfterGrant', times: 1 });
    assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
  });

  it('asks anew after an outage of our own database, which uses up no attempt', async () => {
    const { eventId } = await withCondition(laurel, GUILD);
    const { id, token } = await laurel.signIn();
    const key = uniqueName('key');
    const claimId = claimIdOf(id, key);
    interposer.next('claims.explain', claimId, async () => {
      throw connectionBroke();
    });
    await laurel.claim(eventId, token, { key });
    const claim = await ended(laurel, claimId);
    assert.equal(endOf(claim), 'REJECTED / CONDITION_NOT_MET');
    assert.deepEqual([s2Of(claim)?.attempts, asksOf(id).length], [1, 2]);
  });

  it('waits for a person where the game stays away, with nothing held, and goes on from there', async () => {
    const { claimId } = await claimOf(FITS, { do: 'fail', times: 3 });
    const waiting = await parked(laurel, claimId);
    assert.deepEqual(
      [waiting.reason, waiting.parking?.step, s2Of(waiting)?.outcome, s2Of(waiting)?.attempts],
      ['FULFILLMENT_UNAVAILABLE', 'S2_CONDITIONS', 'PARKED', 3],
    );
    assert.ok(await hasEntitlement(laurel, claimId), 'its place is kept');
    await decide(laurel, claimId, 'retry');
    const { end, levels, steps } = await outcomeOf(laurel, claimId);
    assert.deepEqual([end, levels], ['GRANTED', GRANTED.levels]);
    assert.ok(steps.includes('S2_CONDITIONS OK'));
  });

  it('is parked anew where the game is still away, and aborted with nothing to revoke', async () => {
    const { claimId } = await claimOf(FITS, { do: 'fail' });
    await parked(laurel, claimId);
    await decide(laurel, claimId, 'retry');
    await parked(laurel, claimId, 2);
    await decide(laurel, claimId, 'abort');
    const { end, levels, given, isEntitled } = await outcomeOf(laurel, claimId);
    assert.deepEqual([end, levels, isEntitled], ['FAILED / ABORTED_BY_ADMIN', UNTOUCHED, false]);
    assert.deepEqual(given, { cape: 'NEVER_SEEN' });
  });

  it('stops where the player leaves while the game is asked, and while it is parked', async () => {
    const asked = await claimOf(FITS, { do: 'fail' });
    await laurel.game.waitFor(() => asksOf(asked.id).length > 0);
    await leaves(laurel, asked.id);
    const waiting = await claimOf(FITS, { do: 'fail' });
    await parked(laurel, waiting.claimId);
    await leaves(laurel, waiting.id);
    for (const { claimId } of [asked, waiting]) {
      const { end, levels, isEntitled } = await outcomeOf(laurel, claimId);
      assert.deepEqual([end, levels, isEntitled], ['FAILED / USER_NOT_ACTIVE', UNTOUCHED, false]);
    }
  });

  it('is undone where its run is cancelled in the Web UI', async () => {
    const { claimId } = await claimOf(FITS, { do: 'fail' });
    await parked(laurel, claimId);
    const claim = await recordOf(laurel, claimId);
    await workflowOf(laurel, claim).cancel();
    const { end, levels } = await outcomeOf(laurel, claimId);
    assert.deepEqual([end, levels], ['FAILED / ABORTED_BY_ADMIN', UNTOUCHED]);
    assert.equal(await runClosed(laurel, claim), 'CANCELLED');
  });

  it('is parked still after its run was terminated, and goes on in another one', async () => {
    const { claimId } = await claimOf(FITS, { do: 'fail', times: 3 });
    const claim = await parked(laurel, claimId);
    await workflowOf(laurel, claim).terminate();
    await decide(laurel, claimId, 'retry');
    assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
  });

  it('is shown where it stands while the game is asked', async () => {
    const { claimId, id } = await claimOf(FITS, { do: 'fail', times: 3 });
    await laurel.game.waitFor(() => asksOf(id).length > 0);
    const states = ['CHECKING_CONDITIONS', 'NEEDS_ATTENTION'];
    assert.ok(states.includes((await recordOf(laurel, claimId)).state));
    await parked(laurel, claimId);
    await decide(laurel, claimId, 'retry');
    await ended(laurel, claimId);
  });
});

describe('may I claim now', { concurrency: true }, () => {
  it('tells everything that is in the way, and the windows around it', async () => {
    const period = DAILY_IN_SEOUL;
    const startsAt = new Date(Date.now() + 3_600_000);
    const { eventId, endsAt } = await withCondition(laurel, QUEST, { period, startsAt });
    const { token } = await laurel.signIn();
    const { period: shown, ...answer } = await eligibility(laurel, eventId, token);
    assert.partialDeepStrictEqual(answer, {
      eventId,
      eligible: false,
      reasons: ['EVENT_NOT_OPEN', 'CONDITION_NOT_MET'],
      condition: { ...QUEST, have: 0, need: 3, met: false },
      window: {
        startsAt: startsAt.toISOString(),
        endsAt: endsAt.toISOString(),
        claimableUntil: endsAt.toISOString(),
      },
      rewards: [{ rewardId: 'cape', available: 10 }],
    });
    assert.ok(shown.startsAt && shown.endsAt && shown.startsAt < shown.endsAt);
    assert.match(shown.key, /^\d{4}-\d\d-\d\d$/);
  });

  it('of an event without a condition says what else is in the way', async () => {
    const reward = { ...CAPE, stock: 1 };
    const { eventId } = await event(laurel, { rewards: [reward] });
    const { token } = await laurel.signIn();
    const before = await eligibility(laurel, eventId, token);
    assert.deepEqual(
      [before.eligible, before.reasons, before.condition, before.period],
      [true, [], null, { key: 'once', startsAt: null, endsAt: null }],
    );
    await laurel.claim(eventId, token, { waitS: 30 });
    const reasons = ['ALREADY_CLAIMED', 'SOLD_OUT'];
    assert.deepEqual((await eligibility(laurel, eventId, token)).reasons, reasons);
  });

  it('is not known where it hangs on a game that has no answer, and known where it does not', async () => {
    const asked = { metric: 'power', atLeast: 1, source: 'game' };
    const { token, id } = await laurel.signIn();
    laurel.game.rules.add({ do: 'fail', on: ['metrics'], userId: id });
    const open = await eligibility(
      laurel,
      (await withCondition(laurel, { any: [asked, QUEST] })).eventId,
      token,
    );
    assert.deepEqual([open.eligible, open.reasons], [null, []]);
    assert.deepEqual(open.condition, {
      any: [
        { ...asked, have: null, need: 1, met: null },
        { ...QUEST, have: 0, need: 3, met: false },
      ],
      met: null,
    });
    const shut = await eligibility(
      laurel,
      (await withCondition(laurel, { all: [asked, QUEST] })).eventId,
      token,
    );
    assert.deepEqual([shut.eligible, shut.reasons], [false, ['CONDITION_NOT_MET']]);
  });

  it('is for players, of events that they can see', async () => {
    const { eventId } = await withCondition(laurel, QUEST);
    const { token: staff } = await laurel.signIn('OPERATOR');
    const asked = async (token?: string, of = eventId) => {
      const params = { path: { eventId: of } };
      return await laurel.as(token).GET('/api/events/{eventId}/eligibility', { params });
    };
    assert.equal((await asked()).response.status, 401);
    assert.equal((await asked(staff)).response.status, 400);
    const { token } = await laurel.signIn();
    assert.equal((await asked(token, 'evt_none')).response.status, 404);
  });
});
