import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { type AuditChecks, createAuditChecks } from './audit-checks.ts';
import { inTransaction } from './mongodb/connection.ts';
import { type StoreFixture, storeFixture } from './test-store.ts';

const STAFF = { actor: { userId: 'usr_a', role: 'ADMIN' }, requestId: 'req-1' } as const;

let fixture: StoreFixture | undefined;
let checks: AuditChecks;
beforeEach(async () => {
  await fixture?.close();
  fixture = await storeFixture();
  checks = createAuditChecks(fixture.connection, undefined, { ahead: 4, again: 2 });
});
after(() => fixture?.close());

const log = () => (fixture as StoreFixture).store.auditLog;

async function append(count: number): Promise<void> {
  const { connection } = fixture as StoreFixture;
  for (let n = 0; n < count; n++) {
    await inTransaction(connection, (session) =>
      log().append(
        { ...STAFF, session },
        { action: 'user.update', targetId: `usr_${n}`, before: null, after: { n } },
      ),
    );
  }
}

/** The result without its time. */
async function check() {
  const { checkedAt, ...result } = await checks.check();
  assert.ok(Math.abs(checkedAt.getTime() - Date.now()) < 60_000);
  return result;
}

describe('a check of the audit log', () => {
  test('of an empty log finds nothing wrong', async () => {
    assert.deepEqual(await check(), { whole: true, entries: 0, through: 0 });
  });

  test('goes on where the last one ended, to the end and behind it', async () => {
    await append(9);
    assert.deepEqual(await check(), { whole: true, entries: 9, through: 4 });
    assert.deepEqual(await check(), { whole: true, entries: 9, through: 8 });
    assert.deepEqual(await check(), { whole: true, entries: 9, through: 9 });
    await append(1);
    assert.deepEqual(await check(), { whole: true, entries: 10, through: 10 });
    assert.deepEqual(await check(), { whole: true, entries: 10, through: 10 });
  });

  test('is one for all who ask meanwhile', async () => {
    await append(2);
    const [first, second] = await Promise.all([checks.check(), checks.check()]);
    assert.equal(first, second);
  });

  test('ends at the entry that was changed, until it is as it was', async () => {
    await append(6);
    await log().model.updateOne({ _id: 3 }, { $set: { actorId: 'usr_x' } });
    for (const _ of [1, 2]) {
      assert.deepEqual(await check(), { whole: false, entries: 6, through: 2 });
    }
    await log().model.updateOne({ _id: 3 }, { $set: { actorId: 'usr_a' } });
    assert.deepEqual(await check(), { whole: true, entries: 6, through: 6 });
  });

  test('finds a change of an entry that was checked before', async () => {
    await append(4);
    assert.deepEqual(await check(), { whole: true, entries: 4, through: 4 });
    await log().model.updateOne({ _id: 3 }, { $set: { after: '{}' } });
    const found: boolean[] = [];
    for (let n = 0; n < 4; n++) found.push((await check()).whole);
    assert.ok(found.includes(false), 'within a round');
    assert.deepEqual(await check(), { whole: false, entries: 4, through: 2 });
  });

  test('finds a deletion at the end, also where the head was cut back too', async () => {
    await append(4);
    await check();
    await log().model.deleteOne({ _id: 4 });
    const third = await log().hashAt(3);
    const heads = (fixture as StoreFixture).connection.collection<{ _id: string }>('audit_head');
    await heads.updateOne({ _id: 'head' }, { $set: { seq: 3, hash: third } });
    assert.equal((await check()).whole, false);
  });

  test('finds that the end is gone which its head still names', async () => {
    await append(3);
    await log().model.deleteOne({ _id: 3 });
    assert.deepEqual(await check(), { whole: false, entries: 3, through: 2 });
  });

  test('is one for all who ask at the same time', async () => {
    await append(9);
    const all = await Promise.all([checks.check(), checks.check(), checks.check()]);
    assert.deepEqual(
      all.map(({ through }) => through),
      [4, 4, 4],
    );
  });
});
