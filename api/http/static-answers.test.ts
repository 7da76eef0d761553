import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { newRouter } from '../router.ts';
import { type TestApp, testApp } from '../test-app.ts';
import { unchanging } from './static-answers.ts';

let t: TestApp;
before(async () => {
  t = await testApp();
});
after(() => t.close());

/** Every static answer, and how long it may be cached without asking. */
const ANSWERS = {
  '/openapi.json': 'public, no-cache',
  '/.well-known/jwks.json': 'public, max-age=300',
  '/docs': 'public, no-cache',
  '/docs/page.js': 'public, max-age=604800',
  '/docs/swagger-ui.css': 'public, max-age=604800',
  '/docs/swagger-ui-bundle.js': 'public, max-age=604800',
  '/docs/favicon-32x32.png': 'public, max-age=604800',
};

describe('an answer that stays what it is', () => {
  const get = async (path: string, headers: Record<string, string> = {}) =>
    await t.app.request(path, { headers });

  for (const [path, kept] of Object.entries(ANSWERS)) {
    it(`is not sent again to who has it: ${path}`, async () => {
      for (const coding of ['gzip, br', 'identity']) {
        const first = await get(path, { 'accept-encoding': coding });
        assert.equal(first.status, 200);
        assert.equal(first.headers.get('cache-control'), kept);
        const tag = first.headers.get('etag') ?? '';
        assert.match(tag, /^"[\w-]{22}(-gzip)?"$/);
        const known = { 'accept-encoding': coding, 'if-none-match': `"other", W/${tag}` };
        const again = await get(path, known);
        assert.equal(again.status, 304);
        assert.equal(again.headers.get('etag'), tag);
        assert.equal(await again.text(), '');
        const other = await get(path, { 'accept-encoding': coding, 'if-none-match': '"other"' });
        assert.equal(other.status, 200);
      }
    });

    it(`is the same gzipped and plain, by tags of their own: ${path}`, async () => {
      const plain = await get(path);
      const small = await get(path, { 'accept-encoding': 'gzip' });
      const bytes = Buffer.from(await small.arrayBuffer());
      const isGzipped = small.headers.get('content-encoding') === 'gzip';
      const whole = isGzipped ? gunzipSync(bytes) : bytes;
      assert.ok(whole.equals(Buffer.from(await plain.arrayBuffer())));
      assert.equal(small.headers.get('etag') !== plain.headers.get('etag'), isGzipped);
      assert.equal(plain.headers.get('vary') === 'Accept-Encoding', isGzipped);
      assert.equal(plain.headers.get('content-encoding'), null);
    });
  }

  it('is made and compressed once, however many ask', async () => {
    let made = 0;
    const make = async () => {
      made += 1;
      return 'x'.repeat(10_000);
    };
    const app = newRouter().get('/', unchanging(make, {}));
    const headers = { 'accept-encoding': 'gzip' };
    const ask = async () => (await app.request('/', { headers })).arrayBuffer();
    await Promise.all(Array.from({ length: 20 }, ask));
    await ask();
    assert.equal(made, 1);
  });

  it('is sent plain where a gzip of it would hardly be smaller', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    for (const [text, coding] of [
      ['x'.repeat(10_000), 'gzip'],
      [randomBytes(7_500).toString('latin1'), null],
    ] as const) {
      const answer = await newRouter()
        .get(
          '/',
          unchanging(() => Buffer.from(text, 'latin1'), {}),
        )
        .request('/', { headers });
      assert.equal(answer.headers.get('content-encoding'), coding);
    }
  });

  it('is made anew where it could not be', async () => {
    const results = [Promise.reject(new Error('no such file')), 'there'];
    for (const result of results) if (result instanceof Promise) result.catch(() => {});
    const app = newRouter().get(
      '/',
      unchanging(async () => (await results.shift()) ?? '', {}),
    );
    assert.equal((await app.request('/')).status, 500);
    assert.equal(await (await app.request('/')).text(), 'there');
  });

  const codings = {
    gzip: ['gzip', 'br, gzip', 'GZIP;q=0.5', 'gzip;q=1', 'x-gzip', '*', 'identity;q=0.1, *;q=0.2'],
    none: ['', 'br', 'gzip;q=0', 'gzip; q=0.0, *', 'identity', '*;q=0', 'gzipped'],
  };
  for (const [coding, headers] of Object.entries(codings)) {
    for (const header of headers) {
      it(`is sent with ${coding} to who accepts "${header}"`, async () => {
        const { headers } = await get('/docs/swagger-ui.css', { 'accept-encoding': header });
        assert.equal(headers.get('content-encoding') ?? 'none', coding);
      });
    }
  }
});
