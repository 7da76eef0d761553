import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROLES } from '../../domain/user.ts';
import type { Answer, Fields } from '../test-app.ts';
import {
  as,
  at,
  CAPE,
  create,
  FESTIVAL,
  MESOS,
  operator,
  player,
  pointersOf,
  type ShownEvent,
  useEventApi,
} from './test-events.ts';

useEventApi();

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
      SUPPORT: 200,
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
