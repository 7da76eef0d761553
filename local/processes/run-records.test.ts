import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { AlreadyRunning, RunRecords } from './run-records.ts';

const silent = () => {};

/** Runs `script` with the records of `folder` in another process. Resolves once it prints something. */
async function elsewhere(t: TestContext, folder: string, script: string): Promise<ChildProcess> {
  const code = `
    import { RunRecords } from '${join(import.meta.dirname, 'run-records.ts')}';
    const records = new RunRecords('${folder}');
    ${script}`;
  const args = ['--input-type=module-typescript', '-e', code];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const HOLD = "records.claim(); console.log('mine'); setInterval(() => {}, 1000);";

describe('a data folder', () => {
  it('is refused to a second supervisor while the first lives', async (t) => {
    const folder = temporaryFolder(t);
    const holder = await elsewhere(t, folder, HOLD);
    assert.throws(
      () => new RunRecords(folder).claim(),
      (error) => error instanceof AlreadyRunning && error.message.includes(String(holder.pid)),
    );
    assert.throws(() => new RunRecords(folder).claim(), AlreadyRunning, 'and stays refused');
  });

  it('is free again once the supervisor was killed', async (t) => {
    const folder = temporaryFolder(t);
    await killed(await elsewhere(t, folder, HOLD));
    new RunRecords(folder).claim();
    assert.throws(() => new RunRecords(folder).claim(), AlreadyRunning);
  });

  it('goes to one of several that come at once after a kill', async (t) => {
    const folder = temporaryFolder(t);
    await killed(await elsewhere(t, folder, HOLD));
    const script = `
      try { records.claim(); console.log('mine'); } catch { console.log('not'); }
      setInterval(() => {}, 1000);`;
    const claimants = Array.from({ length: 6 }, () => {
      const code = `
        import { RunRecords } from '${join(import.meta.dirname, 'run-records.ts')}';
        const records = new RunRecords('${folder}');${script}`;
      const args = ['--input-type=module-typescript', '-e', code];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      t.after(() => child.kill('SIGKILL'));
      return once(child.stdout, 'data').then(([said]) => String(said).trim());
    });
    const said = await Promise.all(claimants);
    assert.deepEqual(said.toSorted(), ['mine', 'not', 'not', 'not', 'not', 'not']);
  });

  it('is free again once it was let go', (t) => {
    const folder = temporaryFolder(t);
    const first = new RunRecords(folder);
    first.claim();
    first.release();
    new RunRecords(folder).claim();
  });
});

describe('a server that outlived its supervisor', () => {
  it('is stopped before another is started', async (t) => {
    const folder = temporaryFolder(t);
    const server = spawn('sleep', ['60']);
    const ended = once(server, 'exit');
    new RunRecords(folder).started('mongod', server.pid as number);
    const said: string[] = [];
    await new RunRecords(folder).stopLeftovers((line) => void said.push(line));
    assert.deepEqual(await ended, [null, 'SIGTERM']);
    assert.match(said.join(), new RegExp(`mongod: stopping process ${server.pid}`));
    assert.deepEqual(readdirSync(join(folder, 'run')), []);
  });

  it('is killed if it does not care', async (t) => {
    const folder = temporaryFolder(t);
    const server = spawn('sh', ['-c', "trap '' TERM; echo deaf; while :; do sleep 0.1; done"]);
    const ended = once(server, 'exit');
    await once(server.stdout, 'data');
    const records = new RunRecords(folder);
    records.started('mongod', server.pid as number);
    await records.stopLeftovers(silent, 200);
    assert.deepEqual(await ended, [null, 'SIGKILL']);
  });

  it('is not mistaken for another process that has its number by now', async (t) => {
    const folder = temporaryFolder(t);
    const other = spawn('sleep', ['60']);
    t.after(() => other.kill('SIGKILL'));
    const records = new RunRecords(folder);
    const record = JSON.stringify({ pid: other.pid, birth: 'at another time' });
    writeFileSync(join(folder, 'run', 'mongod.json'), record);
    await records.stopLeftovers(silent);
    assert.equal(other.exitCode, null);
    assert.equal(process.kill(other.pid as number, 0), true);
  });
});
