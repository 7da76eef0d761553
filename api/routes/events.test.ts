import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ROLES, type Role } from '../../domain/user.ts';
import { type Answer, type Fields, type TestApp, testApp } from '../test-app.ts';

const CAPE = { rewardId: 'cape', kind: 'ITEM', name: 'Frost cape', quantity: 1, stock: 500 };
const MESOS = {
  rewardId: 'mesos',
  kind: 'CURRENCY',
  name: 'Mesos',
  quantity: 10_000,
  stock: null,
};

/** The contract's own example of a condition. */
const CONDITION = {
  all: [
    { metric: 'quest.completed', key: 'snow-1', atLeast: 3, window: 'PERIOD' },
    {
      any: [
        { metric: 'level', atLeast: 30 },
        { metric: 'login.streak', atLeast: 7 },
      ],
    },
  ],
};

/** The contract's own example, but for its condition. */
const FESTIVAL = {
  title: 'Snow festival',
  description: 'It snows.',
  startsAt: '2126-12-01T00:00:00Z',
  endsAt: '2126-12-31T15:00:00Z',
  claimUntil: '2127-01-07T15:00:00Z',
  listedFrom: null,
  period: {
    kind: 'DAILY',
    timeZone: 'Asia/Seoul',
    resetHour: 5,
    resetMinute: 30,
    resetDay: 'THURSDAY',
  },
  claimsPerPeriod: 1,
  claimsTotal: 20,
  exclusiveGroup: 'winter-2126',
  condition: null,
  rewardSelection: 'ALL',
  rewards: [MESOS, CAPE],
  fulfillment: { provider: 'mailbox' },
  parkedAfter: { action: 'ABORT', hours: 72 },
  status: 'ACTIVE',
};

interface ShownEvent extends Fields {
  eventId: string;
  version: number;
  rewards: Fields[];
}

let t: TestApp;
const tokens = new Map<Role, string>();
before(async () => {
  t = await testApp({ providerSecrets: new Map([['game', 'whsec_']]) });
  for (const role of ROLES) tokens.set(role, (await t.signIn(role)).accessToken);
});
after(() => t.close());

const as =
  (role: Role) =>
  <T = Fields>(method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
    t.call<T>(method, path, { token: tokens.get(role), body, headers: headers ?? {} });
const operator = as('OPERATOR');
const player = as('PLAYER');

async function create(given: Fields = {}): Promise<ShownEvent> {
  const answer = await operator<ShownEvent>('POST', '/api/events', { ...FESTIVAL, ...given });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
}

/** An event after its first claim. */
async function createClaimed(): Promise<ShownEvent> {
  const event = await create();
  assert.ok(await t.store.events.markClaimed(event.eventId, 1));
  return event;
}

const at = (event: Pick<ShownEvent, 'eventId'>) => `/api/events/${event.eventId}`;
const pointersOf = (answer: Answer<Fields>) =>
  ((answer.body.errors ?? []) as { pointer: string }[]).map(({ pointer }) => pointer);

describe('creating an event', () => {
  it('answers all that was sent, what the system adds, and where it is', async () => {
    const answer = await operator<ShownEvent>('POST', '/api/events', FESTIVAL);
    assert.equal(answer.status, 201);
    const { eventId, createdBy, createdAt, updatedAt, ...rest } = answer.body;
    assert.deepEqual(rest, {
      ...FESTIVAL,
      startsAt: '2126-12-01T00:00:00.000Z',
      endsAt: '2126-12-31T15:00:00.000Z',
      claimUntil: '2127-01-07T15:00:00.000Z',
      claimableUntil: '2127-01-07T15:00:00.000Z',
      version: 1,
    });
    assert.match(String(createdBy), /^usr_/);
    assert.equal(createdAt, updatedAt);
    assert.equal(answer.headers.get('etag'), '"1"');
    assert.equal(answer.headers.get('location'), `/api/events/${eventId}`);
    const read = await operator('GET', `/api/events/${eventId}`);
    assert.deepEqual(read.body, answer.body);
  });

  it('fills in the defaults of the contract', async () => {
    const { title, startsAt, endsAt } = FESTIVAL;
    const { stock: _, ...unlimited } = MESOS;
    const least = { title, startsAt, endsAt, rewards: [unlimited] };
    const { body } = await operator<ShownEvent>('POST', '/api/events', least);
    const { eventId, createdBy, createdAt, updatedAt, ...rest } = body;
    assert.deepEqual(rest, {
      title,
      description: '',
      startsAt: '2126-12-01T00:00:00.000Z',
      endsAt: '2126-12-31T15:00:00.000Z',
      claimUntil: null,
      claimableUntil: '2126-12-31T15:00:00.000Z',
      listedFrom: null,
      period: {
        kind: 'ONCE',
        timeZone: 'UTC',
        resetHour: 0,
        resetMinute: 0,
        resetDay: 'MONDAY',
      },
      claimsPerPeriod: 1,
      claimsTotal: null,
      exclusiveGroup: null,
      condition: null,
      rewardSelection: 'ALL',
      rewards: [MESOS],
      fulfillment: { provider: 'mailbox' },
      parkedAfter: { action: 'WAIT', hours: 24 },
      status: 'DRAFT',
      version: 1,
    });
  });

  it('takes times with an offset and shows them in UTC', async () => {
    const event = await create({ startsAt: '2126-12-01T09:00:00.5+09:00' });
    assert.equal(event.startsAt, '2126-12-01T00:00:00.500Z');
  });

  it('limits a player’s claims to fewer in total than a period allows, to the most, or not', async () => {
    for (const limits of [
      { claimsPerPeriod: 3, claimsTotal: 1, exclusiveGroup: 'a' },
      { claimsPerPeriod: 1, claimsTotal: 1_000, exclusiveGroup: `0_-${'x'.repeat(61)}` },
      { claimsPerPeriod: 1, claimsTotal: null, exclusiveGroup: null },
    ]) {
      const { claimsPerPeriod, claimsTotal, exclusiveGroup } = await create(limits);
      assert.deepEqual({ claimsPerPeriod, claimsTotal, exclusiveGroup }, limits);
    }
  });

  it('takes a provider that is configured', async () => {
    const event = await create({ fulfillment: { provider: 'game' } });
    assert.deepEqual(event.fulfillment, { provider: 'game' });
  });

  it('takes a condition, and shows it as it was written', async () => {
    const event = await create({ condition: CONDITION });
    assert.deepEqual(event.condition, CONDITION);
    assert.deepEqual((await operator('GET', at(event))).body.condition, CONDITION);
  });

  it('takes a provider’s metric, and a chain to another event', async () => {
    const first = await create();
    const chained = { metric: 'event.granted', key: first.eventId, atLeast: 1 };
    const asked = { metric: 'guild.rank', atMost: 10, source: 'game' };
    const { condition } = await create({ condition: { any: [chained, { not: asked }] } });
    assert.deepEqual(condition, { any: [chained, { not: asked }] });
  });

  it('refuses a condition that is none at the leaf that is wrong', async () => {
    const first = await create();
    const LEAF = { metric: 'level', atLeast: 30 };
    for (const [leaf, field] of [
      [{ ...LEAF, metric: '' }, '/metric'],
      [{ metric: 'level' }, ''],
      [{ ...LEAF, atMost: 40 }, ''],
      [{ ...LEAF, window: 'WEEK' }, '/window'],
      [{ metric: 'account.ageDays', atLeast: 7, window: 'PERIOD' }, '/window'],
      [{ ...LEAF, source: 'mailbox' }, '/source'],
      [{ ...LEAF, source: 'nowhere' }, '/source'],
      [{ metric: 'event.granted', atLeast: 1 }, '/key'],
      [{ metric: 'event.granted', atLeast: 1, key: 'evt_none' }, '/key'],
      [{ metric: 'event.granted', atMost: 0, key: first.eventId }, '/atMost'],
      [{ metric: 'time.between', equals: 1, key: 'noon' }, '/key'],
      [{ ...LEAF, 'at/least': 3 }, '/at~1least'],
    ] as const) {
      const condition = { all: [LEAF, { not: leaf }] };
      const answer = await operator('POST', '/api/events', { ...FESTIVAL, condition });
      const told = JSON.stringify(answer.body);
      assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_request'], told);
      const [error] = answer.body.errors as { pointer: string }[];
      assert.equal(error?.pointer, `/condition/all/1/not${field}`);
    }
  });

  it('refuses a limit on grants wherever it stands, and names what limits them', async () => {
    const { eventId } = await create();
    const limit = { metric: 'event.granted', key: eventId, atMost: 0 };
    const leaf = { metric: 'level', atLeast: 30 };
    const places: [condition: unknown, pointer: string][] = [
      [limit, '/condition/atMost'],
      [{ all: [leaf, limit] }, '/condition/all/1/atMost'],
      [{ any: [limit, leaf] }, '/condition/any/0/atMost'],
      [{ not: limit }, '/condition/not/atMost'],
    ];
    for (const [condition, pointer] of places) {
      for (const answer of [
        await operator('POST', '/api/events', { ...FESTIVAL, condition }),
        await operator('PATCH', at({ eventId }), { condition }),
      ]) {
        assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_request'], pointer);
        const errors = answer.body.errors as { pointer: string; message: string }[];
        assert.deepEqual(pointersOf(answer), [pointer]);
        assert.match(errors[0]?.message ?? '', /claimsTotal.*exclusiveGroup/);
      }
    }
  });

  it('changes a condition by the same rules, and takes it away', async () => {
    const event = await create({ condition: CONDITION });
    const chain = { metric: 'event.granted', key: 'evt_none', atLeast: 1 };
    const wrong = await operator('PATCH', at(event), { condition: { all: [chain] } });
    assert.deepEqual(wrong.body.errors, [
      { pointer: '/condition/all/0/key', message: 'There is no event with this ID' },
    ]);
    const kept = await operator<ShownEvent>('PATCH', at(event), { title: 'Snow' });
    assert.deepEqual(kept.body.condition, CONDITION);
    const other = { metric: 'level', atLeast: 3 };
    const changed = await operator<ShownEvent>('PATCH', at(event), { condition: other });
    assert.deepEqual(changed.body.condition, other);
    const taken = await operator<ShownEvent>('PATCH', at(event), { condition: null });
    assert.deepEqual([taken.status, taken.body.condition], [200, null]);
  });

  it('freezes the condition with the first claim', async () => {
    const { eventId } = await create({ condition: CONDITION });
    assert.ok(await t.store.events.markClaimed(eventId, 1));
    const same = await operator('PATCH', at({ eventId }), { condition: CONDITION, title: 'Snow' });
    assert.equal(same.status, 200);
    const other = await operator('PATCH', at({ eventId }), { condition: null });
    assert.deepEqual([other.status, other.body.code], [409, 'conflict']);
    const [error] = other.body.errors as { pointer: string }[];
    assert.equal(error?.pointer, '/condition');
  });

  it('names every place that does not fit together', async () => {
    const body = {
      ...FESTIVAL,
      endsAt: FESTIVAL.startsAt,
      claimUntil: '2126-11-01T00:00:00Z',
      rewards: [CAPE, { ...CAPE, quantity: 501 }],
    };
    const answer = await operator('POST', '/api/events', body);
    assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_request']);
    const expected = ['/endsAt', '/claimUntil', '/rewards/1/rewardId', '/rewards/1/stock'];
    assert.deepEqual(pointersOf(answer), expected);
  });
});

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

/** Every field, also inside others, that must have one type and is tried with all the wrong ones. */
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

describe('creating an event with an Idempotency-Key', () => {
  const send = (key: string, given: Fields = {}, header = 'idempotency-key') =>
    operator<ShownEvent>('POST', '/api/events', { ...FESTIVAL, ...given }, { [header]: key });

  it('answers the same event again, and says that it did', async () => {
    const first = await send('k-1');
    assert.deepEqual([first.status, first.headers.get('idempotency-replayed')], [201, null]);
    const again = [
      await send('k-1'),
      await send('"k-1"'),
      await send('k-1', {}, 'x-idempotency-key'),
    ];
    for (const answer of again) {
      assert.deepEqual([answer.status, answer.headers.get('idempotency-replayed')], [201, 'true']);
      assert.deepEqual(answer.body, first.body);
    }
  });

  it('takes another order of fields and a default written out for the same request', async () => {
    const { condition: _, ...without } = FESTIVAL;
    const headers = { 'idempotency-key': 'k-order' };
    const reordered = Object.fromEntries(Object.entries(without).reverse());
    const first = await operator<ShownEvent>('POST', '/api/events', FESTIVAL, headers);
    const second = await operator<ShownEvent>('POST', '/api/events', reordered, headers);
    assert.equal(second.body.eventId, first.body.eventId);
  });

  it('refuses another request', async () => {
    await send('k-2');
    const other = await send('k-2', { title: 'Another' });
    assert.deepEqual([other.status, other.body.code], [422, 'idempotency_key_reused']);
  });

  it('refuses keys that are none', async () => {
    for (const [key, code] of [
      ['', 'idempotency_key_missing'],
      ['""', 'idempotency_key_missing'],
      ['x'.repeat(256), 'idempotency_key_invalid'],
      ['é', 'idempotency_key_invalid'],
    ] as const) {
      const answer = await send(key);
      assert.deepEqual([answer.status, answer.body.code], [400, code], key);
    }
  });
});

describe('reading an event', () => {
  it('answers 304 to a copy that still fits, and the event to another', async () => {
    const event = await create();
    const known = await player('GET', at(event), undefined, { 'if-none-match': '"1"' });
    assert.deepEqual([known.status, known.headers.get('etag')], [304, '"1"']);
    const old = await player('GET', at(event), undefined, { 'if-none-match': '"0"' });
    assert.equal(old.status, 200);
  });

  it('is 404 for an ID that is none, whatever it looks like', async () => {
    for (const id of ['evt_0', '%24where', '%00', '{}', '..%2f', 'x'.repeat(2_000)]) {
      const answer = await operator('GET', `/api/events/${id}`);
      assert.deepEqual([answer.status, answer.body.code], [404, 'not_found'], id);
      assert.equal((await operator('GET', `/api/events/${id}/stats`)).status, 404, id);
      assert.equal((await operator('PATCH', `/api/events/${id}`, { title: 'x' })).status, 404, id);
      assert.equal((await operator('DELETE', `/api/events/${id}`)).status, 404, id);
    }
  });
});

describe('a draft', () => {
  it('is not there for players and game servers, and is for staff', async () => {
    const draft = await create({ status: 'DRAFT' });
    const statuses: Record<string, number> = {};
    for (const role of ROLES) statuses[role] = (await as(role)('GET', at(draft))).status;
    assert.deepEqual(statuses, {
      PLAYER: 404,
      OPERATOR: 200,
      AUDITOR: 200,
      ADMIN: 200,
      GAME_SERVER: 404,
    });
  });

  it('can be deleted, and nothing else can', async () => {
    const draft = await create({ status: 'DRAFT' });
    assert.equal((await operator('DELETE', at(draft))).status, 204);
    assert.equal((await operator('DELETE', at(draft))).status, 404);
    const active = await operator('DELETE', at(await create()));
    assert.deepEqual([active.status, active.body.code], [409, 'conflict']);
  });

  it('is not deleted where it has changed since it was read', async () => {
    const draft = await create({ status: 'DRAFT' });
    await operator('PATCH', at(draft), { title: 'Another' });
    const stale = await operator('DELETE', at(draft), undefined, { 'if-match': '"1"' });
    assert.deepEqual([stale.status, stale.body.code], [412, 'version_mismatch']);
  });
});

describe('the list of events', () => {
  interface Page {
    items: ShownEvent[];
    nextCursor: string | null;
  }
  const idsOf = ({ body }: Answer<Page>) => body.items.map(({ eventId }) => eventId);

  async function withStatus(...moves: string[]): Promise<ShownEvent> {
    const event = await create({ status: 'DRAFT' });
    for (const status of moves) await operator('PATCH', at(event), { status });
    return event;
  }

  it('shows players what is or will be open, and staff everything, the newest first', async () => {
    const draft = await withStatus();
    const active = await withStatus('ACTIVE');
    const paused = await withStatus('ACTIVE', 'PAUSED');
    const ended = await withStatus('ACTIVE', 'ENDED');
    const past = await create({
      startsAt: '2020-01-01T00:00:00Z',
      endsAt: '2020-01-02T00:00:00Z',
      claimUntil: '2020-01-03T00:00:00Z',
    });
    const made = [past, ended, paused, active, draft].map(({ eventId }) => eventId);
    const staff = await operator<Page>('GET', '/api/events?limit=5');
    assert.deepEqual(idsOf(staff), made);
    const shown = idsOf(await player<Page>('GET', '/api/events')).filter((id) => made.includes(id));
    assert.deepEqual(shown, [paused.eventId, active.eventId]);
    const drafts = await operator<Page>('GET', '/api/events?status=DRAFT&limit=1');
    assert.deepEqual(idsOf(drafts), [draft.eventId]);
    assert.deepEqual(idsOf(await player<Page>('GET', '/api/events?status=DRAFT')), []);
  });

  it('is read page by page without missing or repeating an event', async () => {
    const all = idsOf(await operator<Page>('GET', '/api/events?limit=200'));
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const answer = await operator<Page>('GET', `/api/events?limit=7${cursor}`);
      seen.push(...idsOf(answer));
      if (answer.body.nextCursor === null) break;
      cursor = `&cursor=${answer.body.nextCursor}`;
    }
    assert.ok(all.length > 14);
    assert.deepEqual(seen, all);
  });

  it('refuses a query that does not fit', async () => {
    for (const query of ['status=OPEN', 'limit=0', 'limit=201', 'limit=x', 'cursor=x']) {
      const answer = await player('GET', `/api/events?${query}`);
      assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_request'], query);
    }
  });
});

describe('the times of an event', () => {
  const patch = async (event: ShownEvent, body: Fields) => await operator('PATCH', at(event), body);
  const refusal = ({ status, body, ...answer }: Answer<Fields>) => [
    status,
    body.code,
    ...pointersOf({ status, body, ...answer }),
  ];

  it('follow one another: claims are taken until the end, until another moment is set', async () => {
    const event = await create({ claimUntil: null });
    const ends = async (body: Fields) => {
      const { claimUntil, claimableUntil } = (await patch(event, body)).body;
      return [claimUntil, claimableUntil];
    };
    const [earlier, later] = ['2126-12-20T00:00:00.000Z', '2126-12-24T00:00:00.000Z'];
    assert.deepEqual(await ends({ endsAt: earlier }), [null, earlier]);
    assert.deepEqual(await ends({ claimUntil: later }), [later, later]);
    assert.deepEqual(await ends({ title: 'Ice festival' }), [later, later]);
    assert.deepEqual(await ends({ claimUntil: null }), [null, earlier]);
  });

  it('are refused in the wrong order, at the one that was sent', async () => {
    const event = await create();
    const refused: [Fields, string][] = [
      [{ claimUntil: '2126-12-30T00:00:00Z' }, '/claimUntil'],
      [{ endsAt: '2127-01-08T00:00:00Z' }, '/endsAt'],
      [{ startsAt: '2127-01-01T00:00:00Z' }, '/startsAt'],
      [{ listedFrom: FESTIVAL.claimUntil }, '/listedFrom'],
    ];
    for (const [body, pointer] of refused) {
      assert.deepEqual(refusal(await patch(event, body)), [400, 'invalid_request', pointer]);
    }
    for (const field of ['claimUntil', 'listedFrom']) {
      const wrong = { claimUntil: '2126-12-30T00:00:00Z', listedFrom: '2128-01-01T00:00:00Z' };
      const body = { ...FESTIVAL, [field]: wrong[field as keyof typeof wrong] };
      const answer = await operator('POST', '/api/events', body);
      assert.deepEqual(refusal(answer), [400, 'invalid_request', `/${field}`]);
    }
  });

  it('stay where they were for claims: the start does not move, the ends do', async () => {
    const event = await createClaimed();
    const moved = await patch(event, { startsAt: '2126-11-01T00:00:00Z' });
    assert.deepEqual(refusal(moved), [409, 'conflict', '/startsAt']);
    assert.equal((await patch(event, { startsAt: FESTIVAL.startsAt })).status, 200);
    assert.equal((await patch(event, { endsAt: '2126-12-24T00:00:00Z' })).status, 200);
  });

  it('are in a zone by whichever of its names, and answered as IANA spells it', async () => {
    const zone = (timeZone: string) => ({ period: { ...FESTIVAL.period, timeZone } });
    const event = await create(zone('asia/CALCUTTA'));
    assert.deepEqual(event.period, { ...FESTIVAL.period, timeZone: 'Asia/Calcutta' });
    assert.ok(await t.store.events.markClaimed(event.eventId, 1));
    for (const name of ['asia/calcutta', 'Asia/Kolkata']) {
      assert.equal((await patch(event, zone(name))).status, 200, name);
    }
    assert.deepEqual(refusal(await patch(event, zone('Asia/Seoul'))), [409, 'conflict', '/period']);
  });

  it('hide an active event from players until it is listed, and not from staff', async () => {
    const hidden = await create({ listedFrom: '2126-11-24T00:00:00Z' });
    const open = await create({ listedFrom: '2026-01-01T00:00:00Z' });
    const list = async (who: typeof player) =>
      (await who<{ items: ShownEvent[] }>('GET', '/api/events?limit=2')).body.items.map(
        ({ eventId }) => eventId,
      );
    assert.ok((await list(operator)).includes(hidden.eventId));
    assert.equal((await list(player))[0], open.eventId);
    assert.ok(!(await list(player)).includes(hidden.eventId));
    for (const path of ['', '/eligibility']) {
      assert.equal((await player('GET', at(hidden) + path)).body.code, 'not_found');
      assert.equal((await player('GET', at(open) + path)).status, 200);
    }
    const claim = `/api/event-claims/${hidden.eventId}/claim`;
    const answer = await player('POST', claim, {}, { 'idempotency-key': 'early' });
    assert.deepEqual(refusal(answer), [404, 'not_found']);
    assert.equal((await operator('GET', at(hidden))).status, 200);
  });
});

describe('changing an event', () => {
  it('answers the event as it is now, with its new ETag', async () => {
    const event = await create();
    const answer = await operator<ShownEvent>('PATCH', at(event), {
      title: 'Ice festival',
      period: { resetHour: 6 },
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('etag'), '"2"');
    const { updatedAt, ...rest } = answer.body;
    const { updatedAt: _, ...before } = event;
    assert.deepEqual(rest, {
      ...before,
      title: 'Ice festival',
      period: { ...FESTIVAL.period, resetHour: 6 },
      version: 2,
    });
    assert.deepEqual((await operator('GET', at(event))).body, answer.body);
  });

  it('keeps the stock of a reward that is named without one', async () => {
    const event = await create();
    const { stock: _, ...cape } = { ...CAPE, name: 'Ice cape' };
    const answer = await operator<ShownEvent>('PATCH', at(event), { rewards: [cape, MESOS] });
    assert.deepEqual(answer.body.rewards, [{ ...CAPE, name: 'Ice cape' }, MESOS]);
  });

  it('lets one of two change the version both have read', async () => {
    const event = await create();
    const change = (title: string) =>
      operator('PATCH', at(event), { title }, { 'if-match': '"1"' });
    const answers = await Promise.all([change('One'), change('Two')]);
    const outcomes = answers.map(({ status, body }) => [status, body.code]);
    assert.deepEqual(outcomes.sort(), [
      [200, undefined],
      [412, 'version_mismatch'],
    ]);
  });

  it('goes by the very tag that was read', async () => {
    const event = await create();
    for (const tag of ['"01"', '"0x1"', 'W/"1"']) {
      const answer = await operator('PATCH', at(event), { title: 'Other' }, { 'if-match': tag });
      assert.deepEqual([answer.status, answer.body.code], [412, 'version_mismatch'], tag);
    }
    for (const method of ['PATCH', 'DELETE']) {
      const body = method === 'PATCH' ? { title: 'Other' } : undefined;
      const answer = await operator(method, at(event), body, { 'if-match': '1' });
      assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_request'], method);
    }
  });

  it('refuses a move of the status that the contract does not draw', async () => {
    const event = await create({ status: 'DRAFT' });
    const answer = await operator('PATCH', at(event), { status: 'PAUSED' });
    assert.deepEqual([answer.status, answer.body.code], [409, 'invalid_transition']);
  });

  it('refuses what is frozen since the first claim, naming it', async () => {
    const event = await createClaimed();
    const changes: [pointer: string, patch: Fields][] = [
      ['/rewards', { rewards: [CAPE] }],
      ['/rewards', { rewards: [MESOS, { ...CAPE, quantity: 2 }] }],
      ['/rewards', { rewards: [MESOS, { ...CAPE, stock: null }] }],
      ['/rewardSelection', { rewardSelection: 'PLAYER_CHOICE' }],
      ['/period', { period: { kind: 'ONCE' } }],
      ['/claimsPerPeriod', { claimsPerPeriod: 2 }],
      ['/claimsTotal', { claimsTotal: 21 }],
      ['/claimsTotal', { claimsTotal: null }],
      ['/exclusiveGroup', { exclusiveGroup: 'summer' }],
      ['/exclusiveGroup', { exclusiveGroup: null }],
      ['/fulfillment/provider', { fulfillment: { provider: 'game' } }],
    ];
    for (const [pointer, patch] of changes) {
      const answer = await operator('PATCH', at(event), patch);
      assert.deepEqual([answer.status, answer.body.code], [409, 'conflict'], pointer);
      assert.deepEqual(pointersOf(answer), [pointer]);
    }
    const everything = await operator('PATCH', at(event), { ...FESTIVAL, title: 'Ice festival' });
    assert.equal(everything.status, 200, 'what is frozen may be sent as it is');
  });

  it('raises a stock after the first claim, and lowers it to what is held and granted', async () => {
    const event = await createClaimed();
    const { eventId } = event;
    const setStock = (stock: number) =>
      operator<ShownEvent>('PATCH', at(event), { rewards: [MESOS, { ...CAPE, stock }] });
    for (const holdId of ['clm_1:cape', 'clm_2:cape', 'clm_3:cape']) {
      await t.store.stock.reserve({ holdId, eventId, rewardId: 'cape', quantity: 1, buckets: 3 });
    }
    await t.store.stock.settle({ eventId, holdId: 'clm_1:cape', quantity: 1 });

    assert.equal((await setStock(1_000)).body.rewards[1]?.stock, 1_000);
    const tooLow = await setStock(2);
    assert.deepEqual([tooLow.status, tooLow.body.code], [409, 'conflict']);
    assert.match(String(tooLow.body.detail), /cannot be lower than 3/);
    assert.equal((await setStock(3)).status, 200);
    const stats = await operator('GET', `${at(event)}/stats`);
    assert.deepEqual(stats.body.rewards, [
      { rewardId: 'mesos', stock: null, available: null, held: 0, granted: 0 },
      { rewardId: 'cape', stock: 3, available: 0, held: 2, granted: 1 },
    ]);
  });
});

describe('the numbers of an event', () => {
  it('are for staff, and shown for a draft as well', async () => {
    const draft = await create({ status: 'DRAFT' });
    for (const role of ['OPERATOR', 'AUDITOR', 'ADMIN'] as const) {
      const answer = await as(role)('GET', `${at(draft)}/stats`);
      assert.equal(answer.status, 200, role);
      assert.deepEqual(answer.body, {
        rewards: [
          { rewardId: 'mesos', stock: null, available: null, held: 0, granted: 0 },
          { rewardId: 'cape', stock: 500, available: 500, held: 0, granted: 0 },
        ],
        claims: {},
      });
    }
    assert.equal((await player('GET', `${at(draft)}/stats`)).status, 403);
  });
});

describe('writing events', () => {
  it('is for operators and admins', async () => {
    const draft = await create({ status: 'DRAFT' });
    for (const role of ROLES) {
      const allowed = role === 'OPERATOR' || role === 'ADMIN';
      const call = as(role);
      const statuses = [
        (await call('POST', '/api/events', FESTIVAL)).status,
        (await call('PATCH', at(draft), { title: `By ${role}` })).status,
        (await call('DELETE', at(await create({ status: 'DRAFT' })))).status,
      ];
      assert.deepEqual(statuses, allowed ? [201, 200, 204] : [403, 403, 403], role);
    }
  });
});
