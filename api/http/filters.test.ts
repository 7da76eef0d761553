/** Every filter that a list declares is applied. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ClaimState, Reason } from '../../domain/claims/claim.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import { entryOf } from '../../store/privacy/read-log.ts';
import { newClaim, unique } from '../../store/test-store.ts';
import { createTrustedIssuers } from '../identity/issuers.ts';
import { type Fields, type SignedIn, type TestApp, testApp } from '../test-app.ts';
import { encodeCursor } from './paging.ts';

let t: TestApp;
let admin: SignedIn;
let claims: Claim[];
before(async () => {
  const game = {
    ...{ name: 'game', issuer: 'https://id.invalid', jwksUrl: 'https://id.invalid/jwks' },
    ...{ audience: 'laurel', algorithms: ['EdDSA'] },
  };
  const issuers = createTrustedIssuers([game], { now: () => new Date(), onTrouble: assert.fail });
  // What this test reads itself must not get into the read log.
  const personalReads = { note() {}, flush: async () => {} };
  t = await testApp({ issuers, bulkRuns: { start: async () => {} }, personalReads });
  admin = await t.signIn('ADMIN');
  const auditor = await t.signIn('AUDITOR');
  const second = await t.signIn('ADMIN', 'second-admin');
  await t.store.users.ensureExternal('ext:game:1', new Date());
  await record();
  await t.store.readLog.add(Array.from({ length: 8 }, (_, i) => readAt(i)));
  const change = (by: SignedIn, status: string) =>
    t.call('PATCH', `/api/users/${auditor.id}`, { token: by.accessToken, body: { status } });
  await change(second, 'BANNED');
  await change(second, 'SUSPENDED');
  const created = async (title: string) => {
    const [startsAt, endsAt] = ['2026-01-01T00:00:00Z', '2100-01-01T00:00:00Z'];
    const rewards = [{ rewardId: 'cape', kind: 'ITEM', name: 'Cape', quantity: 1, stock: 5 }];
    const body = { title, startsAt, endsAt, rewards };
    return (await t.call('POST', '/api/events', { token: admin.accessToken, body })).body.eventId;
  };
  await created('a draft');
  const body = { status: 'ACTIVE' };
  const path = `/api/events/${await created('an event')}`;
  await t.call('PATCH', path, { token: admin.accessToken, body });
  for (const eventId of ['evt_0', 'evt_1']) {
    const asked = { eventId, parkedBefore: '2026-01-01T00:00:00Z' };
    const headers = { 'idempotency-key': eventId };
    const call = { token: admin.accessToken, body: asked, headers };
    const { operationId } = (await t.call('POST', '/api/event-claims/retry', call)).body;
    if (eventId !== 'evt_0') continue;
    await t.call('POST', `/api/operations/${operationId}/stop`, { token: admin.accessToken });
  }
});
after(() => t.close());

const START_MS = Date.parse('2026-11-22T00:00:00Z');
const minute = (n: number) => new Date(START_MS + n * 60_000);

/** Reads by two of the staff, of two users, in every combination. */
const readAt = (i: number) =>
  entryOf({
    at: minute(i),
    actorId: i % 2 === 0 ? 'usr_s' : 'usr_a',
    actorRole: 'SUPPORT',
    userId: `usr_${Math.floor(i / 2) % 2}`,
    route: 'GET /api/users/{userId}',
    requestId: 'r',
  });

/** Claims that differ in everything that they can be filtered by, in every combination of two. */
async function record(): Promise<void> {
  const { snapshot } = newClaim();
  const wins: { state: ClaimState; reason: Reason | null }[] = [
    { state: 'GRANTED', reason: null },
    { state: 'REJECTED', reason: 'SOLD_OUT' },
    { state: 'NEEDS_ATTENTION', reason: 'FULFILLMENT_UNKNOWN' },
  ];
  claims = Array.from({ length: 72 }, (_, i) => {
    const { state, reason } = wins[i % 3] as (typeof wins)[0];
    const lineId = Math.floor(i / 6) % 2 === 0 ? 'cape' : 'hat';
    const at = minute(i);
    const isGranted = state === 'GRANTED';
    const line = { kind: 'ITEM', name: lineId, quantity: 1, buckets: null };
    const given = newClaim({
      userId: `usr_${Math.floor(i / 3) % 2}`,
      eventId: `evt_${Math.floor(i / 12) % 2}`,
      idempotencyKey: `key_${Math.floor(i / 24) % 3}`,
      periodKey: `2026-11-2${Math.floor(i / 36) % 2}`,
      snapshot: { ...snapshot, provider: Math.floor(i / 9) % 2 === 0 ? 'mailbox' : 'game' },
    });
    return {
      ...given,
      ...{ _id: unique('clm'), state, reason, fate: null, fateReason: null, asked: true },
      ...{ steps: [], parking: null, version: 1, createdAt: at, updatedAt: at },
      endedAt: state === 'NEEDS_ATTENTION' ? null : new Date(at.getTime() + 500),
      lines: [{ ...line, lineId, ...granted(isGranted, at) }],
    } as unknown as Claim;
  });
  await t.store.claims.model.collection.insertMany(claims as never);
}

const granted = (isGranted: boolean, at: Date) =>
  isGranted ? { state: 'GRANTED', grantedAt: at } : { state: 'PENDING', grantedAt: null };

type Fits = (item: Fields) => boolean;
type Filters = Record<string, { value: () => string; fits: Fits }>;

const is = (field: string, value: string, name = field): Filters => ({
  [name]: { value: () => value, fits: (item) => item[field] === value },
});
const times = (field: string, from: () => Date, to = from): Filters => ({
  from: { value: () => from().toISOString(), fits: (item) => dateOf(item[field]) >= from() },
  to: { value: () => to().toISOString(), fits: (item) => dateOf(item[field]) < to() },
});
const dateOf = (value: unknown) => new Date(String(value));
const recordOf = ({ claimId }: Fields) => claims.find(({ _id }) => _id === claimId) as Claim;

const CLAIMS: Filters = {
  ...is('userId', 'usr_1'),
  ...is('eventId', 'evt_1'),
  ...is('state', 'GRANTED'),
  ...is('reason', 'SOLD_OUT'),
  ...is('periodKey', '2026-11-21'),
  ...is('idempotencyKey', 'key_1'),
  provider: { value: () => 'game', fits: (c) => recordOf(c).snapshot.provider === 'game' },
  rewardId: { value: () => 'hat', fits: (c) => recordOf(c).lines[0]?.lineId === 'hat' },
  ...times('createdAt', () => minute(40)),
};

/**
 * Each list, and each of its filters with what fits it. A filter that is not here fails the test.
 */
const LISTS: Record<string, Filters> = {
  '/api/event-claims': CLAIMS,
  '/api/event-claims/summary': CLAIMS,
  '/api/grants': {
    ...is('userId', 'usr_1'),
    ...is('eventId', 'evt_1'),
    ...times('grantedAt', () => minute(39)),
  },
  '/api/events': is('status', 'DRAFT'),
  '/api/users': {
    username: { value: () => 'SECOND-admin', fits: ({ username }) => username === 'second-admin' },
    query: { value: () => 'SECOND-', fits: ({ username }) => username === 'second-admin' },
    ...is('externalId', 'ext:game:1'),
    ...is('role', 'AUDITOR'),
    ...is('status', 'SUSPENDED'),
  },
  '/api/operations': is('state', 'STOPPED'),
  '/api/read-log': {
    ...is('userId', 'usr_1'),
    ...is('actorId', 'usr_s'),
    ...times('at', () => minute(4)),
  },
  '/api/audit-log': {
    actorId: { value: () => admin.id, fits: ({ actorId }) => actorId === admin.id },
    ...is('action', 'event.create'),
    targetId: { value: () => target, fits: ({ targetId }) => targetId === target },
    ...times('at', () => middle),
  },
};
let target: string;
let middle: Date;

async function all(path: string, query = ''): Promise<Fields[]> {
  const found: Fields[] = [];
  for (let cursor = ''; ; ) {
    const address = `${path}?limit=50${query}${cursor}`;
    const { status, body } = await t.call('GET', address, { token: admin.accessToken });
    assert.equal(status, 200, `${address}: ${JSON.stringify(body)}`);
    found.push(...(body.items as Fields[]));
    if (body.nextCursor === null) return found;
    cursor = `&cursor=${body.nextCursor}`;
  }
}

const queryOf = (filters: Filters, names: string[]) =>
  names.map((name) => `&${name}=${encodeURIComponent(filters[name]?.value() ?? '')}`).join('');

const fitting = (items: Fields[], filters: Filters, names: string[]) =>
  items.filter((item) => names.every((name) => filters[name]?.fits(item)));

describe('the filters of every list', () => {
  it('are all known to this test', async () => {
    type Described = { parameters?: { name: string; in: string }[] };
    const { body } = await t.call<{ paths: Record<string, { get?: Described }> }>(
      'GET',
      '/openapi.json',
    );
    const declared = Object.entries(body.paths).flatMap(([path, { get }]) => {
      const names = (get?.parameters ?? []).filter((p) => p.in === 'query').map((p) => p.name);
      const filters = names.filter((name) => !['cursor', 'limit', 'by'].includes(name));
      const isList = names.includes('limit') || names.includes('by');
      return isList && filters.length > 0 ? [[path, filters.toSorted()] as const] : [];
    });
    const known = Object.entries(LISTS).map(([path, f]) => [path, Object.keys(f).toSorted()]);
    assert.deepEqual(Object.fromEntries(declared), Object.fromEntries(known));
  });

  for (const [path, filters] of Object.entries(LISTS)) {
    if (path.endsWith('/summary')) continue;
    it(`${path} applies each, and any two together`, async () => {
      const items = await all(path);
      if (path === '/api/audit-log') {
        const { targetId, at } = items[Math.floor(items.length / 2)] ?? {};
        [target, middle] = [String(targetId), dateOf(at)];
      }
      const names = Object.keys(filters);
      for (const name of names) {
        const expected = fitting(items, filters, [name]);
        assert.ok(expected.length > 0 && expected.length < items.length, `${name} tells nothing`);
        assert.deepEqual(await all(path, queryOf(filters, [name])), expected, name);
      }
      for (const [one, other] of names.flatMap((a, i) => names.slice(i + 1).map((b) => [a, b]))) {
        const both = [one as string, other as string];
        const expected = fitting(items, filters, both);
        assert.deepEqual(await all(path, queryOf(filters, both)), expected, both.join('+'));
      }
    });
  }

  it('the summary applies each, and counts just those', async () => {
    const items = await all('/api/event-claims');
    for (const name of Object.keys(CLAIMS)) {
      const expected = fitting(items, CLAIMS, [name]);
      const by = 'by=state,reason,eventId,provider';
      const address = `/api/event-claims/summary?${by}${queryOf(CLAIMS, [name])}`;
      const { body } = await t.call('GET', address, { token: admin.accessToken });
      assert.deepEqual(body.groups, grouped(expected), name);
    }
  });

  it('each list refuses a range that ends before it begins, and times that are none', async () => {
    const [from, to] = [minute(1).toISOString(), minute(0).toISOString()];
    const ranged = Object.entries(LISTS).filter(([, filters]) => 'from' in filters);
    assert.equal(ranged.length, 5);
    for (const [path] of ranged) {
      for (const query of [
        `from=${from}&to=${to}`,
        ...['2026-01-01', 'now', '2026-02-30T00:00:00Z', '2026-01-01T00:00:00', '1'].flatMap(
          (time) => [`from=${time}`, `to=${time}`],
        ),
      ]) {
        const answer = await t.call('GET', `${path}?${query}`, { token: admin.accessToken });
        const said = [answer.status, answer.body.code];
        assert.deepEqual(said, [400, 'invalid_request'], `${path}?${query}`);
      }
    }
  });

  it('refuse a value that is none of theirs', async () => {
    for (const query of [
      ...['event-claims?state=granted', 'event-claims?reason=BAD_MOOD', 'users?role=KING'],
      ...['users?status=active', 'events?status=OPEN', 'operations?state=PAUSED'],
      ...['audit-log?action=user.delete', 'event-claims/summary?by=userId'],
      ...['event-claims/summary?by=state,state', 'event-claims/summary?by=state,'],
    ]) {
      const { status } = await t.call('GET', `/api/${query}`, { token: admin.accessToken });
      assert.equal(status, 400, query);
    }
  });
});

/** What the summary must say of those claims. */
function grouped(items: Fields[]): Fields[] {
  const groups = Map.groupBy(items, (item) => {
    const { state, reason, eventId, snapshot } = recordOf(item);
    return JSON.stringify({ state, reason, eventId, provider: snapshot.provider });
  });
  return [...groups]
    .map(([key, of]) => ({
      ...(JSON.parse(key) as Fields),
      count: of.length,
      oldestAt: String(of.at(-1)?.createdAt),
    }))
    .toSorted((a, b) => b.count - a.count || (a.oldestAt < b.oldestAt ? -1 : 1));
}

describe('users that are searched', () => {
  it('are those whose name begins so, by name and page by page, or whose whole ID it is', async () => {
    const names = ['Find-c', 'find-a', 'FIND-b', 'find-d', 'fin', 'finder'];
    const made = await Promise.all(names.map((name) => t.signIn('PLAYER', name)));
    const search = async (query: string) => {
      const { body } = await t.call('GET', `/api/users?${query}`, { token: admin.accessToken });
      return body as { items: { username: string }[]; nextCursor: string };
    };
    const first = await search('query=FIND-&limit=3');
    const second = await search(`query=find-&limit=3&cursor=${first.nextCursor}`);
    const found = [...first.items, ...second.items].map(({ username }) => username);
    assert.deepEqual(found, ['find-a', 'FIND-b', 'Find-c', 'find-d']);
    assert.equal(second.nextCursor, null);
    const byId = (await search(`query=${made[0]?.id}`)).items;
    assert.deepEqual(
      byId.map(({ username }) => username),
      ['Find-c'],
    );
    assert.deepEqual((await search(`query=${made[0]?.id}&role=ADMIN`)).items, []);
    assert.deepEqual((await search('query=find-&status=BANNED')).items, []);
    const { nextCursor } = await search('limit=1');
    const nobodys = encodeCursor({ userId: 'usr_none' });
    const cursors = [`query=find-&cursor=${nextCursor}`, `query=find-&cursor=${nobodys}`];
    for (const query of [...cursors, `cursor=${first.nextCursor}`]) {
      const answer = await t.call('GET', `/api/users?${query}`, { token: admin.accessToken });
      assert.equal(answer.status, 400, query);
    }
  });
});

describe('users with long names', () => {
  it('are found page by page too', async () => {
    // This character becomes 18 in the form in which names are compared.
    const names = ['a', 'b'].map((end) => `${'\u{fdfa}'.repeat(63)}${end}`);
    for (const username of names) {
      const player = { username, displayName: 'Long', passwordHash: 'none' };
      await t.store.users.register(player, new Date());
    }
    const query = `query=${encodeURIComponent('\u{fdfa}')}&limit=1`;
    const search = (more: string) =>
      t.call('GET', `/api/users?${query}${more}`, { token: admin.accessToken });
    const first = await search('');
    const second = await search(`&cursor=${first.body.nextCursor}`);
    assert.equal(second.status, 200, JSON.stringify(second.body));
    const shown = [first, second].flatMap(({ body }) => body.items as { username: string }[]);
    assert.deepEqual(
      shown.map(({ username }) => username),
      names,
    );
  });
});

describe('a player', () => {
  it('sees only their own, whatever they ask for', async () => {
    const player = await t.signIn();
    for (const path of ['/api/event-claims', '/api/grants']) {
      for (const query of ['', '?userId=usr_1', '?idempotencyKey=key_1', '?eventId=evt_1']) {
        if (path === '/api/grants' && query.includes('Key')) continue;
        const { body } = await t.call('GET', path + query, { token: player.accessToken });
        assert.deepEqual(body.items, [], path + query);
      }
    }
    const summary = { token: player.accessToken };
    assert.equal((await t.call('GET', '/api/event-claims/summary', summary)).status, 403);
  });
});
