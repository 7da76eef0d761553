import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Connection } from 'mongoose';
import { type AuditLog, createAuditLog } from '../store/audit-log.ts';
import { connect, inTransaction } from '../store/mongodb/connection.ts';
import { dropDatabase } from '../test/drop-database.ts';
import { type TestServers, testServers, uniqueName } from '../test/servers.ts';

let servers: TestServers;
let uri: string;
let connection: Connection;
let audit: AuditLog;

before(async () => {
  servers = await testServers();
  uri = servers.mongodbUri(uniqueName('verify'));
  connection = await connect(uri, { appName: 'test' });
  audit = createAuditLog(connection);
  await audit.open();
  for (const n of [1, 2]) {
    await inTransaction(connection, (session) =>
      audit.append(
        { actor: { userId: 'usr_a', role: 'ADMIN' }, requestId: 'r', session },
        { action: 'user.update', targetId: `usr_${n}`, before: null, after: null },
      ),
    );
  }
});
after(async () => {
  await dropDatabase(connection);
  await connection.close();
  await servers.stop();
});

function verify(...args: string[]) {
  const script = path.join(import.meta.dirname, 'audit-verify.ts');
  const env = { ...process.env, MONGODB_URI: uri };
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { env });
  return { status, out: stdout.toString(), err: stderr.toString() };
}

test('a whole audit log is said to be whole, with the head to note down', () => {
  const { status, out } = verify();
  assert.equal(status, 0, out);
  assert.match(out, /whole: 2 entries/);
  const head = /Note down its head: (\S+)/.exec(out)?.[1] ?? '';
  assert.equal(verify('--expect', head).status, 0, 'and is the one that was noted down');
  assert.equal(verify('--expect', `1:${'0'.repeat(64)}`).status, 1, 'or not');
});

test('an audit log that was edited fails, and says where', async () => {
  await audit.model.updateOne({ _id: 1 }, { actorId: 'usr_b' });
  const { status, err } = verify();
  assert.equal(status, 1);
  assert.match(err, /entry 1 was changed/);
});

test('wrong words are answered with the usage', () => {
  assert.equal(verify('--expect', 'nonsense').status, 2);
  assert.match(verify('--help').out, /Usage: npm run audit:verify/);
});
