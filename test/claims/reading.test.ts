import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { ClaimBody } from '../../api/claims/claim-body.ts';
import { dataOf } from '../../client/index.ts';
import { CLAIM_STATES, type ClaimState } from '../../domain/claims/claim.ts';
import { ROLES, STAFF } from '../../domain/user.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import { MOUNT } from '../game-claims.ts';
import { CAPE, event, MESOS, recordOf } from '../helpers.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { unexpectedAnswers } from '../laurel-http.ts';
import { uniqueName } from '../servers.ts';

interface Page<T> {
  items: T[];
  nextCursor: string | null;
}
interface Grant {
  grantId: string;
  lineId: string;
  claimId: string;
  userId: string;
}

let laurel: Laurel;
/** A granted claim's record, to be copied where many claims are wanted. */
let sample: Claim;

before(async () => {
  laurel = await startLaurel({
    api: { webUi: { url: 'http://temporal.test/', namespace: 'a namespace' } },
  });
  const { eventId } = await event(laurel, { rewards: [MESOS] });
  const { token } = await laurel.signIn();
  const { body } = await laurel.claim(eventId, token, { waitS: 30 });
  // Copies cannot all have what one claim is entitled by.
  const { entitlements: _, ...copied } = await recordOf(laurel, body.claimId);
  sample = copied;
});
after(() => laurel.stop());

/** Records copies of the sample, each changed as said. @returns their IDs, as given */
async function record(changes: Partial<Claim>[]): Promise<string[]> {
  const claims = changes.map((change) => ({
    ...sample,
    _id: `clm_${uniqueName('').slice(1)}`,
    idempotencyKey: uniqueName('key'),
    ...change,
  }));
  await laurel.store.claims.model.insertMany(claims);
  return claims.map((claim) => claim._id);
}

const minute = (n: number) => new Date(Date.UTC(2026, 0, 1, 0, n));

/** One page of a list. `path` ends in a query. */
async function pageAt<T>(path: string, token: string, cursor: string | null): Promise<Page<T>> {
  const from = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
  const { status, body } = await laurel.call<Page<T>>('GET', path + from, { token });
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

/** Every page of a list, from the first to the last. */
async function pagesOf<T>(path: string, token: string): Promise<T[][]> {
  const pages: T[][] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await pageAt<T>(path, token, cursor);
    pages.push(page.items);
    cursor = page.nextCursor;
    assert.ok(pages.length < 100, 'the list ends');
  } while (cursor !== null);
  return pages;
}

const idsOf = (claims: { claimId: string }[]) => claims.map((claim) => claim.claimId);

describe('a claim', { concurrency: true }, () => {
  it('is read by its player, who is not told where it runs', async () => {
    const { eventId } = await event(laurel);
    const { token } = await laurel.signIn();
    const { body } = await laurel.claim(eventId, token, { waitS: 30 });
    const read = await laurel.call<ClaimBody>('GET', body.links.self, { token });
    assert.equal(read.status, 200);
    assert.deepEqual(read.body, body);
    assert.deepEqual(Object.keys(read.body.links), ['self', 'stream']);
  });

  it('is read by staff, who are told where it runs', async () => {
    for (const role of STAFF) {
      const { token } = await laurel.signIn(role);
      const params = { path: { claimId: sample._id } };
      const read = await dataOf(laurel.as(token).GET('/api/event-claims/{claimId}', { params }));
      const link = new URL(read.links.workflow ?? '');
      assert.equal(link.origin, 'http://temporal.test');
      assert.equal(link.pathname, '/namespaces/a%20namespace/workflows');
      const id = `claim/${sample.userId}/${sample.idempotencyKey}`;
      assert.equal(link.searchParams.get('query'), `WorkflowId="${id}"`);
    }
  });

  it('is not there for another player, nor for a game server', async () => {
    for (const role of ROLES.filter((r) => !(STAFF as readonly string[]).includes(r))) {
      const { token } = await laurel.signIn(role);
      for (const path of ['', '/stream']) {
        const address = `/api/event-claims/${sample._id}${path}`;
        const answer = await laurel.call('GET', address, { token });
        assert.deepEqual([answer.status, answer.body.code], [404, 'not_found'], `${role} ${path}`);
      }
    }
  });

  it('is not there under an unknown or malformed ID', async () => {
    const { token } = await laurel.signIn('ADMIN');
    for (const id of [
      'clm_1',
      '%00',
      '%',
      '{"$gt":""}',
      '%7B%22%24gt%22%3A%22%22%7D',
      'x'.repeat(5_000),
    ]) {
      for (const path of ['', '/stream']) {
        const answer = await laurel.call('GET', `/api/event-claims/${id}${path}`, { token });
        assert.deepEqual([answer.status, answer.body.code], [404, 'not_found'], id.slice(0, 20));
      }
    }
  });

  it('is waited for where the reader prefers that', async () => {
    const { eventId } = await event(laurel, { fulfillment: { provider: 'game' } });
    laurel.game.rules.add({ do: 'pending', eventId });
    const { token } = await laurel.signIn();
    const { body } = await laurel.claim(eventId, token);
    const read = (header: { Prefer?: string }) => {
      const params = { path: { claimId: body.claimId }, header };
      return laurel.as(token).GET('/api/event-claims/{claimId}', { params });
    };
    const waiting = read({ Prefer: 'wait=20' });
    const running = await read({});
    assert.equal(running.response.headers.get('preference-applied'), null);
    await laurel.game.waitFor((game) => game.ledger().some((g) => g.asked?.eventId === eventId));
    laurel.game.settle(`${body.claimId}:cape`, 'GRANTED');
    const { data, response } = await waiting;
    assert.deepEqual([response.status, data?.state], [200, 'GRANTED']);
    assert.equal(response.headers.get('preference-applied'), 'wait=20');
  });
});

describe('the list of claims', { concurrency: true }, () => {
  it('comes in pages, newest first, without gap or repeat, also among equal times', async () => {
    const { id, token } = await laurel.signIn();
    // Three claims a minute: every page ends amid equals.
    const all = await record(
      Array.from({ length: 21 }, (_, i) => ({ userId: id, createdAt: minute(Math.floor(i / 3)) })),
    );
    for (const limit of [1, 4, 20, 21, 200]) {
      const pages = await pagesOf<ClaimBody>(`/api/event-claims?limit=${limit}`, token);
      assert.equal(pages.length, Math.ceil(21 / limit));
      assert.deepEqual(idsOf(pages.flat()).sort(), all.toSorted());
      const times = pages.flat().map((claim) => claim.createdAt);
      assert.deepEqual(times, times.toSorted().reverse());
    }
  });

  it('has fifty a page where nobody says otherwise', async () => {
    const { id, token } = await laurel.signIn();
    await record(Array.from({ length: 51 }, () => ({ userId: id })));
    const pages = await pagesOf('/api/event-claims?', token);
    assert.deepEqual(
      pages.map((page) => page.length),
      [50, 1],
    );
  });

  it('goes on where it stood though claims were added meanwhile', async () => {
    const { id, token } = await laurel.signIn();
    const [, two, one] = await record([3, 2, 1].map((n) => ({ userId: id, createdAt: minute(n) })));
    const path = '/api/event-claims?limit=1';
    const first = await pageAt<ClaimBody>(path, token, null);
    await record([{ userId: id, createdAt: minute(4) }]);
    const second = await pageAt<ClaimBody>(path, token, first.nextCursor);
    const third = await pageAt<ClaimBody>(path, token, second.nextCursor);
    assert.deepEqual([...idsOf(second.items), ...idsOf(third.items)], [two, one]);
    assert.equal(third.nextCursor, null);
  });

  it('is a player’s own alone, whatever they ask for', async () => {
    const { id, token } = await laurel.signIn();
    const [own] = await record([{ userId: id }]);
    for (const query of ['', `userId=${sample.userId}`, `eventId=${sample.eventId}`]) {
      const [page] = await pagesOf<ClaimBody>(`/api/event-claims?${query}`, token);
      assert.deepEqual(idsOf(page ?? []), [own], query);
      assert.equal(page?.[0]?.links.workflow, undefined);
    }
  });

  it('of staff is everybody’s, with links to the runs', async () => {
    const { token } = await laurel.signIn('OPERATOR');
    const query = `userId=${sample.userId}`;
    const [page] = await pagesOf<ClaimBody>(`/api/event-claims?${query}`, token);
    assert.deepEqual(idsOf(page ?? []), [sample._id]);
    assert.ok(page?.[0]?.links.workflow);
  });

  it('is narrowed by player, event, state and time', async () => {
    const { id } = await laurel.signIn();
    const { token } = await laurel.signIn('AUDITOR');
    const states: ClaimState[] = [...CLAIM_STATES];
    const ids = await record(
      states.map((state, i) => ({
        userId: id,
        eventId: `evt_${i % 2}`,
        state,
        createdAt: minute(i),
      })),
    );
    const found = async (query: string) =>
      idsOf((await pagesOf<ClaimBody>(`/api/event-claims?userId=${id}&${query}`, token)).flat());
    const newestFirst = (...indexes: number[]) => indexes.map((i) => ids[i]);

    for (const [i, state] of states.entries()) {
      assert.deepEqual(await found(`state=${state}`), newestFirst(i));
    }
    assert.deepEqual(await found('eventId=evt_1'), newestFirst(7, 5, 3, 1));
    const [from, to] = [minute(2).toISOString(), minute(5).toISOString()];
    assert.deepEqual(await found(`from=${from}`), newestFirst(8, 7, 6, 5, 4, 3, 2));
    assert.deepEqual(await found(`to=${to}`), newestFirst(4, 3, 2, 1, 0));
    assert.deepEqual(await found(`from=${from}&to=${to}&eventId=evt_1`), newestFirst(3));
    const abroad = encodeURIComponent('2026-01-01T09:05:00+09:00');
    assert.deepEqual(await found(`to=${abroad}&limit=2`), newestFirst(4, 3, 2, 1, 0));
    assert.deepEqual(await found(`state=GRANTED&eventId=evt_1`), []);
  });

  it('refuses what it cannot be asked', async () => {
    const { token } = await laurel.signIn('ADMIN');
    const position = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const queries = [
      ...['limit=0', 'limit=201', 'limit=-1', 'limit=1.5', 'limit=ten', 'limit='],
      ...['state=NONE', 'state=', 'from=yesterday', 'to=2026-01-01', 'from=2026-13-01T00:00:00Z'],
      ...['userId=a&userId=b', 'state=GRANTED&state=FAILED', `userId=${'x'.repeat(700)}`],
      ...['cursor=', 'cursor=x', `cursor=${'x'.repeat(513)}`],
      `cursor=${position({ at: { $gt: '' }, id: { $gt: '' } })}`,
      `cursor=${position({ at: minute(0), id: 'clm_1', more: 1 })}`,
      `cursor=${position(null)}`,
    ];
    for (const path of ['/api/event-claims', '/api/grants']) {
      for (const query of queries) {
        if (path === '/api/grants' && query.startsWith('state')) continue;
        const answer = await laurel.call('GET', `${path}?${query}`, { token });
        assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_request'], query);
      }
    }
  });

  it('finds nothing by an operator of the database', async () => {
    const { token } = await laurel.signIn('ADMIN');
    for (const query of ['userId={"$gt":""}', 'eventId={"$gt":""}&userId={"$ne":null}']) {
      const answer = await laurel.call<Page<ClaimBody>>('GET', `/api/event-claims?${query}`, {
        token,
      });
      assert.deepEqual([answer.status, answer.body.items], [200, []], query);
    }
  });
});

describe('the list of grants', { concurrency: true }, () => {
  const LINES = [CAPE, MOUNT, MESOS];

  /** A claim that ended at that minute with so many of its three lines granted. */
  const endedWith = (userId: string, granted: number, n: number): Partial<Claim> => ({
    userId,
    endedAt: minute(n),
    lines: LINES.map(({ rewardId, kind, name, quantity }, i) => ({
      lineId: rewardId,
      kind,
      name,
      quantity,
      buckets: null,
      state: i < granted ? 'GRANTED' : 'REVOKED',
      grantedAt: i < granted ? minute(n) : null,
    })),
  });

  it('tells what a player was given, line by line', async () => {
    const { eventId } = await event(laurel, { rewards: [CAPE, MOUNT] });
    const { id, token } = await laurel.signIn();
    const { claimId, lines } = (await laurel.claim(eventId, token, { waitS: 30 })).body;
    const [page] = await pagesOf<Grant>('/api/grants?', token);
    assert.deepEqual(
      page,
      [CAPE, MOUNT].map(({ rewardId, kind, name, quantity }, i) => ({
        grantId: `${claimId}:${rewardId}`,
        claimId,
        lineId: rewardId,
        eventId,
        userId: id,
        kind,
        name,
        quantity,
        grantedAt: lines[i]?.grantedAt,
      })),
    );
  });

  it('comes in pages, latest first, without gap or repeat, also amid a claim', async () => {
    const { id, token } = await laurel.signIn();
    const claims = [3, 0, 1, 2, 3, 3].map((granted, n) =>
      endedWith(id, granted, Math.floor(n / 2)),
    );
    await record(claims);
    const [all] = await pagesOf<Grant>('/api/grants?limit=200', token);
    assert.equal(all?.length, 12);
    assert.equal(new Set(all?.map((g) => g.grantId)).size, 12);
    for (const limit of [1, 2, 3, 5, 11, 12]) {
      const pages = await pagesOf<Grant>(`/api/grants?limit=${limit}`, token);
      assert.deepEqual(pages.flat(), all, `${limit} a page`);
      assert.equal(pages.length, Math.ceil(12 / limit));
    }
  });

  it('is a player’s own alone, and everybody’s to staff', async () => {
    const { id, token } = await laurel.signIn();
    await record([endedWith(id, 1, 0)]);
    const asked = async (path: string, by: string) =>
      new Set((await pagesOf<Grant>(path, by)).flat().map((g) => g.userId));
    assert.deepEqual(await asked(`/api/grants?userId=${sample.userId}`, token), new Set([id]));
    const { token: staff } = await laurel.signIn('AUDITOR');
    assert.deepEqual(await asked(`/api/grants?userId=${id}`, staff), new Set([id]));
    const everybody = await asked('/api/grants?limit=200', staff);
    assert.ok(everybody.has(id) && everybody.has(sample.userId));
  });

  it('has nothing of a claim that still runs', async () => {
    const { id, token } = await laurel.signIn();
    const parked = { ...endedWith(id, 1, 0), state: 'NEEDS_ATTENTION' as const, endedAt: null };
    await record([parked]);
    assert.deepEqual(await pagesOf('/api/grants?', token), [[]]);
  });
});

describe('docs/laurel.http', () => {
  it('can be sent from top to bottom, and each request is answered as its title says', async () => {
    const file = readFileSync(new URL('../../docs/laurel.http', import.meta.url), 'utf8');
    const admin = { username: uniqueName('admin'), password: 'a long enough password' };
    await dataOf(laurel.as().POST('/api/auth/register', { body: admin }));
    await laurel.store.users.model.updateOne({ username: admin.username }, { role: 'ADMIN' });
    const unexpected = await unexpectedAnswers(file, {
      api: laurel.url,
      adminName: admin.username,
      adminPassword: admin.password,
      playerName: uniqueName('player'),
      key: uniqueName('key'),
    });
    assert.deepEqual(unexpected, []);
  });
});
