/** Conditions over the whole stack: who is let in, what the others are told, and whom S2 waits for. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Condition } from '../domain/conditions/condition.ts';
import type { EventFields } from '../domain/events/event.ts';
import { type Period, periodKey } from '../domain/events/period.ts';
import { type Claim, claimIdOf } from '../store/claims/claim-record.ts';
import {
  CAPE,
  DAILY_IN_SEOUL,
  ended,
  event,
  hasEntitlement,
  parked,
  recordOf,
  runClosed,
  workflowOf,
} from './helpers.ts';
import { connectionBroke, createInterposer } from './interpose.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { decide, GRANTED, GRANTED_STEPS, leaves, outcomeOf, told } from './outcomes.ts';
import { uniqueName } from './servers.ts';

const interposer = createInterposer();
let laurel: Laurel;
before(async () => {
  laurel = await startLaurel({ activities: interposer.around });
});
after(async () => {
  interposer.openAll();
  await laurel.stop();
});

const MINUTE_MS = 60_000;
const LONG_AGO = new Date('2020-01-01T00:00:00Z');
const LATER = new Date('2100-01-01T00:00:00Z');

interface Done {
  metric: string;
  key?: string;
  value?: number;
  /** Minutes before now; negative for what is done, and reported, only then. */
  minutesAgo?: number;
}

/** The game's servers report what a player did. */
async function did(userId: string, ...all: Done[]): Promise<void> {
  const nowMs = Date.now();
  const events = all.map(({ minutesAgo = 1, ...activity }) => {
    const at = new Date(nowMs - minutesAgo * MINUTE_MS).toISOString();
    return { id: uniqueName('act'), userId, ...activity, at };
  });
  const arrivedMs = Math.max(nowMs, ...events.map(({ at }) => Date.parse(at)));
  const { accepted } = await laurel.store.progress.ingest(events, new Date(arrivedMs));
  assert.equal(accepted, all.length);
}

const withCondition = (condition: Condition, given: Partial<EventFields> = {}) =>
  event(laurel, { condition, startsAt: LONG_AGO, ...given });

interface Answer {
  eligible: boolean | null;
  reasons: string[];
  condition: unknown;
  window: object;
  period: { key: string; startsAt: string | null; endsAt: string | null };
  rewards: object[];
}

async function eligibility(eventId: string, token: string): Promise<Answer> {
  const path = `/api/events/${eventId}/eligibility`;
  const answer = await laurel.call<Answer>('GET', path, { token });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

const endOf = ({ state, reason }: { state: string; reason: string | null }) =>
  reason === null ? state : `${state} / ${reason}`;

const QUEST = { metric: 'quest.completed', key: 'snow-1', atLeast: 3 };

describe('a claim of an event with a condition', { concurrency: true }, () => {
  const SNOW: Condition = {
    all: [
      { ...QUEST, window: 'PERIOD' },
      {
        any: [
          { metric: 'level', atLeast: 30 },
          { metric: 'login.streak', atLeast: 7 },
        ],
      },
    ],
  };
  const quest = (key: string): Done => ({ metric: 'quest.completed', key });
  const THREE = [quest('snow-1'), quest('snow-1'), quest('snow-1')];

  const CASES: { name: string; condition: Condition; done: Done[]; met: boolean }[] = [
    {
      name: 'three quests and a level',
      condition: SNOW,
      done: [...THREE, { metric: 'level', value: 30 }],
      met: true,
    },
    {
      name: 'three quests at too low a level',
      condition: SNOW,
      done: [...THREE, { metric: 'level', value: 29 }],
      met: false,
    },
    {
      name: 'a level without the quests',
      condition: SNOW,
      done: [quest('snow-1'), { metric: 'level', value: 30 }],
      met: false,
    },
    {
      name: 'three quests of another key',
      condition: QUEST,
      done: [quest('snow-2'), quest('snow-1'), quest('snow-1')],
      met: false,
    },
    {
      name: 'a counter by amount',
      condition: { metric: 'boss.damage', atLeast: 100 },
      done: [
        { metric: 'boss.damage', value: 60 },
        { metric: 'boss.damage', value: 40 },
      ],
      met: true,
    },
    {
      name: 'what was done after the claim was accepted',
      condition: { metric: 'login', atLeast: 1 },
      done: [{ metric: 'login', minutesAgo: -4 }],
      met: false,
    },
    {
      name: 'nothing done, where nothing may be',
      condition: { metric: 'cheating', atMost: 0 },
      done: [],
      met: true,
    },
    {
      name: 'the highest level, though a lower one came later',
      condition: { metric: 'level', atLeast: 30 },
      done: [
        { metric: 'level', value: 31, minutesAgo: 9 },
        { metric: 'level', value: 5 },
      ],
      met: true,
    },
    {
      name: 'the latest rank, though a higher one was reached',
      condition: { metric: 'rank', atLeast: 30 },
      done: [
        { metric: 'rank', value: 31, minutesAgo: 9 },
        { metric: 'rank', value: 5 },
      ],
      met: false,
    },
    {
      name: 'a streak of one day',
      condition: { metric: 'login.streak', atLeast: 1 },
      done: [{ metric: 'login', minutesAgo: 0 }],
      met: true,
    },
    {
      name: 'an account of today',
      condition: { metric: 'account.ageDays', atLeast: 1 },
      done: [],
      met: false,
    },
    {
      name: 'an account of any age',
      condition: { metric: 'account.ageDays', atLeast: 0 },
      done: [],
      met: true,
    },
    {
      name: 'any time of the day',
      condition: { metric: 'time.between', key: '00:00-24:00', equals: 1 },
      done: [],
      met: true,
    },
    {
      name: 'no time of the day',
      condition: { not: { metric: 'time.between', key: '00:00-24:00', equals: 1 } },
      done: [],
      met: false,
    },
    {
      name: 'a level never reported',
      condition: { metric: 'level', atMost: 30 },
      done: [],
      met: false,
    },
    {
      name: 'not a level never reported',
      condition: { not: { metric: 'level', atMost: 30 } },
      done: [],
      met: true,
    },
  ];
  for (const { name, condition, done, met } of CASES) {
    it(`${met ? 'is granted' : 'is refused'}: ${name}`, async () => {
      const { eventId } = await withCondition(condition);
      const { id, token } = await laurel.signIn();
      await did(id, ...done);
      const answer = await eligibility(eventId, token);
      assert.equal(answer.eligible, met, JSON.stringify(answer));
      const { status, body } = await laurel.claim(eventId, token, { waitS: 30 });
      assert.equal(status, 200, 'it is never refused early');
      assert.equal(endOf(body), met ? 'GRANTED' : 'REJECTED / CONDITION_NOT_MET');
    });
  }

  it('counts what the event is about: since its start, in its period, or ever', async () => {
    const { id, token } = await laurel.signIn();
    await did(id, { metric: 'boss.killed', minutesAgo: 3 * 1440 });
    const period = DAILY_IN_SEOUL;
    const startsAt = new Date(Date.now() - MINUTE_MS);
    const leaf = { metric: 'boss.killed', atLeast: 1 };
    const eligible = async (window: 'EVENT' | 'PERIOD' | 'ALL_TIME', given: Partial<EventFields>) =>
      (await eligibility((await withCondition({ ...leaf, window }, given)).eventId, token))
        .eligible;
    assert.equal(await eligible('EVENT', { startsAt }), false);
    assert.equal(await eligible('EVENT', {}), true);
    assert.equal(await eligible('PERIOD', { period }), false);
    assert.equal(await eligible('PERIOD', {}), true, 'the one period of ONCE is the event');
    assert.equal(await eligible('ALL_TIME', { startsAt }), true);
  });

  it('counts in the grace what was done before the end, for the last period played', async () => {
    const period: Period = {
      kind: 'DAILY',
      timeZone: 'Asia/Seoul',
      resetHour: 5,
      resetMinute: 0,
      resetDay: 'MONDAY',
    };
    // It ended a day and more ago: today is another period, and would be a claim more.
    const endsAt = new Date(Date.now() - 30 * 60 * MINUTE_MS);
    const { eventId } = await withCondition(QUEST, { period, endsAt, claimUntil: LATER });
    const { id, token } = await laurel.signIn();
    await did(id, ...[31 * 60, 32 * 60].map((minutesAgo) => ({ ...quest('snow-1'), minutesAgo })));
    await did(id, ...THREE);
    assert.deepEqual((await eligibility(eventId, token)).reasons, ['CONDITION_NOT_MET']);
    const early = await laurel.claim(eventId, token, { waitS: 30 });
    assert.equal(endOf(early.body), 'REJECTED / CONDITION_NOT_MET');
    assert.deepEqual(early.body.explanation?.condition, { ...QUEST, have: 2, need: 3, met: false });
    assert.equal(early.body.explanation?.period.endsAt, null, 'no other period follows');

    await did(id, { ...quest('snow-1'), minutesAgo: 31 * 60 });
    assert.equal((await eligibility(eventId, token)).eligible, true);
    const { body } = await laurel.claim(eventId, token, { waitS: 30 });
    assert.equal(endOf(body), 'GRANTED');
    assert.equal(body.periodKey, periodKey(period, new Date(endsAt.getTime() - 1)));
    assert.deepEqual((await eligibility(eventId, token)).reasons, ['ALREADY_CLAIMED']);
    const again = await laurel.claim(eventId, token);
    assert.equal(again.status, 409);
  });

  it('is let in by a grant of another event, and not by a claim of it that was refused', async () => {
    const first = await withCondition(QUEST);
    const second = await withCondition({ metric: 'event.granted', key: first.eventId, atLeast: 1 });
    const { id, token } = await laurel.signIn();
    const claim = async (eventId: string) =>
      endOf((await laurel.claim(eventId, token, { waitS: 30 })).body);
    assert.equal(await claim(first.eventId), 'REJECTED / CONDITION_NOT_MET');
    assert.equal(await claim(second.eventId), 'REJECTED / CONDITION_NOT_MET');
    await did(id, ...THREE);
    assert.equal(await claim(first.eventId), 'GRANTED');
    assert.equal(await claim(second.eventId), 'GRANTED');
  });

  it('that is refused keeps nothing, tells why, and may be made again', async () => {
    const period = DAILY_IN_SEOUL;
    const condition = { all: [QUEST, { not: { metric: 'level', atLeast: 200 } }] };
    const { eventId, startsAt, endsAt: playedUntil } = await withCondition(condition, { period });
    const { id, token } = await laurel.signIn();
    await did(id, quest('snow-1'), { metric: 'level', value: 12 });

    const { body } = await laurel.claim(eventId, token, { waitS: 30 });
    assert.deepEqual(await outcomeOf(laurel, body.claimId), {
      end: 'REJECTED / CONDITION_NOT_MET',
      steps: ['S0_ACCEPT OK', 'S1_VALIDATE OK', 'S2_CONDITIONS REFUSED'],
      lines: { cape: 'CANCELLED' },
      given: { cape: 'NEVER_SEEN' },
      isEntitled: false,
      books: { cape: '10 = 10 + 0 + 0' },
    });
    assert.deepEqual(body.explanation?.condition, {
      all: [
        { ...QUEST, have: 1, need: 3, met: false },
        { not: { metric: 'level', atLeast: 200, have: 12, need: 200, met: false }, met: true },
      ],
      met: false,
    });
    assert.equal(body.explanation?.judgedFor, body.acceptedAt);
    const { window, rewards } = body.explanation;
    assert.deepEqual(window, {
      startsAt: startsAt.toISOString(),
      endsAt: playedUntil.toISOString(),
      claimableUntil: playedUntil.toISOString(),
    });
    assert.deepEqual(rewards, [{ rewardId: 'cape', available: 10 }]);
    const { key, startsAt: from, endsAt } = body.explanation.period;
    assert.equal(key, body.periodKey);
    assert.ok(from && endsAt && from <= body.acceptedAt && body.acceptedAt < endsAt);

    await did(id, quest('snow-1'), quest('snow-1'));
    const again = await laurel.claim(eventId, token, { waitS: 30 });
    assert.equal(again.body.state, 'GRANTED');
    assert.equal(again.body.explanation, undefined);
    const story = told(await recordOf(laurel, again.body.claimId));
    assert.deepEqual(
      story,
      GRANTED_STEPS.map((step) => step.replace('SKIPPED', 'OK')),
    );
  });

  it('is judged once: a no that was written stays, though its answer was lost', async () => {
    const { eventId } = await withCondition(QUEST);
    const { id, token } = await laurel.signIn();
    const key = uniqueName('key');
    const claimId = claimIdOf(id, key);
    interposer.next('claims.refuse', claimId, async (proceed) => {
      await proceed();
      // Reported late, of a time before the claim.
      await did(id, ...THREE);
      throw connectionBroke();
    });
    const { body } = await laurel.claim(eventId, token, { key, waitS: 30 });
    assert.ok(!interposer.isPlanned('claims.refuse', claimId));
    assert.equal(endOf(body), 'REJECTED / CONDITION_NOT_MET');
    assert.deepEqual(body.explanation?.condition, { ...QUEST, have: 0, need: 3, met: false });
    assert.equal((await laurel.claim(eventId, token, { waitS: 30 })).body.state, 'GRANTED');
  });

  it('is judged by the condition it was accepted with', async () => {
    const { eventId } = await withCondition(QUEST);
    const { token } = await laurel.signIn();
    const { body } = await laurel.claim(eventId, token, { waitS: 30 });
    const { snapshot } = await recordOf(laurel, body.claimId);
    assert.deepEqual(snapshot.condition?.tree, QUEST);
  });
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
    const { eventId } = await withCondition(GUILD);
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
    const { end, books } = await outcomeOf(laurel, claimId);
    assert.deepEqual([end, books], ['GRANTED', GRANTED.books]);
    const asks = asksOf(id);
    assert.deepEqual(
      asks.map((r) => [r.path, r.signed, r.answer]),
      [[`/players/${id}/metrics?names=guild.rank,power`, true, 200]],
    );
  });

  it('is refused by the game’s word, which it is told', async () => {
    const { claimId, token } = await claimOf({ power: 4_999 });
    await ended(laurel, claimId);
    const path = `/api/event-claims/${claimId}`;
    const { body } = await laurel.call<{ explanation: { condition: unknown } }>('GET', path, {
      token,
    });
    assert.deepEqual(body.explanation.condition, {
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
    const { eventId } = await withCondition(GUILD);
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
    const { end, books, steps } = await outcomeOf(laurel, claimId);
    assert.deepEqual([end, books], ['GRANTED', GRANTED.books]);
    assert.ok(steps.includes('S2_CONDITIONS OK'));
  });

  it('is parked anew where the game is still away, and aborted with nothing to revoke', async () => {
    const { claimId } = await claimOf(FITS, { do: 'fail' });
    await parked(laurel, claimId);
    await decide(laurel, claimId, 'retry');
    await parked(laurel, claimId, 2);
    await decide(laurel, claimId, 'abort');
    const { end, books, given, isEntitled } = await outcomeOf(laurel, claimId);
    assert.deepEqual([end, books, isEntitled], ['FAILED / ABORTED_BY_ADMIN', UNTOUCHED, false]);
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
      const { end, books, isEntitled } = await outcomeOf(laurel, claimId);
      assert.deepEqual([end, books, isEntitled], ['FAILED / USER_NOT_ACTIVE', UNTOUCHED, false]);
    }
  });

  it('is undone where its run is cancelled in the Web UI', async () => {
    const { claimId } = await claimOf(FITS, { do: 'fail' });
    await parked(laurel, claimId);
    const claim = await recordOf(laurel, claimId);
    await workflowOf(laurel, claim).cancel();
    const { end, books } = await outcomeOf(laurel, claimId);
    assert.deepEqual([end, books], ['FAILED / ABORTED_BY_ADMIN', UNTOUCHED]);
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
    const { eventId, endsAt } = await withCondition(QUEST, { period, startsAt });
    const { token } = await laurel.signIn();
    const { period: shown, ...answer } = await eligibility(eventId, token);
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
    const before = await eligibility(eventId, token);
    assert.deepEqual(
      [before.eligible, before.reasons, before.condition, before.period],
      [true, [], null, { key: 'once', startsAt: null, endsAt: null }],
    );
    await laurel.claim(eventId, token, { waitS: 30 });
    const reasons = ['ALREADY_CLAIMED', 'SOLD_OUT'];
    assert.deepEqual((await eligibility(eventId, token)).reasons, reasons);
  });

  it('is not known where it hangs on a game that has no answer, and known where it does not', async () => {
    const asked = { metric: 'power', atLeast: 1, source: 'game' };
    const { token, id } = await laurel.signIn();
    laurel.game.rules.add({ do: 'fail', on: ['metrics'], userId: id });
    const open = await eligibility((await withCondition({ any: [asked, QUEST] })).eventId, token);
    assert.deepEqual([open.eligible, open.reasons], [null, []]);
    assert.deepEqual(open.condition, {
      any: [
        { ...asked, have: null, need: 1, met: null },
        { ...QUEST, have: 0, need: 3, met: false },
      ],
      met: null,
    });
    const shut = await eligibility((await withCondition({ all: [asked, QUEST] })).eventId, token);
    assert.deepEqual([shut.eligible, shut.reasons], [false, ['CONDITION_NOT_MET']]);
  });

  it('is for players, of events that they can see', async () => {
    const { eventId } = await withCondition(QUEST);
    const { token: staff } = await laurel.signIn('OPERATOR');
    const path = `/api/events/${eventId}/eligibility`;
    assert.equal((await laurel.call('GET', path)).status, 401);
    assert.equal((await laurel.call('GET', path, { token: staff })).status, 403);
    const { token } = await laurel.signIn();
    const none = await laurel.call('GET', '/api/events/evt_none/eligibility', { token });
    assert.equal(none.status, 404);
  });
});
