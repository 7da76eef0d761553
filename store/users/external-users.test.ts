import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { profiled, type StoreFixture, storeFixture, unique } from '../test-store.ts';
import { createKnownUsers } from './known-users.ts';
import type { StaffContext } from './staff.ts';

const now = new Date('2026-11-22T10:00:00Z');
const at = (minutes: number) => new Date(now.getTime() + minutes * 60_000);

let f: StoreFixture;
before(async () => {
  f = await storeFixture();
});
after(() => f.close());

const newId = () => `ext:game:${unique('sub')}`;
const users = () => f.store.users;

describe('a user of a trusted issuer', () => {
  it('is made once, however many ask at the same time', async () => {
    const externalId = newId();
    const others = createKnownUsers(f.connection);
    const made = await Promise.all([
      ...Array.from({ length: 50 }, () => users().ensureExternal(externalId, now)),
      ...Array.from({ length: 10 }, async () =>
        (await others.resolve([externalId], now)).get(externalId),
      ),
    ]);
    assert.equal(new Set(made).size, 1);
    assert.equal(await users().model.countDocuments({ externalId }), 1);
    assert.equal(await users().findExternal(externalId), made[0]);
  });

  it('is a player without a password, whose name is the external ID', async () => {
    const externalId = newId();
    const userId = await users().ensureExternal(externalId, now);
    const user = await users().get(userId);
    assert.deepEqual(
      [user?.username, user?.externalId, user?.role, user?.status],
      [externalId, externalId, 'PLAYER', 'ACTIVE'],
    );
    assert.equal(await users().findByUsername(externalId), null);
    const stored = await users().model.findById(userId).lean();
    assert.ok(stored && !('passwordHash' in stored));
  });

  it('is another one where only the case differs', async () => {
    const sub = unique('sub');
    const [lower, upper] = [`ext:game:${sub}`, `ext:game:${sub.toUpperCase()}`];
    const made = await Promise.all([lower, upper].map((id) => users().ensureExternal(id, now)));
    assert.notEqual(made[0], made[1]);
  });

  it('is made though somebody once registered that name', async () => {
    const externalId = newId();
    const named = { username: externalId, displayName: 'x', passwordHash: 'hash' };
    const { userId } = await users().register(named, now);
    const made = await users().ensureExternal(externalId, now);
    assert.notEqual(made, userId);
    assert.equal((await users().findByUsername(externalId))?.userId, userId);
  });

  it('is found by the beginning of the name, by the whole ID, and by a filter', async () => {
    const sub = unique('Found');
    const userId = await users().ensureExternal(`ext:game:${sub}`, now);
    const found = async (filter: Parameters<typeof f.store.users.page>[0]) =>
      (await users().page(filter, undefined, 10)).users.map((user) => user.userId);
    assert.deepEqual(await found({ query: `ext:game:${sub}` }), [userId]);
    assert.deepEqual(await found({ query: `ext:game:${sub.slice(0, -2).toLowerCase()}` }), [
      userId,
    ]);
    assert.deepEqual(await found({ externalId: `ext:game:${sub}` }), [userId]);
    assert.deepEqual(await found({ externalId: `ext:game:${sub}x` }), []);
    assert.deepEqual(await found({ username: `EXT:game:${sub}` }), [userId]);
    assert.deepEqual(await found({ username: `ext:game:${sub.slice(0, -2)}` }), []);
  });

  it('takes a status that the game reported before the user was made', async () => {
    const userId = await users().ensureExternal(newId(), now);
    const by: StaffContext = { actor: { userId: 'k', role: 'GAME_SERVER' }, requestId: 'r' };
    const report = { userId, status: 'BANNED', at: at(-30) } as const;
    const { isLatest, user } = await users().report(by, report, now);
    assert.deepEqual([isLatest, user.status], [true, 'BANNED']);
  });
});

describe('a batch that names many', () => {
  it('is one read and one insert, and neither where they are known', async () => {
    const known = createKnownUsers(f.connection);
    const old = await users().ensureExternal(newId(), now);
    const { externalId: oldId } = (await users().get(old)) ?? {};
    const ids = [...Array.from({ length: 900 }, newId), oldId as string];
    const sent = [...ids, ...ids.slice(0, 99)];
    let resolved = new Map<string, string>();
    const seen = await profiled(f.connection, 'users', async () => {
      resolved = await known.resolve(sent, now);
    });
    assert.deepEqual(
      seen.map(({ op }) => op),
      ['query', 'insert'],
    );
    assert.match(seen[0]?.planSummary ?? '', /^IXSCAN \{ externalId: 1 \}/);
    assert.equal(resolved.size, 901);
    assert.equal(resolved.get(oldId as string), old);
    assert.equal(await users().model.countDocuments({ externalId: { $in: ids } }), 901);
    const again = await profiled(f.connection, 'users', async () => {
      assert.deepEqual(await known.resolve(sent, now), resolved);
    });
    assert.deepEqual(again, []);
  });

  it('leaves an unknown ID of ours out', async () => {
    const known = createKnownUsers(f.connection);
    assert.deepEqual(await known.resolve(['usr_nobody'], now), new Map());
  });
});

describe('the role that a token gives', () => {
  const by: StaffContext = {
    actor: { userId: 'issuer/game', role: 'GAME_SERVER' },
    requestId: 'r',
  };

  it('is the role of the latest token that changes it, and in the audit log', async () => {
    const userId = await users().ensureExternal(newId(), now);
    const take = (role: 'OPERATOR' | 'PLAYER', minutes: number) =>
      users().takeMappedRole(by, userId, { role, from: at(minutes) }, now);
    const role = async () => (await users().get(userId))?.role;
    await take('OPERATOR', 5);
    assert.equal(await role(), 'OPERATOR');
    await take('PLAYER', 4);
    await take('PLAYER', 5);
    assert.equal(await role(), 'OPERATOR');
    await take('PLAYER', 6);
    await take('OPERATOR', 5);
    assert.equal(await role(), 'PLAYER');
    const entries = await f.store.auditLog.page({ targetId: userId }, undefined, 10);
    assert.deepEqual(
      entries.map(({ actorId, action, before, after }) => [actorId, action, before, after]),
      [
        [
          'issuer/game',
          'user.update',
          { role: 'OPERATOR', status: 'ACTIVE' },
          { role: 'PLAYER', status: 'ACTIVE' },
        ],
        [
          'issuer/game',
          'user.update',
          { role: 'PLAYER', status: 'ACTIVE' },
          { role: 'OPERATOR', status: 'ACTIVE' },
        ],
      ],
    );
  });
});
