/** External IDs in requests: wherever a user's ID stands. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { readExternalId } from '../../domain/external-id.ts';
import { type Fields, type SignedIn, type TestApp, testApp } from '../test-app.ts';
import { createTrustedIssuers } from './issuers.ts';
import { startTestIssuer, type TestIssuer } from './test-issuer.ts';

interface Page {
  items: Fields[];
}

let game: TestIssuer;
let t: TestApp;
let admin: SignedIn;
let server: SignedIn;
before(async () => {
  game = await startTestIssuer('game');
  const issuers = createTrustedIssuers([game.settings], {
    now: () => new Date(),
    onTrouble: assert.ifError,
  });
  t = await testApp({ issuers });
  admin = await t.signIn('ADMIN');
  server = await t.signIn('GAME_SERVER');
});
after(async () => {
  await t.close();
  await game.close();
});

let subjects = 0;
const newId = () => `ext:game:player/${++subjects}`;
const get = <T = Page>(path: string) => t.call<T>('GET', path, { token: admin.accessToken });
const pathOf = (id: string) => `/api/users/${encodeURIComponent(id)}`;
const patch = (id: string, body: object) =>
  t.call<Fields>('PATCH', pathOf(id), { token: admin.accessToken, body });

let sent = 0;
async function send(...events: Fields[]) {
  const body = {
    events: events.map((event) => ({
      id: `event-${++sent}`,
      metric: 'wins',
      at: new Date().toISOString(),
      ...event,
    })),
  };
  const token = server.accessToken;
  return (await t.call<Fields>('POST', '/api/activity-events', { token, body })).body;
}

describe('an external ID', () => {
  it('names one player: by activity first, then by a status, then by a token', async () => {
    const externalId = newId();
    const unseen = await get<Fields>(pathOf(externalId));
    assert.deepEqual([unseen.status, unseen.body.code], [404, 'not_found']);
    assert.deepEqual(await send({ userId: externalId }, { userId: externalId }), {
      ...{ accepted: 2, duplicates: 0, rejected: [] },
    });
    const banned = await patch(externalId, { status: 'BANNED' });
    assert.deepEqual([banned.status, banned.body.externalId], [200, externalId]);
    const id = String(banned.body.id);
    await patch(id, { status: 'ACTIVE' });
    const token = await game.token(externalId.slice('ext:game:'.length));
    const profile = await t.call<Fields>('GET', '/api/auth/profile', { token });
    assert.equal(profile.body.id, id);
    assert.equal((await get<Fields>(pathOf(externalId))).body.id, id);
    const progress = await get(`${pathOf(externalId)}/progress`);
    assert.deepEqual(
      progress.body.items.map(({ metric, sum }) => [metric, sum]),
      [['wins', 2]],
    );
  });

  it('names the same player in a repeated event as the ID of ours', async () => {
    const externalId = newId();
    const { body } = await patch(externalId, { status: 'ACTIVE' });
    const event = { id: 'the-same', at: new Date().toISOString() };
    await send({ ...event, userId: externalId });
    assert.deepEqual(await send({ ...event, userId: body.id }), {
      ...{ accepted: 0, duplicates: 1, rejected: [] },
    });
  });

  it('makes a user by a change alone', async () => {
    const { status, body } = await patch(newId(), { status: 'SUSPENDED' });
    assert.deepEqual([status, body.status, body.role], [200, 'SUSPENDED', 'PLAYER']);
  });

  it('is null for all others', async () => {
    const { body } = await get<Fields>(pathOf(admin.id));
    assert.equal(body.externalId, null);
  });

  const LISTS = [
    ['/api/users', 'externalId'],
    ['/api/users', 'query'],
    ['/api/event-claims', 'userId'],
    ['/api/grants', 'userId'],
    ['/api/audit-log', 'actorId'],
    ['/api/audit-log', 'targetId'],
  ] as const;
  for (const [path, name] of LISTS) {
    it(`filters ${path} by ${name}, and fits nothing where nobody has it`, async () => {
      const externalId = newId();
      const query = new URLSearchParams({ [name]: externalId });
      const nobody = await get(`${path}?${query}`);
      assert.deepEqual([nobody.status, nobody.body.items], [200, []]);
      const { body } = await patch(externalId, { status: 'BANNED' });
      const items = (await get(`${path}?${query}`)).body.items;
      const isFound = path === '/api/users' || name === 'targetId';
      assert.deepEqual(
        items.map((item) => item.id ?? item.targetId),
        isFound ? [body.id] : [],
      );
    });
  }

  it('is refused in a filter where it cannot be one, or of an unknown issuer', async () => {
    for (const externalId of ['ext:game:', 'ext:other:1', 'ext:']) {
      const query = encodeURIComponent(externalId);
      for (const path of [
        `/api/users?externalId=${query}`,
        `/api/event-claims?userId=${query}`,
        `/api/event-claims/summary?userId=${query}`,
        `/api/grants?userId=${query}`,
        `/api/events/evt_1/eligibility?userId=${query}`,
      ]) {
        const { status, body } = await get<Fields>(path);
        assert.deepEqual([status, body.code], [400, 'invalid_request'], path);
      }
      assert.equal((await get<Fields>(`/api/users/${query}`)).status, 404);
      assert.equal((await patch(externalId, { status: 'BANNED' })).status, 404);
    }
    const { body } = await patch('ext:other:1', { status: 'BANNED' });
    assert.equal(body.detail, 'No trusted issuer is named other.');
  });

  it('is rejected in an event where it cannot be one, and the others count', async () => {
    const ids = ['ext:other:1', 'ext:game:', newId(), 'usr_nobody'];
    assert.deepEqual(await send(...ids.map((userId) => ({ userId }))), {
      accepted: 1,
      duplicates: 0,
      rejected: [
        { index: 0, message: 'userId: No trusted issuer is named other' },
        {
          index: 1,
          message:
            'userId: Not ext:{issuer name}:{subject}, with a subject of 1 to 255 visible characters without blanks',
        },
        { index: 3, message: 'userId: There is no user with this ID' },
      ],
    });
  });

  it('comes back as it went, whatever characters it has', async () => {
    const odd = fc.constantFrom(
      ':',
      '/',
      '%',
      '%2F',
      '?',
      '#',
      '&',
      '+',
      '=',
      '\\',
      '..',
      'é',
      '가',
      '👾',
      '"',
    );
    const part = fc.oneof(odd, fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }));
    const subject = fc.array(part, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
    const names = new Set(['game']);
    await fc.assert(
      fc.asyncProperty(subject, async (sub) => {
        const read = readExternalId(`ext:game:${sub}`, names);
        fc.pre('externalId' in read);
        const { externalId } = read as { externalId: string };
        const made = await patch(`ext:game:${sub}`, { status: 'ACTIVE' });
        assert.deepEqual([made.status, made.body.externalId], [200, externalId]);
        const again = await get<Fields>(pathOf(externalId));
        assert.equal(again.body.id, made.body.id);
        const query = new URLSearchParams({ externalId });
        const listed = await get(`/api/users?${query}`);
        assert.deepEqual(
          listed.body.items.map(({ id }) => id),
          [made.body.id],
        );
        const events = await send({ userId: externalId });
        assert.deepEqual(events.rejected, []);
        const token = await game.token(externalId.slice('ext:game:'.length));
        const profile = await t.call<Fields>('GET', '/api/auth/profile', { token });
        assert.equal(profile.body.id, made.body.id);
      }),
      { numRuns: 60 },
    );
  });
});
