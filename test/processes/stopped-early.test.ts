/** A process that is told to stop while it starts, or whose log nobody reads. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PROCESSES = ['api', 'worker', 'streams'];
const ENTRY_POINTS = [
  ...PROCESSES.map((name) => `${name}/main.ts`),
  'local/start.ts',
  'ops/migrate/main.ts',
];

/** The process over a MongoDB that takes connections and never says a word: its start waits. */
async function starting(t: TestContext, name: string, run = process.execPath, ...args: string[]) {
  const mute = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  t.after(() => mute.close());
  await once(mute, 'listening');
  const { port } = mute.address() as AddressInfo;
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const env = {
    PATH: process.env.PATH,
    HOST: '127.0.0.1',
    PORT: '0',
    MONGODB_URI: `mongodb://127.0.0.1:${port}/laurel`,
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    KAFKA_BROKERS: '127.0.0.1:1',
    ADMIN_PASSWORD: 'a password for nobody at all',
    JWT_KEYS: JSON.stringify([await exportJWK(privateKey)]),
  };
  const child = spawn(run, [...args, entryOf(name)], { env });
  await once(mute, 'connection');
  return child;
}

const entryOf = (name: string) => path.join(ROOT, name, 'main.ts');

/** The end of a process that is sent SIGTERM now, and what it said of it. */
async function terminated(child: ChildProcess, pid = child.pid as number) {
  let said = '';
  child.stderr?.on('data', (bytes) => {
    said += bytes;
  });
  const ended = once(child, 'close');
  process.kill(pid, 'SIGTERM');
  const [code, signal] = await ended;
  return { code, signal, said };
}

describe('SIGTERM while a process starts', { concurrency: 2 }, () => {
  for (const name of PROCESSES) {
    it(`ends it at once, with 0: ${name}, waiting for MongoDB`, async (t) => {
      const child = await starting(t, name);
      const { code, signal, said } = await terminated(child);
      assert.deepEqual([code, signal], [0, null], said);
      assert.match(said, new RegExp(`^${name}: stopped before it was ready$`, 'm'));
    });
  }

  for (const entry of ENTRY_POINTS) {
    it(`is heeded before anything else is loaded: ${entry}`, () => {
      const source = readFileSync(path.join(ROOT, entry), 'utf8');
      const shutdown = path.posix.relative(path.posix.dirname(entry), 'process/shutdown.ts');
      assert.deepEqual(source.match(/^import .*$/gm), [
        `import { heedSignals } from '${shutdown}';`,
      ]);
      assert.match(source.split('await ')[0] ?? '', /heedSignals\('/);
      assert.doesNotMatch(
        readFileSync(path.join(ROOT, 'process/shutdown.ts'), 'utf8'),
        /^import /m,
      );
    });
  }

  it('is not lost on a process that runs as PID 1', async (t) => {
    const isolated = ['--pid', '--fork', '--mount-proc'];
    const canIsolate = spawnSync('unshare', [...isolated, 'true']).status === 0;
    // Without the right to make namespaces it is an ordinary process, which a signal would just end.
    const child = canIsolate
      ? await starting(t, 'worker', 'unshare', ...isolated, process.execPath)
      : await starting(t, 'worker');
    const { pid = 0 } = child;
    const children = () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    const { code, said } = await terminated(child, canIsolate ? Number(children()) : pid);
    assert.equal(code, 0, said);
  });
});
