import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, beforeEach, describe, test } from 'node:test';
import type { Connection } from 'mongoose';
import { type TestServers, testServers, uniqueName } from '../test/servers.ts';
import { type AuditedChange, type AuditLog, createAuditLog } from './audit-log.ts';
import { connect, inTransaction } from './mongodb/connection.ts';
import type { StaffContext } from './users/staff.ts';

const ADMIN: StaffContext = { actor: { userId: 'usr_a', role: 'ADMIN' }, requestId: 'req-1' };
const OPERATOR: StaffContext = {
  actor: { userId: 'usr_o', role: 'OPERATOR' },
  requestId: 'req-2',
  from: '192.0.2.7',
};

let servers: TestServers;
let connection: Connection | undefined;
let audit: AuditLog;

beforeEach(async () => {
  servers ??= await testServers();
  await connection?.close();
  connection = await connect(servers.mongodbUri(uniqueName('audit')), { appName: 'test' });
  audit = createAuditLog(connection);
  await audit.model.createIndexes();
  await audit.open();
});
after(async () => {
  await connection?.close();
  await servers.stop();
});

function banned(n: number): AuditedChange {
  const before = { status: 'ACTIVE' };
  return { action: 'user.update', targetId: `usr_${n}`, before, after: { status: 'BANNED' } };
}

async function append(change: AuditedChange, staff: StaffContext = ADMIN): Promise<void> {
  await inTransaction(connection as Connection, (session) =>
    audit.append({ ...staff, session }, change),
  );
}

async function appendMany(count: number): Promise<void> {
  for (let n = 1; n <= count; n++) await append(banned(n));
}

describe('the audit log', () => {
  test('tells who changed what, before and after, the latest first', async () => {
    await append(banned(1));
    await append({ ...banned(2), action: 'event.create', before: null }, OPERATOR);
    const [latest, first] = await audit.page({}, undefined, 10);
    assert.deepEqual(
      [latest?.seq, latest?.actorId, latest?.actorRole, latest?.requestId, latest?.before],
      [2, 'usr_o', 'OPERATOR', 'req-2', null],
    );
    assert.deepEqual([first?.seq, first?.after], [1, { status: 'BANNED' }]);
  });

  test('is whole over an entry as it was written before addresses were kept', async () => {
    const at = new Date('2026-11-01T00:00:00Z');
    const previous = '0'.repeat(64);
    const said = { actorId: 'usr_a', actorRole: 'ADMIN', requestId: 'req-1' };
    const change = { action: 'user.update', targetId: 'usr_1', before: 'null', after: '{}' };
    const fields = [1, previous, at.toISOString(), ...Object.values({ ...said, ...change })];
    const lines = fields.map((field) => JSON.stringify(field)).join('\n');
    const hash = createHash('sha256').update(lines).digest('hex');
    const old = { _id: 1, at, ...said, ...change, previous, hash };
    await audit.model.collection.insertOne(old as never);
    const heads = connection?.collection<{ _id: string }>('audit_head');
    await heads?.updateOne({ _id: 'head' }, { $set: { seq: 1, hash } }, { upsert: true });
    await append(banned(2), OPERATOR);
    const verdict = await audit.verify();
    assert.deepEqual([verdict.isWhole, verdict.isWhole && verdict.entries], [true, 2]);
  });

  test('tells from where', async () => {
    await append(banned(1));
    await append(banned(2), OPERATOR);
    const entries = await audit.page({}, undefined, 10);
    assert.deepEqual(
      entries.map(({ from }) => from),
      ['192.0.2.7', null],
    );
    assert.equal((await audit.verify()).isWhole, true);
  });

  test('is filtered by who, what and when, and paged', async () => {
    await appendMany(3);
    await append({ ...banned(4), action: 'event.delete' }, OPERATOR);
    const seqs = async (...args: Parameters<AuditLog['page']>) =>
      (await audit.page(...args)).map((entry) => entry.seq);
    assert.deepEqual(await seqs({ actorId: 'usr_a' }, undefined, 10), [3, 2, 1]);
    assert.deepEqual(await seqs({ action: 'event.delete' }, undefined, 10), [4]);
    const [third] = await audit.page({ actorId: 'usr_a' }, undefined, 0);
    assert.deepEqual(
      await seqs({}, { at: third?.at ?? new Date(0), id: 3 }, 1),
      [2, 1],
      'one more than asked for, to tell of a next page',
    );
    assert.deepEqual(await seqs({ until: new Date(0) }, undefined, 10), []);
    assert.equal((await seqs({ since: new Date(0) }, undefined, 10)).length, 4);
  });

  test('never forks: changes at once come one after the other', async () => {
    await Promise.all(Array.from({ length: 12 }, (_, n) => append(banned(n))));
    const verdict = await audit.verify();
    assert.deepEqual([verdict.isWhole, verdict.isWhole && verdict.entries], [true, 12]);
  });

  test('holds nothing of a change that was rolled back', async () => {
    const failing = inTransaction(connection as Connection, async (session) => {
      await audit.append({ ...ADMIN, session }, banned(1));
      throw new Error('no');
    });
    await assert.rejects(failing, /no/);
    assert.deepEqual(await audit.verify(), { isWhole: true, entries: 0, head: '0'.repeat(64) });
  });
});

describe('verifying the audit log finds', () => {
  const broken = async (seq: number, why: RegExp) => {
    const verdict = await audit.verify();
    assert.equal(verdict.isWhole, false);
    if (verdict.isWhole) return;
    assert.equal(verdict.seq, seq);
    assert.match(verdict.why, why);
  };

  for (const [field, value] of Object.entries({
    actorId: 'usr_x',
    actorRole: 'PLAYER',
    action: 'event.update',
    targetId: 'usr_9',
    before: '{}',
    after: '{"status":"ACTIVE"}',
    requestId: 'req-9',
    at: new Date(0),
  })) {
    test(`an edit of ${field}`, async () => {
      await appendMany(3);
      await audit.model.updateOne({ _id: 2 }, { $set: { [field]: value } });
      await broken(2, /was changed/);
    });
  }

  test('an address that was edited, taken away, or added to an entry without one', async () => {
    const change = async (seq: number, update: object) => {
      await appendMany(1);
      await append(banned(2), OPERATOR);
      await audit.model.updateOne({ _id: seq }, update);
      await broken(seq, /was changed/);
      await audit.model.deleteMany({});
      await connection?.collection('audit_head').deleteMany({});
    };
    await change(2, { $set: { from: '192.0.2.8' } });
    await change(2, { $unset: { from: 1 } });
    await change(1, { $set: { from: '192.0.2.7' } });
  });

  test('a deletion in the middle', async () => {
    await appendMany(3);
    await audit.model.deleteOne({ _id: 2 });
    await broken(2, /missing/);
  });

  test('a deletion at the end', async () => {
    await appendMany(3);
    await audit.model.deleteOne({ _id: 3 });
    await broken(3, /head says 3/);
  });

  test('two entries that changed places', async () => {
    await appendMany(3);
    const [second, third] = await Promise.all([2, 3].map((n) => audit.model.findById(n).lean()));
    await audit.model.deleteMany({ _id: { $in: [2, 3] } });
    await audit.model.collection.insertMany([
      { ...second, _id: 3 },
      { ...third, _id: 2 },
    ] as never);
    await broken(2, /does not follow/);
  });
});
