import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** The Dockerfile as `[instruction, arguments]`, with continued lines joined and without comments. */
const instructions = read('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map(
    (line) =>
      line
        .trim()
        .match(/^(\w+)\s+(.*)$/s)
        ?.slice(1) as [string, string],
  );

const all = (name: string) => instructions.flatMap(([word, rest]) => (word === name ? [rest] : []));

const named = read('.dockerignore')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

test('the image runs the Node that the tests run on', () => {
  const { devDependencies } = JSON.parse(read('package.json'));
  for (const from of all('FROM')) {
    assert.match(from, new RegExp(`^node:${devDependencies.node}-\\w+-slim( AS \\w+)?$`));
  }
});

test('the image does not run as root', () => {
  const last = instructions.map(([word]) => word).lastIndexOf('FROM');
  const users = instructions.slice(last).filter(([word]) => word === 'USER');
  assert.equal(users.length, 1);
  assert.match(users[0]?.[1] ?? '', /^[1-9]\d*:[1-9]\d*$/);
});

test('nothing enters the image but what is named, and all of that exists', () => {
  assert.equal(named[0], '*');
  const entries = named.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  assert.deepEqual(
    entries.filter((path) => !existsSync(join(ROOT, path))),
    [],
  );
  assert.deepEqual(
    entries.filter((path) => /env|git|node_modules|local|test|data/.test(path)),
    [],
  );
  const copied = all('COPY').flatMap((line) =>
    line.startsWith('--from') ? [] : line.split(' ').slice(0, -1),
  );
  assert.deepEqual(
    copied.filter(
      (path) => path !== '.' && !entries.some((entry) => `${path}/`.startsWith(`${entry}/`)),
    ),
    [],
  );
});

interface Imports {
  files: Set<string>;
  packages: Set<string>;
}

/** All files of ours and all packages that a file imports, directly or not, without types. */
function imports(
  path: string,
  found: Imports = { files: new Set(), packages: new Set() },
): Imports {
  if (found.files.has(path)) return found;
  found.files.add(path);
  const source = read(path);
  const written = source.matchAll(
    /^(?:import|export)\b([^'"\n;=]*(?:\{[^}]*\}[^'"\n;=]*)?)['"]([^'"]+)['"];/gm,
  );
  // An entry point loads the rest after it has set signal handlers.
  const loaded = source.matchAll(/= await import\(()'([^']+)'\);/g);
  for (const [, what, from = ''] of [...written, ...loaded]) {
    if (/^\s+type\s/.test(what ?? '') || from.startsWith('node:')) continue;
    if (from.startsWith('.')) imports(relative(ROOT, join(ROOT, dirname(path), from)), found);
    else found.packages.add(from.split('/', from.startsWith('@') ? 2 : 1).join('/'));
  }
  return found;
}

for (const entry of [
  'api/main.ts',
  'api/server/health-check.ts',
  'api/console/bundle.ts',
  'ops/migrate/main.ts',
  'worker/main.ts',
  'worker/bundle.ts',
  'workflows/index.ts',
  'streams/main.ts',
]) {
  test(`the image holds all that ${entry} imports`, () => {
    const { files, packages } = imports(entry);
    const copied = (path: string) => named.some((name) => `!${path}`.startsWith(`${name}/`));
    assert.deepEqual(
      [...files].filter((path) => !copied(path)),
      [],
    );
    const { dependencies } = JSON.parse(read('package.json'));
    assert.deepEqual(
      [...packages].filter((name) => !(name in dependencies)),
      [],
    );
  });
}

/** Runs the API's health check against a server on `host` that answers `status`. Returns its exit code. */
async function healthCheck(status: number, host: string, env: NodeJS.ProcessEnv): Promise<number> {
  const command = JSON.parse(all('HEALTHCHECK')[0]?.replace(/^.*?CMD\s+/, '') ?? '') as string[];
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/healthz' ? status : 404).end();
  }).listen({ port: 0, host, ipv6Only: true });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  assert.equal(command[0], 'node');
  const settings = { ...env, PORT: String(port) };
  const check = spawn(process.execPath, command.slice(1), { cwd: ROOT, env: settings });
  const [code] = await once(check, 'exit');
  server.close();
  return code;
}

test('the health check follows what /healthz says', async () => {
  assert.deepEqual(
    await Promise.all([200, 503].map((status) => healthCheck(status, '127.0.0.1', {}))),
    [0, 1],
  );
});

/** Values of `HOST`, and where the API then listens. */
const HOSTS: [HOST: string, listensOn: string][] = [
  ['', '0.0.0.0'],
  ['0.0.0.0', '0.0.0.0'],
  ['127.0.0.2', '127.0.0.2'],
  ['localhost', 'localhost'],
];
// A machine without IPv6 cannot listen there at all.
const hasIpv6 = Object.values(networkInterfaces()).some((of) =>
  of?.some((a) => a.address === '::1'),
);
if (hasIpv6) HOSTS.push(['::', '::'], ['::1', '::1']);

test('the health check asks where HOST says that the API listens', async () => {
  for (const [HOST, listensOn] of HOSTS) {
    assert.equal(await healthCheck(200, listensOn, { HOST }), 0, `HOST=${HOST}`);
  }
});
