import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Fields } from '../test-app.ts';
import {
  at,
  CAPE,
  create,
  FESTIVAL,
  operator,
  pointersOf,
  type ShownEvent,
  useEventApi,
} from './test-events.ts';

useEventApi();

/** Where, and what does not fit there; tried when creating and when changing. */
const MISFITS: [pointer: string, value: unknown][] = [
  ['/title', ''],
  ['/title', '   '],
  ['/title', 'x'.repeat(201)],
  ['/description', 'x'.repeat(5_001)],
  ['/startsAt', '2126-12-01'],
  ['/startsAt', '2126-12-01T00:00:00'],
  ['/startsAt', '2126-02-30T00:00:00Z'],
  ['/endsAt', 'tomorrow'],
  ['/endsAt', '9999-12-31T23:59:59-12:00'],
  ['/claimUntil', '1969-12-31T00:00:00Z'],
  ['/period/kind', 'HOURLY'],
  ['/period/timeZone', 'Mars/Olympus'],
  ['/period/timeZone', '+09:00'],
  ['/period/resetMinute', 60],
  ['/period/resetMinute', -1],
  ['/period/resetDay', 'monday'],
  ['/listedFrom', '2126-12-01'],
  ['/period/resetHour', 24],
  ['/period/resetHour', -1],
  ['/period/resetHour', 0.5],
  ['/period/zone', 'UTC'],
  ['/claimsPerPeriod', 0],
  ['/claimsPerPeriod', 101],
  ['/claimsTotal', 0],
  ['/claimsTotal', 1.5],
  ['/claimsTotal', 1_001],
  ['/exclusiveGroup', ''],
  ['/exclusiveGroup', 'Winter'],
  ['/exclusiveGroup', 'winter/2126'],
  ['/exclusiveGroup', 'winter\n'],
  ['/exclusiveGroup', 'x'.repeat(65)],
  ['/rewardSelection', 'SOME'],
  ['/rewards', []],
  ['/rewards', Array.from({ length: 21 }, (_, i) => ({ ...CAPE, rewardId: `r${i}` }))],
  ['/rewards/0/rewardId', ''],
  ['/rewards/0/rewardId', 'Cape'],
  ['/rewards/0/rewardId', 'x'.repeat(65)],
  ['/rewards/0/kind', 'PET'],
  ['/rewards/0/name', ''],
  ['/rewards/0/quantity', 0],
  ['/rewards/0/quantity', 1.5],
  ['/rewards/0/quantity', 1e9 + 1],
  ['/rewards/0/stock', -1],
  ['/rewards/0/stock', 1.5],
  ['/rewards/0/stock', 1e9 + 1],
  ['/rewards/0/colour', 'blue'],
  ['/fulfillment/provider', 'unknown'],
  ['/fulfillment/url', 'https://example.org'],
  ['/parkedAfter/action', 'FORGET'],
  ['/parkedAfter/hours', 0],
  ['/parkedAfter/hours', 8_761],
  ['/parkedAfter/days', 1],
  ['/status', 'OPEN'],
  ['/version', 7],
  ['/eventId', 'evt_mine'],
];

/**
 * Every field, also inside others, that must have one type and is tried with all the wrong ones.
 */
const TYPED: { [pointer: string]: 'string' | 'number' | 'object' | 'array' } = {
  '/title': 'string',
  '/description': 'string',
  '/startsAt': 'string',
  '/endsAt': 'string',
  '/claimUntil': 'string',
  '/listedFrom': 'string',
  '/period': 'object',
  '/period/kind': 'string',
  '/period/timeZone': 'string',
  '/period/resetHour': 'number',
  '/period/resetMinute': 'number',
  '/period/resetDay': 'string',
  '/claimsPerPeriod': 'number',
  '/claimsTotal': 'number',
  '/exclusiveGroup': 'string',
  '/rewardSelection': 'string',
  '/rewards': 'array',
  '/rewards/0': 'object',
  '/rewards/0/rewardId': 'string',
  '/rewards/0/kind': 'string',
  '/rewards/0/name': 'string',
  '/rewards/0/quantity': 'number',
  '/fulfillment': 'object',
  '/fulfillment/provider': 'string',
  '/parkedAfter': 'object',
  '/parkedAfter/action': 'string',
  '/parkedAfter/hours': 'number',
  '/status': 'string',
};
/** Moments and limits that may be taken away. */
const NULLABLE: readonly string[] = [
  '/claimUntil',
  '/listedFrom',
  '/claimsTotal',
  '/exclusiveGroup',
];
const VALUES = ['$where', { $gt: '' }, ['x'], 1e300, -1, true, null];

function typeOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

/** The festival with one value at a place put in. */
function festivalWith(pointer: string, value: unknown): Fields {
  const body: Fields = structuredClone(FESTIVAL);
  const path = pointer.slice(1).split('/');
  const last = path.pop() as string;
  const parent = path.reduce<Fields>((inner, name) => inner[name] as Fields, body);
  parent[last] = value;
  return body;
}

describe('what does not fit, when creating or changing an event,', () => {
  let event: ShownEvent;
  before(async () => {
    event = await create();
  });

  async function refuse(pointer: string, value: unknown): Promise<void> {
    const body = festivalWith(pointer, value);
    for (const answer of [
      await operator('POST', '/api/events', body),
      await operator('PATCH', at(event), body),
    ]) {
      const what = `${pointer} = ${JSON.stringify(value)?.slice(0, 50)}`;
      assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_request'], what);
      const inside = pointersOf(answer).filter((p) => p === pointer || p.startsWith(`${pointer}/`));
      assert.deepEqual(inside, pointersOf(answer), what);
      assert.ok(inside.length > 0, what);
    }
  }

  it('is refused with its place', async () => {
    for (const [pointer, value] of MISFITS) await refuse(pointer, value);
  });

  it('is refused for any wrong type of any field', async () => {
    for (const [pointer, type] of Object.entries(TYPED)) {
      for (const value of VALUES) {
        const fits = typeOf(value) === type || (value === null && NULLABLE.includes(pointer));
        if (!fits) await refuse(pointer, value);
      }
    }
  });

  it('is refused where the whole body is something else', async () => {
    for (const body of [[], 'null', '"x"', 7, [FESTIVAL], '{"title": ']) {
      const answer = await operator('POST', '/api/events', body);
      assert.equal(answer.status, 400, JSON.stringify(body));
    }
  });

  it('leaves the event as it was', async () => {
    assert.equal((await operator<ShownEvent>('GET', at(event))).body.version, 1);
  });
});
