import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import {
  newClaim,
  newPlayer,
  type StoreFixture,
  storeFixture,
  unique,
} from '../store/test-store.ts';
import { testServers } from '../test/servers.ts';
import { temporaryFolder } from '../test/temporary-folder.ts';

const ADMIN = { actor: { userId: 'usr_admin', role: 'ADMIN' as const }, requestId: 'req_1' };

let live: StoreFixture;
let restored: StoreFixture;
before(async () => {
  live = await storeFixture();
  restored = await storeFixture();
});
after(async () => {
  await live.close();
  await restored.close();
});

async function run(on: StoreFixture, ...args: string[]) {
  const { mongodbUri, stop } = await testServers();
  const script = path.join(import.meta.dirname, 'erasures.ts');
  const env = { ...process.env, MONGODB_URI: mongodbUri(on.connection.name) };
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { env });
  await stop();
  return { status, out: stdout.toString(), err: stderr.toString() };
}

/** The same player as a backup has them, from before the erasure. */
async function asInBackup(userId: string): Promise<void> {
  const user = await live.store.users.model.findById(userId).lean();
  assert.ok(user);
  await restored.store.users.model.insertOne(user);
}

test('who was erased is erased again in a restored database, by a list or by the log', async () => {
  const [listed, logged] = [await newPlayer(live.store), await newPlayer(live.store)];
  for (const userId of [listed, logged]) await asInBackup(userId);
  const open = await restored.store.claims.accept(newClaim({ userId: logged }));
  await live.store.erasures.request(ADMIN, listed);
  const { status, out } = await run(live, 'list');
  assert.equal(status, 0);
  const erasure = { userId: logged, at: new Date(), by: 'usr_admin' };
  const log = ['not JSON', 'null', JSON.stringify({ level: 30, erasure }), '{"userId": 7}'];
  const unknown = JSON.stringify({ ...erasure, userId: 'usr_nobody' });
  const file = path.join(temporaryFolder({ after }), 'erasures.ndjson');
  writeFileSync(file, [out.trimEnd(), ...log, unknown].join('\n'));

  for (let times = 0; times < 2; times++) {
    const replayed = await run(restored, 'replay', file);
    assert.equal(replayed.status, 0, replayed.err);
    assert.match(replayed.out, new RegExp(`${listed}: erased`));
    assert.match(replayed.out, new RegExp(`${logged}: goes on`));
    assert.match(replayed.out, /usr_nobody: not in this database/);
  }
  for (const userId of [listed, logged]) {
    const user = await restored.store.users.get(userId);
    assert.deepEqual([user?.status, user?.erasedAt !== undefined], ['WITHDRAWN', true]);
  }
  const running = await restored.store.operations.running();
  assert.deepEqual(
    running.map(({ filter }) => filter.userId),
    [logged],
    'the worker ends the one with an open claim',
  );
  assert.equal((await restored.store.claims.get(open.claim._id))?.open, true);
  assert.equal((await restored.store.auditLog.verify()).isWhole, true);
});

test('a file without an erasure fails, and wrong words are answered with the usage', async () => {
  const file = path.join(temporaryFolder({ after }), 'empty.ndjson');
  writeFileSync(file, `${unique('line')}\n`);
  assert.equal((await run(restored, 'replay', file)).status, 1);
  for (const args of [[], ['replay'], ['list', 'more'], ['other']]) {
    const { status, out } = await run(restored, ...args);
    assert.deepEqual([status, /^Usage/.test(out)], [2, true]);
  }
});
