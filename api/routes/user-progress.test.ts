/** What support sees of one user: their record, and what is counted for them. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Fields, type SignedIn, type TestApp, testApp } from '../test-app.ts';

interface Page {
  items: Fields[];
  nextCursor: string | null;
}

let t: TestApp;
let support: SignedIn;
before(async () => {
  t = await testApp();
  support = await t.signIn('SUPPORT');
});
after(() => t.close());

const get = <T = Fields>(path: string) => t.call<T>('GET', path, { token: support.accessToken });

describe('a user', () => {
  it('is shown to staff, without the hash of the password', async () => {
    const player = await t.signIn();
    const { status, body } = await get(`/api/users/${player.id}`);
    assert.equal(status, 200);
    const { createdAt, ...rest } = body;
    assert.ok(Number.isFinite(Date.parse(String(createdAt))));
    const { username } = player;
    const names = { username, displayName: username, externalId: null };
    assert.deepEqual(rest, { id: player.id, ...names, role: 'PLAYER', status: 'ACTIVE' });
  });

  for (const userId of ['usr_0123', 'x', '%7B%22$gt%22:%22%22%7D', '%00', '%E0%A4%A']) {
    it(`is nobody under ${userId}, and has no progress`, async () => {
      for (const path of [`/api/users/${userId}`, `/api/users/${userId}/progress`]) {
        const answer = await get(path);
        assert.deepEqual([answer.status, answer.body.code], [404, 'not_found']);
      }
    });
  }

  it('is changed by no SUPPORT', async () => {
    const call = { token: support.accessToken, body: { status: 'BANNED' } };
    const answer = await t.call('PATCH', `/api/users/${support.id}`, call);
    assert.deepEqual([answer.status, answer.body.code], [403, 'forbidden']);
  });
});

describe("a user's progress", () => {
  it('says what was counted, page by page', async () => {
    const { id: userId } = await t.signIn();
    const at = new Date(Date.now() - 60_000).toISOString();
    // As long as they may be: each character is four bytes.
    const key = '\u{1f600}'.repeat(128);
    const metric = '\u{1f3f0}'.repeat(128);
    const events = [
      { id: 'p1', metric: 'boss.killed', key: 'zakum', value: 2 },
      { id: 'p2', metric: 'boss.killed', key: 'zakum' },
      { id: 'p3', metric: 'boss.killed' },
      { id: 'p4', metric, key },
      { id: 'p5', metric, key: `${key.slice(2)}\u{1f601}` },
    ].map((event) => ({ ...event, userId, at }));
    assert.equal((await t.store.progress.ingest(events, new Date())).accepted, 5);

    const path = `/api/users/${userId}/progress?limit=1`;
    const seen: Fields[] = [];
    for (let cursor = ''; ; ) {
      const { status, body } = await get<Page>(path + cursor);
      assert.equal(status, 200, JSON.stringify(body));
      seen.push(...body.items);
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    assert.deepEqual(seen.slice(0, 2), [
      { metric: 'boss.killed', key: null, sum: 1, highest: null, latest: null, lastSeenAt: at },
      { metric: 'boss.killed', key: 'zakum', sum: 3, highest: 2, latest: 2, lastSeenAt: at },
    ]);
    assert.deepEqual(
      seen.slice(2).map(({ sum }) => sum),
      [1, 1],
    );
  });

  for (const query of ['cursor=garbage', 'cursor=e30', 'limit=0', 'metric=level']) {
    it(`refuses ?${query}`, async () => {
      const answer = await get(`/api/users/${support.id}/progress?${query}`);
      assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_request']);
    });
  }
});
