/** Conditions that our own records answer: who is let in, and what the others are told. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Condition } from '../../domain/conditions/condition.ts';
import type { EventFields } from '../../domain/events/event.ts';
import { type Period, periodKey } from '../../domain/events/period.ts';
import { claimIdOf } from '../../store/claims/claim-record.ts';
import { type Done, did, eligibility, QUEST, withCondition } from '../condition-claims.ts';
import { DAILY_IN_SEOUL, endOf, recordOf } from '../helpers.ts';
import { connectionBroke, createInterposer } from '../interpose.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { GRANTED_STEPS, outcomeOf, stepsOf } from '../outcomes.ts';
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

const MINUTE_MS = 60_000;
const LATER = new Date('2100-01-01T00:00:00Z');

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
      const { eventId } = await withCondition(laurel, condition);
      const { id, token } = await laurel.signIn();
      await did(laurel, id, ...done);
      const answer = await eligibility(laurel, eventId, token);
      assert.equal(answer.eligible, met, JSON.stringify(answer));
      const { status, body } = await laurel.claim(eventId, token, { waitS: 30 });
      assert.equal(status, 200, 'it is never refused early');
      assert.equal(endOf(body), met ? 'GRANTED' : 'REJECTED / CONDITION_NOT_MET');
    });
  }

  it('counts what the event is about: since its start, in its period, or ever', async () => {
    const { id, token } = await laurel.signIn();
    await did(laurel, id, { metric: 'boss.killed', minutesAgo: 3 * 1440 });
    const period = DAILY_IN_SEOUL;
    const startsAt = new Date(Date.now() - MINUTE_MS);
    const leaf = { metric: 'boss.killed', atLeast: 1 };
    const eligible = async (window: 'EVENT' | 'PERIOD' | 'ALL_TIME', given: Partial<EventFields>) =>
      (
        await eligibility(
          laurel,
          (
            await withCondition(laurel, { ...leaf, window }, given)
          ).eventId,
          token,
        )
      ).eligible;
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
    const { eventId } = await withCondition(laurel, QUEST, { period, endsAt, claimUntil: LATER });
    const { id, token } = await laurel.signIn();
    await did(
      laurel,
      id,
      ...[31 * 60, 32 * 60].map((minutesAgo) => ({ ...quest('snow-1'), minutesAgo })),
    );
    await did(laurel, id, ...THREE);
    assert.deepEqual((await eligibility(laurel, eventId, token)).reasons, ['CONDITION_NOT_MET']);
    const early = await laurel.claim(eventId, token, { waitS: 30 });
    assert.equal(endOf(early.body), 'REJECTED / CONDITION_NOT_MET');
    assert.deepEqual(early.body.explanation?.condition, { ...QUEST, have: 2, need: 3, met: false });
    assert.equal(early.body.explanation?.period.endsAt, null, 'no other period follows');

    await did(laurel, id, { ...quest('snow-1'), minutesAgo: 31 * 60 });
    assert.equal((await eligibility(laurel, eventId, token)).eligible, true);
    const { body } = await laurel.claim(eventId, token, { waitS: 30 });
    assert.equal(endOf(body), 'GRANTED');
    assert.equal(body.periodKey, periodKey(period, new Date(endsAt.getTime() - 1)));
    assert.deepEqual((await eligibility(laurel, eventId, token)).reasons, ['ALREADY_CLAIMED']);
    const again = await laurel.claim(eventId, token);
    assert.equal(again.status, 409);
  });

  it('is let in by a grant of another event, and not by a claim of it that was refused', async () => {
    const first = await withCondition(laurel, QUEST);
    const second = await withCondition(laurel, {
      metric: 'event.granted',
      key: first.eventId,
      atLeast: 1,
    });
    const { id, token } = await laurel.signIn();
    const claim = async (eventId: string) =>
      endOf((await laurel.claim(eventId, token, { waitS: 30 })).body);
    assert.equal(await claim(first.eventId), 'REJECTED / CONDITION_NOT_MET');
    assert.equal(await claim(second.eventId), 'REJECTED / CONDITION_NOT_MET');
    await did(laurel, id, ...THREE);
    assert.equal(await claim(first.eventId), 'GRANTED');
    assert.equal(await claim(second.eventId), 'GRANTED');
  });

  it('that is refused keeps nothing, tells why, and may be made again', async () => {
    const period = DAILY_IN_SEOUL;
    const condition = { all: [QUEST, { not: { metric: 'level', atLeast: 200 } }] };
    const {
      eventId,
      startsAt,
      endsAt: playedUntil,
    } = await withCondition(laurel, condition, { period });
    const { id, token } = await laurel.signIn();
    await did(laurel, id, quest('snow-1'), { metric: 'level', value: 12 });

    const { body } = await laurel.claim(eventId, token, { waitS: 30 });
    assert.deepEqual(await outcomeOf(laurel, body.claimId), {
      end: 'REJECTED / CONDITION_NOT_MET',
      steps: ['S0_ACCEPT OK', 'S1_VALIDATE OK', 'S2_CONDITIONS REFUSED'],
      lines: { cape: 'CANCELLED' },
      given: { cape: 'NEVER_SEEN' },
      isEntitled: false,
      levels: { cape: '10 = 10 + 0 + 0' },
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

    await did(laurel, id, quest('snow-1'), quest('snow-1'));
    const again = await laurel.claim(eventId, token, { waitS: 30 });
    assert.equal(again.body.state, 'GRANTED');
    assert.equal(again.body.explanation, undefined);
    const steps = stepsOf(await recordOf(laurel, again.body.claimId));
    assert.deepEqual(
      steps,
      GRANTED_STEPS.map((step) => step.replace('SKIPPED', 'OK')),
    );
  });

  it('is judged once: a no that was written stays, though its answer was lost', async () => {
    const { eventId } = await withCondition(laurel, QUEST);
    const { id, token } = await laurel.signIn();
    const key = uniqueName('key');
    const claimId = claimIdOf(id, key);
    interposer.next('claims.refuse', claimId, async (proceed) => {
      await proceed();
      // Reported late, of a time before the claim.
      await did(laurel, id, ...THREE);
      throw connectionBroke();
    });
    const { body } = await laurel.claim(eventId, token, { key, waitS: 30 });
    assert.ok(!interposer.isPlanned('claims.refuse', claimId));
    assert.equal(endOf(body), 'REJECTED / CONDITION_NOT_MET');
    assert.deepEqual(body.explanation?.condition, { ...QUEST, have: 0, need: 3, met: false });
    assert.equal((await laurel.claim(eventId, token, { waitS: 30 })).body.state, 'GRANTED');
  });

  it('is judged by the condition it was accepted with', async () => {
    const { eventId } = await withCondition(laurel, QUEST);
    const { token } = await laurel.signIn();
    const { body } = await laurel.claim(eventId, token, { waitS: 30 });
    const { snapshot } = await recordOf(laurel, body.claimId);
    assert.deepEqual(snapshot.condition?.tree, QUEST);
  });
});
