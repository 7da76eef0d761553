import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type Fields, type SignedIn, type TestApp, testApp } from '../test-app.ts';
import { createTrustedIssuers } from './issuers.ts';
import { startTestIssuer, type TestIssuer } from './test-issuer.ts';

interface UserBody {
  id: string;
  externalId: string;
  role: string;
}

const ROLES = {
  claim: 'groups',
  map: { ops: 'OPERATOR', boss: 'ADMIN', servers: 'GAME_SERVER' },
  allowAdmin: true,
} as const;

let game: TestIssuer;
/** Maps no roles. */
let plain: TestIssuer;
let t: TestApp;
let admin: SignedIn;
before(async () => {
  [game, plain] = await Promise.all([startTestIssuer('game'), startTestIssuer('plain')]);
  const issuers = createTrustedIssuers([{ ...game.settings, roles: ROLES }, plain.settings], {
    now: () => new Date(),
    onTrouble: () => {},
  });
  t = await testApp({ issuers });
});
after(async () => {
  await t.close();
  await Promise.all([game.close(), plain.close()]);
});
beforeEach(async () => {
  admin = await t.signIn('ADMIN');
});

let subjects = 0;
const newSubject = () => `player-${++subjects}`;
const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000);
const profile = (token: string) => t.call<UserBody & Fields>('GET', '/api/auth/profile', { token });
const change = (userId: string, body: object) =>
  t.call<UserBody>('PATCH', `/api/users/${userId}`, { token: admin.accessToken, body });

describe('a token of a trusted issuer', () => {
  it('is enough: its user is made once, also when fifty requests bring the first ones', async () => {
    const sub = newSubject();
    const tokens = await Promise.all(Array.from({ length: 50 }, () => plain.token(sub)));
    const answers = await Promise.all(tokens.map(profile));
    for (const { status } of answers) assert.equal(status, 200);
    assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1);
    const externalId = `ext:plain:${sub}`;
    assert.deepEqual(
      [answers[0]?.body.externalId, answers[0]?.body.role, answers[0]?.body.username],
      [externalId, 'PLAYER', externalId],
    );
    assert.equal(await t.store.users.model.countDocuments({ externalId }), 1);
  });

  it('is another user for the same subject of another issuer', async () => {
    const sub = newSubject();
    const [one, two] = [
      await profile(await plain.token(sub)),
      await profile(await game.token(sub)),
    ];
    assert.notEqual(one.body.id, two.body.id);
  });

  it('is refused once its user is banned, whatever the issuer says, and counts again after', async () => {
    const token = await game.token(newSubject(), { groups: ['ops'] });
    const { id } = (await profile(token)).body;
    await change(id, { status: 'BANNED' });
    const refusal = await profile(token);
    assert.deepEqual([refusal.status, refusal.body.code], [403, 'user_not_active']);
    await change(id, { status: 'ACTIVE' });
    assert.equal((await profile(token)).status, 200);
  });

  it('is no password: nobody signs in by its name', async () => {
    const { body } = await profile(await plain.token(newSubject()));
    const given = { username: body.username, password: 'a password of twelve' };
    const answer = await t.call('POST', '/api/auth/login', { body: given });
    assert.deepEqual([answer.status, answer.body.code], [401, 'invalid_credentials']);
    for (const username of [`ext:plain:${newSubject()}`, 'EXT:x', 'ｅxt:x']) {
      const taken = await t.call('POST', '/api/auth/register', { body: { ...given, username } });
      assert.deepEqual([taken.status, taken.body.code], [400, 'invalid_request'], username);
    }
  });

  it('is 503 with Retry-After while the keys cannot be had, and makes nobody', async (u) => {
    const away = await startTestIssuer('away');
    u.after(() => away.close());
    away.answerWith((response) => response.writeHead(500).end());
    const issuers = createTrustedIssuers([away.settings], {
      now: () => new Date(),
      onTrouble: () => {},
    });
    const other = await testApp({ issuers });
    u.after(() => other.close());
    const answer = await other.call('GET', '/api/auth/profile', { token: await away.token('a') });
    assert.deepEqual([answer.status, answer.body.code], [503, 'unavailable']);
    assert.equal(answer.headers.get('retry-after'), '2');
    assert.equal(await other.store.users.model.countDocuments(), 0);
  });

  it('is answered 401 like ours once it has expired, or is nobody’s', async () => {
    const old = await profile(await plain.token('a', {}, ago(3_600)));
    assert.deepEqual([old.status, old.body.code], [401, 'token_expired']);
    const forged = await profile(`${(await plain.token('a')).slice(0, -43)}${'A'.repeat(43)}`);
    assert.deepEqual([forged.status, forged.body.code], [401, 'unauthenticated']);
  });

  it('is of another user once its external ID was taken from the first', async () => {
    const token = await plain.token(newSubject());
    const { id } = (await profile(token)).body;
    await t.store.users.model.updateOne({ _id: id }, { $unset: { externalId: 1 } });
    t.deps.currentUsers.forget(id);
    const next = await profile(token);
    assert.equal(next.status, 200);
    assert.notEqual(next.body.id, id);
  });
});

describe('the role of an issuer that maps roles', () => {
  const roleBy = async (token: string) => (await profile(token)).body.role;

  it('is given at first sight, changes with a later token, and an earlier one changes nothing', async () => {
    const sub = newSubject();
    const early = await game.token(sub, { groups: ['ops'] }, ago(60));
    const late = await game.token(sub, {}, ago(30));
    assert.equal(await roleBy(early), 'OPERATOR');
    assert.equal(await roleBy(late), 'PLAYER');
    assert.equal(await roleBy(early), 'PLAYER');
    const { id } = (await profile(late)).body;
    const entries = await t.store.auditLog.page({ targetId: id }, undefined, 10);
    assert.deepEqual(
      entries.map((entry) => [entry.actorId, (entry.after as { role: string }).role]),
      [
        ['issuer/game', 'PLAYER'],
        ['issuer/game', 'OPERATOR'],
      ],
    );
  });

  it('counts over the role that an admin gives, from the next token on', async () => {
    const sub = newSubject();
    const token = await game.token(sub, { groups: ['ops'] }, ago(60));
    const { id } = (await profile(token)).body;
    await change(id, { role: 'AUDITOR' });
    assert.equal(await roleBy(token), 'AUDITOR');
    assert.equal(await roleBy(await game.token(sub, { groups: ['ops'] }, ago(30))), 'OPERATOR');
  });

  it('is what routes go by', async () => {
    const token = await game.token(newSubject(), { groups: ['servers'] });
    const sent = { token, body: { events: [] } };
    assert.equal((await t.call('POST', '/api/activity-events', sent)).status, 202);
    const player = await game.token(newSubject());
    const refused = await t.call('POST', '/api/activity-events', { ...sent, token: player });
    assert.equal(refused.status, 403);
  });

  it('is Laurel’s where the issuer maps none', async () => {
    const sub = newSubject();
    const { id } = (await profile(await plain.token(sub, { groups: ['ops'] }))).body;
    await change(id, { role: 'SUPPORT' });
    assert.equal(await roleBy(await plain.token(sub)), 'SUPPORT');
  });

  it('is never taken from the last active admin: the token is refused', async () => {
    const sub = newSubject();
    const { id } = (await profile(await game.token(sub, { groups: ['boss'] }, ago(60)))).body;
    await t.store.users.model.updateMany(
      { role: 'ADMIN', _id: { $ne: id } },
      { $set: { role: 'PLAYER' } },
    );
    const answer = await profile(await game.token(sub, {}, ago(30)));
    assert.deepEqual([answer.status, answer.body.code], [403, 'forbidden']);
    assert.equal((await t.store.users.get(id))?.role, 'ADMIN');
  });
});
