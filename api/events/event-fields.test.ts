/**
 * Every field of an event has an effect. For each field there are two values. What a player or a
 * claim sees must differ between them, whether the event was created with a value or changed to it.
 * A field that is not in the table fails the test, and so does one that nothing reads.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Claim } from '../../store/claims/claim-record.ts';
import { uniqueName } from '../../test/servers.ts';
import { type Answer, type Fields, type TestApp, testApp } from '../test-app.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
/** Noon of a recent Wednesday, UTC (the epoch began on a Thursday): its player events are kept. */
const NOON_MS = Math.floor(Date.now() / WEEK_MS) * WEEK_MS - DAY_MS / 2;
const hours = (n: number): string => new Date(NOON_MS + n * HOUR_MS).toISOString();

const CAPE = { rewardId: 'cape', kind: 'ITEM', name: 'Frost cape', quantity: 1, stock: 10 };
const HAT = { ...CAPE, rewardId: 'hat' };

const BASE = {
  title: 'Snow festival',
  startsAt: hours(-12),
  endsAt: hours(12),
  period: { kind: 'DAILY', timeZone: 'UTC', resetHour: 0 },
  rewards: [CAPE],
  status: 'ACTIVE',
};

const KILLS = { metric: 'boss.killed', atLeast: 1 };

let t: TestApp;
let now = new Date(NOON_MS + 11.5 * HOUR_MS);
let operator: string;
let player: string;
before(async () => {
  t = await testApp(
    {
      now: () => now,
      providerSecrets: new Map([['game', 'whsec_']]),
      // No runs: all that is looked at stands on the record.
      starter: { start: async () => {} },
    },
    // Tokens go by the real clock, whatever the time of the event is.
    { now: () => new Date() },
  );
  operator = (await t.signIn('OPERATOR')).accessToken;
  const { id: userId, accessToken } = await t.signIn();
  player = accessToken;
  const token = (await t.signIn('GAME_SERVER')).accessToken;
  const events = [-11, 11].map((hour) => {
    return { id: uniqueName('act'), userId, metric: KILLS.metric, at: hours(hour) };
  });
  const { body } = await t.call('POST', '/api/activity-events', { token, body: { events } });
  assert.equal(body.accepted, 2);
});
after(() => t.close());

/** What the player sees of an event, or what is recorded of a claim made now. */
type Look = (eventId: string) => Promise<unknown>;

async function read(eventId: string): Promise<Answer<Fields>> {
  return await t.call('GET', `/api/events/${eventId}`, { token: player });
}

async function claim(eventId: string, token = player): Promise<Answer<Fields>> {
  const headers = { 'idempotency-key': uniqueName('key') };
  const path = `/api/event-claims/${eventId}/claim`;
  return await t.call('POST', path, { token, body: {}, headers });
}

/** What a new player is answered, claim by claim. */
async function answersToNewcomer(...claims: { eventId: string; hour: number }[]) {
  const { accessToken } = await t.signIn();
  const answers: string[] = [];
  for (const { eventId, hour } of claims) {
    now = new Date(NOON_MS + hour * HOUR_MS);
    const { status, body } = await claim(eventId, accessToken);
    answers.push(status === 202 ? 'taken' : `${status} ${body.code}`);
  }
  return answers;
}

/** What the claim made now is judged by. */
async function recorded(eventId: string): Promise<Claim> {
  const { body } = await claim(eventId);
  const record = await t.store.claims.get(String(body.claimId));
  assert.ok(record, JSON.stringify(body));
  return record;
}

async function eligibility(eventId: string) {
  type Eligibility = { condition: { have: number }; rewards: unknown };
  const path = `/api/events/${eventId}/eligibility`;
  return (await t.call<Eligibility>('GET', path, { token: player })).body;
}

/** Looks at something at that hour, counted from noon. */
const at =
  (hour: number, look: Look): Look =>
  (eventId) => {
    now = new Date(NOON_MS + hour * HOUR_MS);
    return look(eventId);
  };

const shown =
  (field: string): Look =>
  async (eventId) =>
    (await read(eventId)).body[field];
const isShown: Look = async (eventId) => (await read(eventId)).status;
/** Null if the claim is accepted; else its refusal, which may be before the record or on it. */
const isTaken: Look = async (eventId) => {
  const { body } = await claim(eventId);
  return body.code ?? body.reason;
};
const isTakenTwice: Look = async (eventId) => [await isTaken(eventId), await isTaken(eventId)];
/** A claim on each of two days. */
const ofTwoDays = async (eventId: string) =>
  await answersToNewcomer({ eventId, hour: -1 }, { eventId, hour: 0 });
/** A claim of another event of the group `winter`, then one of this event. */
const afterWinter = async (eventId: string) => {
  const winter = await make({ ...BASE, exclusiveGroup: 'winter' });
  return await answersToNewcomer({ eventId: winter, hour: 0 }, { eventId, hour: 0 });
};
const periodKey: Look = async (eventId) => (await recorded(eventId)).periodKey;
const lines: Look = async (eventId) =>
  (await recorded(eventId)).lines.map(({ lineId, kind, name, quantity }) => {
    return { lineId, kind, name, quantity };
  });
const left: Look = async (eventId) => (await eligibility(eventId)).rewards;
/** What a leaf counts of two kills: eleven hours before noon, and eleven after it. */
const counted: Look = async (eventId) => (await eligibility(eventId)).condition.have;

const period = (given: Fields) => ({ period: { ...BASE.period, ...given } });
/** Its days begin at noon. */
const FROM_NOON = period({ resetHour: 12 });
const weekly = (given: Fields) => period({ kind: 'WEEKLY', ...given });
const reward = (given: Fields) => ({ rewards: [{ ...CAPE, ...given }] });

/** A field, two events that differ only in it, and what is looked at. */
const FIELDS: [string, Fields, Fields, Look][] = [
  ['title', { title: 'Snow' }, { title: 'Ice' }, shown('title')],
  ['description', { description: 'It snows.' }, { description: '' }, shown('description')],
  ['startsAt', { startsAt: hours(-1) }, { startsAt: hours(1) }, at(0, isTaken)],
  [
    'startsAt',
    { startsAt: hours(-12), condition: KILLS },
    { startsAt: hours(-10), condition: KILLS },
    at(11.5, counted),
  ],
  ['endsAt', { endsAt: hours(1) }, { endsAt: hours(2) }, at(1.5, isTaken)],
  [
    'endsAt',
    { endsAt: hours(10), claimUntil: hours(20), condition: KILLS },
    { endsAt: hours(12), claimUntil: hours(20), condition: KILLS },
    at(15, counted),
  ],
  [
    'endsAt',
    { endsAt: hours(11), claimUntil: hours(20) },
    { endsAt: hours(13), claimUntil: hours(20) },
    at(15, periodKey),
  ],
  ['claimUntil', { claimUntil: hours(20) }, { claimUntil: null }, at(15, isTaken)],
  ['listedFrom', { listedFrom: hours(1) }, { listedFrom: null }, at(0, isShown)],
  ['listedFrom', { listedFrom: hours(1) }, { listedFrom: null }, at(0, isTaken)],
  ['period.kind', period({ kind: 'DAILY' }), period({ kind: 'MONTHLY' }), at(0, periodKey)],
  ['period.timeZone', period({}), period({ timeZone: 'Pacific/Kiritimati' }), at(0, periodKey)],
  ['period.resetHour', period({}), period({ resetHour: 13 }), at(0, periodKey)],
  [
    'period.resetMinute',
    period({ resetHour: 12 }),
    period({ resetHour: 12, resetMinute: 30 }),
    at(0, periodKey),
  ],
  [
    'period.resetDay',
    weekly({ resetDay: 'WEDNESDAY' }),
    weekly({ resetDay: 'THURSDAY' }),
    at(0, periodKey),
  ],
  ['claimsPerPeriod', { claimsPerPeriod: 1 }, { claimsPerPeriod: 2 }, at(0, isTakenTwice)],
  ['claimsTotal', { ...FROM_NOON, claimsTotal: null }, { ...FROM_NOON, claimsTotal: 1 }, ofTwoDays],
  ['exclusiveGroup', { exclusiveGroup: null }, { exclusiveGroup: 'winter' }, afterWinter],
  [
    'condition',
    { condition: KILLS },
    { condition: { ...KILLS, metric: 'boss.fled' } },
    at(11.5, counted),
  ],
  [
    'rewardSelection',
    { rewardSelection: 'ALL' },
    { rewardSelection: 'PLAYER_CHOICE' },
    at(0, isTaken),
  ],
  ['rewards', { rewards: [CAPE] }, { rewards: [CAPE, HAT] }, at(0, lines)],
  ['rewards.rewardId', reward({}), reward({ rewardId: 'hat' }), at(0, lines)],
  ['rewards.kind', reward({}), reward({ kind: 'COUPON' }), at(0, lines)],
  ['rewards.name', reward({}), reward({ name: 'Ice cape' }), at(0, lines)],
  ['rewards.quantity', reward({}), reward({ quantity: 2 }), at(0, lines)],
  ['rewards.stock', reward({}), reward({ stock: 0 }), at(0, isTaken)],
  ['rewards.stock', reward({}), reward({ stock: null }), at(0, left)],
  [
    'fulfillment.provider',
    { fulfillment: { provider: 'mailbox' } },
    { fulfillment: { provider: 'game' } },
    at(0, async (eventId) => (await recorded(eventId)).snapshot.provider),
  ],
  ...(['action', 'hours'] as const).map((field): [string, Fields, Fields, Look] => [
    `parkedAfter.${field}`,
    { parkedAfter: { action: 'RETRY', hours: 1 } },
    { parkedAfter: { action: 'RETRY', hours: 1, [field]: field === 'hours' ? 2 : 'ABORT' } },
    at(0, async (eventId) => (await recorded(eventId)).snapshot.parkedAfter),
  ]),
  ['status', { status: 'DRAFT' }, { status: 'ACTIVE' }, at(0, isTaken)],
];

interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  items?: Schema;
}

/** The fields of a body, nested ones included: `period.kind`, `rewards.stock`. */
function fieldsOf({ properties = {} }: Schema, before = ''): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const inside = fieldsOf(schema.items ?? schema, `${before}${name}.`);
    return inside.length > 0 ? inside : [before + name];
  });
}

async function make(body: Fields): Promise<string> {
  const made = await t.call('POST', '/api/events', { token: operator, body });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return String(made.body.eventId);
}

describe('a field of an event', () => {
  it('is in the table, whether it may be sent, changed or both', async () => {
    const { body } = await t.call<{ components: { schemas: Record<string, Schema> } }>(
      'GET',
      '/openapi.json',
    );
    const known = new Set(FIELDS.map(([field]) => field));
    for (const name of ['NewEvent', 'EventPatch']) {
      const declared = fieldsOf(body.components.schemas[name] ?? {});
      assert.ok(declared.length > 20, declared.join());
      for (const field of declared) assert.ok(known.has(field), `${name}: nothing shows ${field}`);
    }
  });

  for (const [field, one, other, look] of FIELDS) {
    it(`does something: ${field} as ${JSON.stringify(other)}`, async () => {
      const before = await look(await make({ ...BASE, ...one }));
      const after = await look(await make({ ...BASE, ...other }));
      assert.notDeepEqual(before, after);

      const changed = await make({ ...BASE, ...one });
      const path = `/api/events/${changed}`;
      const patch = await t.call('PATCH', path, { token: operator, body: other });
      assert.equal(patch.status, 200, JSON.stringify(patch.body));
      assert.deepEqual(await look(changed), after, 'the same where the event is changed to it');
    });
  }
});

describe('a limit on what a player is granted', () => {
  it('is claimsTotal over all periods', async () => {
    const claims = async (claimsTotal: number | null) =>
      await ofTwoDays(await make({ ...BASE, ...FROM_NOON, claimsTotal }));
    assert.deepEqual(await claims(null), ['taken', 'taken']);
    assert.deepEqual(await claims(2), ['taken', 'taken']);
    assert.deepEqual(await claims(1), ['taken', '409 already_claimed']);
  });

  it('is exclusiveGroup over all events that name it', async () => {
    const claims = async (exclusiveGroup: string | null) =>
      await afterWinter(await make({ ...BASE, exclusiveGroup }));
    assert.deepEqual(await claims(null), ['taken', 'taken']);
    assert.deepEqual(await claims('summer'), ['taken', 'taken']);
    assert.deepEqual(await claims('winter'), ['taken', '409 already_claimed']);
  });
});
