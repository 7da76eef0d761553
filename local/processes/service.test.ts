import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { birthOf } from './process-identity.ts';
import { byLine } from './readiness.ts';
import { Service, type ServiceSpec, StartFailure } from './service.ts';

/** A service that runs a shell script. It is ready once it prints `ready`. */
function shellService(t: TestContext, script: string, more: Partial<ServiceSpec> = {}) {
  const folder = temporaryFolder(t);
  const said: string[] = [];
  const readyPids: number[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const spec: ServiceSpec = {
    name: 'server',
    command: { file: 'sh', args: ['-c', script, 'server', folder], env: process.env },
    logPath: join(folder, 'server.log'),
    ready: byLine('ready'),
    readyTimeoutMs: 10_000,
    stopTimeoutMs: 5_000,
    ...more,
  };
  const service = new Service(spec, {
    say: (line) => void said.push(line),
    onReady: (_, pid) => {
      readyPids.push(pid);
      for (const { count, resolve } of waiting) if (readyPids.length >= count) resolve();
    },
  });
  t.after(() => service.stop());
  const readyTimes = (count: number) =>
    new Promise<void>((resolve) => {
      if (readyPids.length >= count) resolve();
      waiting.push({ count, resolve });
    });
  return { service, said, readyPids, readyTimes, folder, spec };
}

const STEADY = 'echo ready; exec sleep 600';
const DEAF = "trap '' TERM; echo ready; while :; do sleep 0.1; done";

describe('a server under the supervisor', () => {
  it('is started again with the same command when it is killed', async (t) => {
    const { service, readyPids, readyTimes, folder } = shellService(
      t,
      `echo "$$" >> "$1/runs"; ${STEADY}`,
    );
    await service.start();
    for (const runs of [2, 3]) {
      process.kill(service.pid as number, 'SIGKILL');
      await readyTimes(runs);
    }
    const runs = readFileSync(join(folder, 'runs'), 'utf8').trim().split('\n').map(Number);
    assert.deepEqual(readyPids, runs);
    assert.equal(new Set(runs).size, 3);
    assert.equal(service.pid, runs[2]);
  });

  it('that crashes while it starts again is started once more, and its reason is told', async (t) => {
    const script = `if [ -e "$1/second" ]; then :; elif [ -e "$1/first" ]; then
        touch "$1/second"; echo 'Error: no disk' >&2; exit 3; fi; touch "$1/first"; ${STEADY}`;
    const { service, readyTimes, said } = shellService(t, script);
    await service.start();
    process.kill(service.pid as number, 'SIGKILL');
    await readyTimes(2);
    assert.match(said[0] ?? '', /it was ended by SIGKILL; starting it again/);
    assert.equal(said[1], 'server: Error: no disk');
    assert.match(said[2] ?? '', /it exited with code 3; starting it again/);
  });

  it('is restarted on request, at once and without a word', async (t) => {
    const { service, readyPids, readyTimes, said } = shellService(t, STEADY);
    await service.start();
    for (const runs of [2, 3, 4, 5]) {
      service.restart();
      await readyTimes(runs);
    }
    assert.equal(new Set(readyPids).size, 5);
    assert.deepEqual(
      said.filter((line) => !line.includes('is back as process')),
      [],
    );
  });

  it('that waits to be started again after a crash is started at once on request', async (t) => {
    const script = `[ -e "$1/broken" ] && exit 1; ${STEADY}`;
    const { service, readyTimes, said, folder } = shellService(t, script);
    await service.start();
    writeFileSync(join(folder, 'broken'), '');
    process.kill(service.pid as number, 'SIGKILL');
    // The fifth death is followed by a wait of four seconds.
    while (said.filter((line) => line.includes('starting it again')).length < 5) {
      await new Promise(setImmediate);
    }
    rmSync(join(folder, 'broken'));
    const askedAt = performance.now();
    service.restart();
    await readyTimes(2);
    assert.ok(performance.now() - askedAt < 2_000);
  });

  it('is stopped by SIGTERM and stays stopped', async (t) => {
    const { service, readyPids, said } = shellService(t, STEADY);
    await service.start();
    await service.stop();
    assert.equal(service.pid, undefined);
    assert.equal(birthOf(readyPids[0] as number), undefined);
    assert.deepEqual(said, []);
  });

  it('that ignores SIGTERM is killed when its time is up', async (t) => {
    const { service } = shellService(t, DEAF, { stopTimeoutMs: 300 });
    await service.start();
    const startedAt = performance.now();
    await service.stop();
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs >= 290 && tookMs < 3_000, `${tookMs} ms`);
  });

  it('can be stopped while it waits to be started again', async (t) => {
    const { service, said, readyPids } = shellService(t, `${STEADY}`);
    await service.start();
    const pid = service.pid as number;
    process.kill(pid, 'SIGKILL');
    while (said.length === 0) await new Promise(setImmediate);
    await service.stop();
    assert.deepEqual(readyPids, [pid]);
  });

  it('that cannot start says which it is, why, and what it wrote', async (t) => {
    const { service, spec } = shellService(t, 'echo "cannot open the database" >&2; exit 7');
    await assert.rejects(service.start(), (error) => {
      assert.ok(error instanceof StartFailure);
      const needles = ['server', 'exited with code 7', spec.logPath, 'cannot open the database'];
      for (const needle of needles) assert.ok(error.message.includes(needle), needle);
      return true;
    });
    assert.match(readFileSync(spec.logPath, 'utf8'), /cannot open the database/);
  });

  it('that does not get ready in time is stopped', async (t) => {
    const { service } = shellService(t, 'exec sleep 600', { readyTimeoutMs: 300 });
    await assert.rejects(service.start(), /it was not ready after 0\.3 s/);
    assert.equal(service.pid, undefined);
  });

  it('is tried again where its first start may fail by chance', async (t) => {
    const script = `[ -e "$1/tried" ] || { touch "$1/tried"; exit 1; }; ${STEADY}`;
    const { service } = shellService(t, script, { attempts: 2 });
    await service.start();
    assert.notEqual(service.pid, undefined);
  });

  it('whose start is called off is stopped', async (t) => {
    const { service } = shellService(t, 'exec sleep 600');
    await assert.rejects(service.start(AbortSignal.timeout(200)), StartFailure);
    assert.equal(service.pid, undefined);
  });

  it('that cannot be run at all is said so', async (t) => {
    const command = { file: '/no/such/server', args: [], env: {} };
    const { service } = shellService(t, '', { command });
    await assert.rejects(service.start(), /server cannot be run: .*ENOENT/);
  });

  it('ends with the supervisor, even if that is killed', async (t) => {
    const folder = temporaryFolder(t);
    const script = join(folder, 'supervisor.ts');
    writeFileSync(
      script,
      `import { startChild } from '${join(import.meta.dirname, 'child-process.ts')}';
       const command = { file: 'sleep', args: ['600'], env: process.env };
       const child = await startChild(command, { chunk() {}, line() {} });
       console.log(child.pid);`,
    );
    const supervisor = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(supervisor.stdout, 'data');
    const pid = Number(String(line));
    assert.notEqual(birthOf(pid), undefined);
    supervisor.kill('SIGKILL');
    const deadline = AbortSignal.timeout(5_000);
    while (birthOf(pid) !== undefined) {
      deadline.throwIfAborted();
      await new Promise(setImmediate);
    }
  });
});
