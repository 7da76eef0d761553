/** `npm start` as a person uses it: real processes, signals and output. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { decodeJwt } from 'jose';
import { type RunningStack, startStack } from '../test/stack.ts';
import { temporaryFolder } from '../test/temporary-folder.ts';
import { birthOf } from './processes/process-identity.ts';
import { type StackFile, stackFilePath } from './stack-file.ts';

const START = join(import.meta.dirname, 'start.ts');

function pidsOf({ api, worker, mongod, temporal, simulator }: StackFile): number[] {
  return [api.pid, worker.pid, mongod.pid, temporal.pid, simulator?.pid].map(Number);
}

/** The admin's user ID. New data would have a new one. */
async function adminIdAt(stack: RunningStack): Promise<string> {
  const { api, admin } = stack.file();
  const body = JSON.stringify({ username: admin.username, password: admin.password });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${api.url}/api/auth/login`, { method: 'POST', headers, body });
  const { accessToken } = (await answer.json()) as { accessToken: string };
  return String(decodeJwt(accessToken).sub);
}

async function wordOf(stream: Readable, word: string): Promise<void> {
  let text = '';
  await new Promise<void>((resolve) => {
    stream.on('data', function look(bytes) {
      text += String(bytes);
      if (!text.includes(word)) return;
      stream.off('data', look);
      resolve();
    });
  });
}

describe('npm start', () => {
  let stack: RunningStack;
  after(() => stack.stop());
  const dataDir = temporaryFolder({ after });
  before(async () => {
    stack = await startStack({ dataDir });
  });

  it('prints where everything is, and a first call that works as it stands', async () => {
    const { api, temporal, admin } = stack.file();
    const output = stack.output();
    for (const needle of [api.url, `${api.url}/docs`, temporal.uiUrl ?? '', admin.password]) {
      assert.ok(output.includes(needle), needle);
    }
    assert.ok(!output.includes('\x1b'), 'no colours where nobody sees them');
    const call = output.slice(output.indexOf('  TOKEN='), output.indexOf('Ctrl-C'));
    const { stdout } = await promisify(execFile)('sh', ['-c', call]);
    assert.equal(JSON.parse(stdout).username, 'admin');
  });

  it('brings back API and worker when they are killed', async () => {
    for (const name of ['api', 'worker'] as const) {
      const file = await stack.waitForRestart(name, stack.kill(name));
      assert.notEqual(birthOf(file[name].pid), undefined);
    }
    assert.equal((await fetch(`${stack.file().api.url}/readyz`)).status, 200);
  });

  it('goes on over the same data after it was itself killed', async () => {
    const before = stack.file();
    const adminId = await adminIdAt(stack);
    await stack.killSupervisor();
    stack = await startStack({ dataDir });
    for (const pid of pidsOf(before)) assert.equal(birthOf(pid), undefined);
    assert.deepEqual(stack.file().admin, before.admin);
    assert.equal(await adminIdAt(stack), adminId);
  });

  it('stops everything within 20 seconds of SIGTERM, and ends well', async () => {
    const file = stack.file();
    const startedAt = performance.now();
    assert.equal((await stack.stop()).code, 0);
    assert.ok(performance.now() - startedAt < 20_000);
    for (const pid of pidsOf(file)) assert.equal(birthOf(pid), undefined);
    assert.equal(existsSync(stackFilePath(dataDir)), false);
  });
});

describe('the command', () => {
  it('can be called off while it starts: two signals of one Ctrl-C are one', async (t) => {
    const env = { ...process.env, DATA_DIR: temporaryFolder(t), PORT: '0' };
    const supervisor = spawn(process.execPath, [START], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    // npm passes on the signal that the terminal has sent already.
    for (const word of ['starting the stack', 'stopping']) {
      await wordOf(supervisor.stdout, word);
      supervisor.kill('SIGINT');
    }
    assert.deepEqual(await once(supervisor, 'exit'), [0, null]);
  });

  it('stops with the npm that started it, though npm does not pass SIGTERM on', async (t) => {
    const env = {
      ...process.env,
      DATA_DIR: temporaryFolder(t),
      PORT: '0',
      npm_lifecycle_event: 'start',
    };
    const command = `"${process.execPath}" "${START}"; true`;
    const shell = spawn('sh', ['-c', command], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    await wordOf(shell.stdout, 'starting the stack');
    shell.kill('SIGTERM');
    await Promise.all([wordOf(shell.stdout, 'stopping'), once(shell.stdout, 'end')]);
  });

  it('--help names the variables that matter', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [START, '--help']);
    for (const name of [
      'PORT',
      'DATA_DIR',
      'MONGODB_URI',
      'MONGOD_BINARY',
      'TEMPORAL_CLI',
      'EMBEDDED_KAFKA',
    ]) {
      assert.ok(stdout.includes(name), name);
    }
  });
});
