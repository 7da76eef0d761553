import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Connection } from 'mongoose';
import { dropDatabase } from '../../test/drop-database.ts';
import { type TestServers, testServers, uniqueName } from '../../test/servers.ts';
import { connect } from '../mongodb/connection.ts';
import { profiled } from '../test-store.ts';
import type { StaffContext } from './staff.ts';
import { createUserStore, type UserPosition, type UserStore } from './users.ts';

const now = new Date('2026-11-22T10:00:00Z');
const later = new Date('2026-11-22T11:00:00Z');
const newUser = (username: string) => ({ username, displayName: username, passwordHash: 'hash' });
const by = (userId: string): StaffContext => ({
  actor: { userId, role: 'ADMIN' },
  requestId: 'a-request',
});

let servers: TestServers;
let uri: string;
let connection: Connection;
let users: UserStore;
before(async () => {
  servers = await testServers();
  uri = servers.mongodbUri(uniqueName('users'));
  connection = await connect(uri, { appName: 'test' });
  users = createUserStore(connection);
  await users.model.createIndexes();
});
beforeEach(() => users.model.deleteMany());
after(async () => {
  await dropDatabase(connection);
  await connection.close();
  await servers.stop();
});

const admin = (username: string) => users.ensureAdmin(newUser(username), now);

describe('the first admin', () => {
  it('is made once, however many processes start at once', async () => {
    const made = await Promise.all(Array.from({ length: 16 }, () => admin('root')));
    assert.equal(new Set(made.map((user) => user.userId)).size, 1);
    assert.equal(await users.model.countDocuments(), 1);
    assert.equal(made[0]?.role, 'ADMIN');
  });

  it('never takes over a user who has the name, nor their password', async () => {
    const player = await users.register(newUser('Root'), now);
    const found = await users.ensureAdmin({ ...newUser('root'), passwordHash: 'other' }, later);
    assert.deepEqual(found, player);
    assert.equal((await users.findByUsername('root'))?.passwordHash, 'hash');
  });
});

describe('changing a user', () => {
  it('ends their tokens, says what was before and after, and keeps when the status changed', async () => {
    const boss = await admin('boss');
    const player = await users.register(newUser('player'), now);
    const { before, after } = await users.change(
      by(boss.userId),
      player.userId,
      { status: 'BANNED' },
      later,
    );
    assert.deepEqual(before, player);
    const changes = { status: 'BANNED', statusAt: later, updatedAt: later, tokenEpoch: 1 };
    assert.deepEqual(after, { ...player, ...changes });
    assert.deepEqual(await users.get(player.userId), after);
  });

  it('writes only when it was said where nothing differs', async () => {
    const player = await users.register(newUser('player'), now);
    const same = { role: 'PLAYER', status: 'ACTIVE' } as const;
    const { before, after } = await users.change(by('usr_boss'), player.userId, same, later);
    assert.deepEqual(after, before);
    assert.deepEqual(await users.get(player.userId), { ...player, statusAt: later });
  });

  it('finds nobody under an unknown ID', async () => {
    const change = users.change(by('usr_boss'), 'usr_nobody', { status: 'BANNED' }, later);
    await assert.rejects(change, { code: 'not_found' });
  });

  for (const change of [{ role: 'PLAYER' }, { status: 'WITHDRAWN' }] as const) {
    it(`keeps the last active admin from ${JSON.stringify(change)}`, async () => {
      const boss = await admin('boss');
      const former = await admin('former');
      await users.change(by(boss.userId), former.userId, { status: 'SUSPENDED' }, later);
      await assert.rejects(users.change(by(boss.userId), boss.userId, change, later), {
        code: 'conflict',
      });
      assert.deepEqual(await users.get(boss.userId), boss);
    });
  }

  it('leaves one of two admins who remove each other at once', async (t) => {
    const [a, b] = [await admin('a'), await admin('b')];
    // Each transaction has found the other admin before either of them is removed.
    const bothFound = Promise.withResolvers<void>();
    let found = 0;
    // Two connections, as for two processes: one connection runs its transactions one by one.
    const other = await connect(uri, { appName: 'test' });
    t.after(() => other.close());
    const others = createUserStore(other);
    for (const { model } of [users, others]) {
      const update = model.updateOne.bind(model) as (...args: unknown[]) => unknown;
      t.mock.method(model, 'updateOne', async (...args: unknown[]) => {
        const result = await update(...args);
        found += 1;
        if (found === 2) bothFound.resolve();
        await bothFound.promise;
        return result;
      });
    }
    const removals = await Promise.allSettled([
      users.change(by(a.userId), b.userId, { role: 'PLAYER' }, later),
      others.change(by(b.userId), a.userId, { status: 'BANNED' }, later),
    ]);
    assert.deepEqual(removals.map((r) => r.status).sort(), ['fulfilled', 'rejected']);
    assert.equal(await users.model.countDocuments({ role: 'ADMIN', status: 'ACTIVE' }), 1);
  });
});

describe('a status that another system reports', () => {
  const reporter: StaffContext = {
    actor: { userId: 'kafka/user.status', role: 'GAME_SERVER' },
    requestId: 'user.status/0/1',
  };
  const at = (minutes: number) => new Date(now.getTime() + minutes * 60_000);
  const report = (userId: string, status: 'ACTIVE' | 'BANNED', minutes: number) =>
    users.report(reporter, { userId, status, at: at(minutes) }, later);

  it('is taken as of its own time, and ends the tokens', async () => {
    const { userId } = await users.register(newUser('reported'), now);
    const { user, isLatest } = await report(userId, 'BANNED', 5);
    assert.ok(isLatest);
    assert.deepEqual(user, await users.get(userId));
    assert.deepEqual([user.status, user.statusAt, user.tokenEpoch], ['BANNED', at(5), 1]);
    assert.deepEqual(user.updatedAt, later);
  });

  it('changes nothing where a later one is known, also where that changed nothing', async () => {
    const { userId } = await users.register(newUser('late'), now);
    await report(userId, 'BANNED', 5);
    await report(userId, 'BANNED', 9);
    const { user, isLatest } = await report(userId, 'ACTIVE', 7);
    assert.deepEqual([isLatest, user.status, user.tokenEpoch], [false, 'BANNED', 1]);
    assert.deepEqual(user, await users.get(userId));
  });

  it('is older than what an admin says after it, whatever the clocks, and though it was so already', async () => {
    const { userId } = await users.register(newUser('corrected'), now);
    const staff: StaffContext = { actor: { userId: 'usr_admin', role: 'ADMIN' }, requestId: 'r' };
    await report(userId, 'BANNED', 5);
    await users.change(staff, userId, { status: 'ACTIVE' }, at(1));
    assert.equal((await report(userId, 'BANNED', 5)).user.status, 'ACTIVE');

    await users.change(staff, userId, { status: 'BANNED' }, at(10));
    await users.change(staff, userId, { status: 'BANNED' }, at(20));
    assert.equal((await report(userId, 'ACTIVE', 15)).user.status, 'BANNED');
    assert.equal((await report(userId, 'ACTIVE', 25)).user.status, 'ACTIVE');
  });

  it('is taken again as it was, without ending the tokens again', async () => {
    const { userId } = await users.register(newUser('again'), now);
    await report(userId, 'BANNED', 5);
    const { user, isLatest } = await report(userId, 'BANNED', 5);
    assert.deepEqual([isLatest, user.tokenEpoch], [true, 1]);
  });

  it('is refused for nobody, and for the last active admin', async () => {
    await assert.rejects(report('usr_none', 'BANNED', 5), { code: 'not_found' });
    const last = await admin('last');
    await assert.rejects(report(last.userId, 'BANNED', 5), { code: 'conflict' });
    assert.deepEqual(await users.get(last.userId), last);
  });
});

describe('a page of users', () => {
  it('walks through all of them, newest first, also those made in the same millisecond', async () => {
    const made: string[] = [];
    for (let n = 0; n < 12; n += 1) {
      const at = new Date(now.getTime() + Math.floor(n / 4));
      made.push((await users.register(newUser(`user-${n}`), at)).userId);
    }
    const seen: string[] = [];
    for (let from: UserPosition | null | undefined; from !== null; ) {
      const page = await users.page({}, from, 5);
      seen.push(...page.users.map((user) => user.userId));
      from = page.next;
    }
    assert.equal(seen.length, 12);
    assert.deepEqual(new Set(seen), new Set(made));
  });

  it('reads an index for every filter', async () => {
    const filters = [{}, { role: 'PLAYER' }, { status: 'ACTIVE' }, { usernameKey: 'x' }] as const;
    for (const filter of filters) {
      const plan = await users.model.find(filter).sort({ createdAt: -1, _id: -1 }).explain();
      assert.ok(!JSON.stringify(plan).includes('COLLSCAN'), JSON.stringify(filter));
    }
  });

  it("reads the names' index where it is asked for the beginning of one", async () => {
    const { userId } = await users.register(newUser('find-me'), now);
    await users.register(newUser('find-you'), now);
    const seen = await profiled(connection, 'users', async () => {
      for (const more of [{}, { role: 'PLAYER' }, { status: 'ACTIVE' }] as const) {
        await users.page({ query: 'FIND-', ...more }, undefined, 1);
        await users.page({ query: 'FIND-', ...more }, { userId }, 1);
      }
    });
    const plans = seen.map(({ planSummary, hasSortStage }) => [planSummary, hasSortStage]);
    const byId = ['IXSCAN { _id: 1 }', undefined];
    const byName = plans.filter((plan) => JSON.stringify(plan) !== JSON.stringify(byId));
    assert.ok(byName.length >= 6);
    for (const plan of byName) assert.deepEqual(plan, ['IXSCAN { usernameKey: 1 }', undefined]);
  });
});
