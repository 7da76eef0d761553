import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { buildConsole, consoleBundle, prebuildConsole } from '../console/bundle.ts';
import { beginBundle, keepBundle } from '../console/kept-bundle.ts';
import { sendProblem, toProblem } from '../problem.ts';
import { newRouter } from '../router.ts';
import { consoleRoutes } from './console.ts';

/** In bytes, compressed: the page with its script and style. */
const MOST_BYTES = 90 * 1024;

const bundle = await buildConsole();
const app = newRouter();
app.route('/', consoleRoutes({ console: async () => bundle }));
app.onError((error, c) => sendProblem(c, toProblem(error, 'request', c.req.path)));
const get = async (path: string) => await app.request(path);

it('every address of the console is the same page, whatever its query', async () => {
  const page = await (await get('/console')).text();
  assert.match(page, /^<!doctype html>/i);
  for (const path of ['/console/players/usr_1', '/console/search?q=mira&q=', '/console/a/b/c/d']) {
    const answer = await get(path);
    assert.equal(answer.status, 200, path);
    assert.equal(answer.headers.get('content-type'), 'text/html; charset=UTF-8');
    assert.equal(answer.headers.get('cache-control'), 'public, no-cache');
    assert.equal(await answer.text(), page);
  }
});

it('its policy allows no script, style or call but its own, and nothing inline', async () => {
  const answer = await get('/console');
  const policy = answer.headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /require-trusted-types-for 'script'/);
  assert.doesNotMatch(policy, /https?:|\*|unsafe/);
  assert.doesNotMatch(await answer.text(), /<style|<script(?![^>]* src=)| style=| on\w+=/i);
});

it('its files may be kept for good, as their names have a hash', async () => {
  const page = await (await get('/console')).text();
  const addresses = [...page.matchAll(/"(\/console\/assets\/[^"]+)"/g)].map(([, a = '']) => a);
  assert.equal(addresses.length, 2);
  for (const address of addresses) {
    assert.match(address, /-[\w-]{12}\.(js|css)$/);
    const answer = await get(address);
    assert.equal(answer.status, 200, address);
    assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    const type = address.endsWith('.js') ? 'text/javascript' : 'text/css';
    assert.equal(answer.headers.get('content-type'), `${type}; charset=UTF-8`);
  }
});

it('it is small on the way', () => {
  const texts = [bundle.page, ...bundle.assets.values()];
  const bytes = texts.reduce((sum, text) => sum + gzipSync(text).length, 0);
  assert.ok(bytes < MOST_BYTES, `${bytes} bytes compressed`);
});

for (const name of ['main.js', 'package.json', '..%2findex.html', 'constructor']) {
  it(`it gives away no file but its own: ${name}`, async () => {
    assert.equal((await get(`/console/assets/${name}`)).status, 404);
  });
}

it('it works from a prebuilt bundle without its sources, and a later build leaves no old file', async () => {
  const root = mkdtempSync(join(tmpdir(), 'laurel-console-'));
  try {
    await prebuildConsole(root);
    const folder = join(root, 'dist', 'console');
    writeFileSync(join(folder, 'main-of-before.js'), '');
    await prebuildConsole(root);
    const names = await readdir(folder);
    assert.deepEqual(names.sort(), ['index.html', ...bundle.assets.keys()].sort());
    // As old as can be, but there are no sources that are newer; and told from a new one.
    utimesSync(join(folder, 'index.html'), 0, 0);
    const assets = new Map([...bundle.assets].map(([name]) => [name, `prebuilt ${name}`]));
    for (const [name, text] of assets) writeFileSync(join(folder, name), text);
    assert.deepEqual(await consoleBundle(root), { page: bundle.page, assets });
  } finally {
    rmSync(root, { recursive: true });
  }
});

it('a bundle that cannot be made is in the log at the start, and is tried again', async () => {
  const broken = new Error('Unexpected "}"');
  const results = [Promise.reject(broken), Promise.resolve(bundle)];
  const kept = keepBundle(() => results.shift() ?? Promise.reject(new Error('made twice')));
  const said: unknown[] = [];
  beginBundle(kept, { error: (of: unknown) => said.push(of) });
  await assert.rejects(kept(), broken);
  assert.deepEqual(said, [{ err: broken }]);
  assert.deepEqual([await kept(), await kept()], [bundle, bundle]);
});
