/** The supervisor over real servers, with stand-ins for our own processes. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { waitForFile } from '../test/stack.ts';
import { temporaryFolder } from '../test/temporary-folder.ts';
import { PortTaken } from './processes/chosen-ports.ts';
import { birthOf } from './processes/process-identity.ts';
import { AlreadyRunning } from './processes/run-records.ts';
import { StartFailure } from './processes/service.ts';
import { Stack } from './stack.ts';
import { type StackFile, stackFilePath } from './stack-file.ts';

/** Answers every request with its environment; `PORT` is where it listens. */
const SERVER = `
  import { createServer } from 'node:http';
  const answer = JSON.stringify(process.env);
  createServer((_, response) => response.end(answer)).listen(Number(process.env.PORT));`;
const WORKER = `
  console.log(JSON.stringify({ level: 30, msg: 'worker ready' }));
  setInterval(() => {}, 1000);`;
const STREAMS = WORKER.replace('worker', 'streams');
const BROKEN_WORKER = "console.error('no workflow bundle'); process.exit(1);";

const RESTART_MS = 90_000;

interface Given {
  dataDir?: string;
  worker?: string;
  env?: NodeJS.ProcessEnv;
}

/** A test, or a group of tests. */
interface Scope {
  after(cleanUp: () => Promise<void> | void): void;
}

function stackOver(t: Scope, { dataDir, worker = WORKER, env = {} }: Given = {}) {
  // Before its folder is removed.
  t.after(() => stack.stop());
  const folder = temporaryFolder(t);
  const scripts = { api: SERVER, worker, streams: STREAMS, simulator: SERVER };
  const paths = Object.entries(scripts).map(([name, code]) => {
    const path = join(folder, `${name}.ts`);
    writeFileSync(path, code);
    return [name, path];
  });
  const home = dataDir ?? join(folder, 'data');
  const { PATH, HOME, XDG_CACHE_HOME, MONGOD_BINARY, TEMPORAL_CLI } = process.env;
  const found = { PATH, HOME, XDG_CACHE_HOME, MONGOD_BINARY, TEMPORAL_CLI };
  const said = new EventEmitter();
  const stack = new Stack({
    dataDir: home,
    env: { ...found, PORT: '0', ...env },
    say: (line) => void said.emit('line', line),
    warn: () => {},
    signal: new AbortController().signal,
    scripts: Object.fromEntries(paths),
  });
  return { stack, dataDir: home, said };
}

function pidsOf({ api, worker, mongod, temporal, simulator }: StackFile): number[] {
  return [api.pid, worker.pid, mongod.pid, temporal.pid, simulator?.pid].map(Number);
}

async function environmentOf(url: string): Promise<NodeJS.ProcessEnv> {
  return (await (await fetch(url)).json()) as NodeJS.ProcessEnv;
}

describe('a stack that runs', () => {
  const { stack, dataDir } = stackOver({ after });
  let file: StackFile;
  before(async () => {
    file = await stack.start();
  });

  it('says in stack.json what it consists of, to its owner only', () => {
    assert.deepEqual(JSON.parse(readFileSync(stackFilePath(dataDir), 'utf8')), file);
    assert.equal(statSync(stackFilePath(dataDir)).mode & 0o777, 0o600);
    assert.equal(file.supervisor.pid, process.pid);
    for (const pid of pidsOf(file)) assert.notEqual(birthOf(pid), undefined);
    assert.match(file.mongod.uri, /^mongodb:\/\/127\.0\.0\.1:\d+\/laurel\?replicaSet=rs0$/);
    assert.ok(existsSync(file.temporal.cli ?? ''));
    assert.equal(file.admin.username, 'admin');
    assert.equal('kafka' in file, false, 'nobody asked for one');
    assert.equal('streams' in file, false, 'there is nothing for it to do');
  });

  it('gives API and simulator what they need to know of each other', async () => {
    const { api, mongod, temporal, simulator, admin } = file;
    const ofApi = await environmentOf(api.url);
    assert.equal(ofApi.MONGODB_URI, mongod.uri);
    assert.equal(ofApi.TEMPORAL_ADDRESS, temporal.address);
    assert.equal(ofApi.TEMPORAL_UI_URL, temporal.uiUrl);
    assert.equal(ofApi.ADMIN_PASSWORD, admin.password);
    const provider = { baseUrl: simulator?.url, secret: simulator?.secret };
    assert.deepEqual(JSON.parse(ofApi.PROVIDERS ?? ''), { simulator: provider });
    const ofSimulator = await environmentOf(simulator?.url ?? '');
    assert.equal(ofSimulator.SECRET, simulator?.secret);
    assert.equal(ofSimulator.CALLBACK_URL, `${api.url}/api/provider-callbacks/simulator`);
    assert.equal(ofSimulator.DATA_DIR, join(dataDir, 'simulator'));
    assert.equal(ofSimulator.JWT_KEYS, undefined);
  });

  it('is refused over the folder of one that runs, which goes on', async (t) => {
    const other = stackOver(t, { dataDir }).stack;
    await assert.rejects(other.start(), AlreadyRunning);
    await other.stop();
    assert.deepEqual(JSON.parse(readFileSync(stackFilePath(dataDir), 'utf8')), file);
    for (const pid of pidsOf(file)) assert.notEqual(birthOf(pid), undefined);
  });

  it('leaves no process and no stack.json when it is stopped', async () => {
    const startedAt = performance.now();
    await stack.stop();
    assert.ok(performance.now() - startedAt < 20_000);
    for (const pid of pidsOf(file)) assert.equal(birthOf(pid), undefined);
    assert.equal(existsSync(stackFilePath(dataDir)), false);
  });
});

describe('a stack', () => {
  it('starts again whichever process is killed, at the same address', async (t) => {
    const { stack, dataDir } = stackOver(t, { env: { EMBEDDED_KAFKA: '1' } });
    const first = await stack.start();
    const own = ['api', 'worker', 'streams', 'mongod', 'temporal', 'simulator', 'kafka'] as const;
    for (const name of own) {
      const pid = first[name]?.pid as number;
      process.kill(pid, 'SIGKILL');
      const file = await waitForFile(dataDir, (now) => now[name]?.pid !== pid, RESTART_MS);
      assert.deepEqual({ ...file[name], pid: 0 }, { ...first[name], pid: 0 });
    }
    const { KAFKA_BROKERS } = await environmentOf(first.api.url);
    assert.deepEqual(first.kafka?.brokers, [KAFKA_BROKERS]);
  });

  it('goes on at the next start with its data, keys and password', async (t) => {
    const { stack, dataDir } = stackOver(t);
    const first = await stack.start();
    const { JWT_KEYS } = await environmentOf(first.api.url);
    await stack.stop();
    const next = await stackOver(t, { dataDir }).stack.start();
    assert.deepEqual(next.admin, first.admin);
    assert.equal(next.simulator?.secret, first.simulator?.secret);
    assert.equal((await environmentOf(next.api.url)).JWT_KEYS, JWT_KEYS);
  });

  it('runs beside another one', async (t) => {
    const [one, two] = await Promise.all([stackOver(t).stack.start(), stackOver(t).stack.start()]);
    assert.equal(new Set([...pidsOf(one), ...pidsOf(two)]).size, 10);
    assert.equal((await environmentOf(one.api.url)).MONGODB_URI, one.mongod.uri);
    assert.equal((await environmentOf(two.api.url)).MONGODB_URI, two.mongod.uri);
  });

  it('removes a stack.json of an earlier run before anything else', async (t) => {
    const { stack, dataDir, said } = stackOver(t, { env: { MONGOD_BINARY: '/no/such/mongod' } });
    writeFileSync(stackFilePath(dataDir), '{}');
    const firstWord = once(said, 'line');
    const starting = stack.start();
    await firstWord;
    assert.equal(existsSync(stackFilePath(dataDir)), false);
    await assert.rejects(starting, /MONGOD_BINARY names/);
  });

  it('that cannot have its port says so at once', async (t) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    t.after(() => void other.close());
    const { port } = other.address() as { port: number };
    const { stack } = stackOver(t, { env: { PORT: String(port) } });
    const startedAt = performance.now();
    await assert.rejects(stack.start(), PortTaken);
    assert.ok(performance.now() - startedAt < 5_000);
  });

  it('of which one server fails stops the others and names it', async (t) => {
    const { stack, dataDir } = stackOver(t, { worker: BROKEN_WORKER });
    await assert.rejects(stack.start(), (error) => {
      assert.ok(error instanceof StartFailure);
      const log = join(dataDir, 'logs', 'worker.log');
      for (const needle of ['worker', 'no workflow bundle', log]) {
        assert.ok(error.message.includes(needle), needle);
      }
      return true;
    });
    assert.equal(existsSync(join(dataDir, 'run', 'mongod.json')), false);
  });

  it('runs no server whose address it was given', async (t) => {
    const servers = await stackOver(t).stack.start();
    const env = {
      MONGODB_URI: servers.mongod.uri,
      TEMPORAL_ADDRESS: servers.temporal.address,
      PROVIDERS: '{}',
      EMBEDDED_KAFKA: '1',
      KAFKA_BROKERS: 'one:9092,two:9092',
    };
    const { stack, dataDir } = stackOver(t, { env });
    const file = await stack.start();
    assert.deepEqual(file.mongod, { uri: servers.mongod.uri });
    assert.deepEqual(file.temporal, { address: servers.temporal.address });
    assert.deepEqual(file.kafka, { brokers: ['one:9092', 'two:9092'] });
    assert.notEqual(birthOf(Number(file.streams?.pid)), undefined);
    assert.equal('simulator' in file, false);
    assert.equal((await environmentOf(file.api.url)).PROVIDERS, '{}');
    for (const name of ['mongo', 'temporal', 'simulator', 'kafka']) {
      assert.equal(existsSync(join(dataDir, name)), false);
    }
  });
});

describe('a stack that cannot be stopped', () => {
  it('says so, though it is not what kept it from starting', async (t) => {
    const dataDir = temporaryFolder(t);
    // A folder in the place of the file: it cannot be removed.
    mkdirSync(stackFilePath(dataDir));
    const warnings: string[] = [];
    const signal = AbortSignal.abort(new Error('it was called off'));
    const warn = (line: string) => void warnings.push(line);
    const stack = new Stack({ dataDir, env: {}, say: () => {}, warn, signal });
    await assert.rejects(stack.start());
    assert.match(warnings.join(), /^the stack could not be stopped: .*directory/);
  });
});
