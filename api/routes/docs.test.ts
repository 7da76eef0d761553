import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { offlineDescription } from '../docs/offline-description.ts';
import { type TestApp, testApp } from '../test-app.ts';

let t: TestApp;
before(async () => {
  t = await testApp();
});
after(() => t.close());

interface Route {
  summary?: string;
  tags?: string[];
  security?: object[];
  responses: Record<string, object>;
}
interface Description {
  openapi: string;
  paths: Record<string, Record<string, Route>>;
  components: { securitySchemes: Record<string, object> };
}

const described = async () => (await t.call<Description>('GET', '/openapi.json')).body;

describe('the description', () => {
  it('is OpenAPI 3.1 and knows how to sign in', async () => {
    const { openapi, components } = await described();
    assert.equal(openapi, '3.1.0');
    assert.deepEqual(components.securitySchemes.bearer, {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
    });
  });

  it('gives every route a summary and a place, and every guarded one its refusals', async () => {
    for (const [path, methods] of Object.entries((await described()).paths)) {
      for (const [method, route] of Object.entries(methods)) {
        const name = `${method} ${path}`;
        assert.ok(route.summary && route.tags?.length === 1, name);
        if (route.security?.length) assert.ok('401' in route.responses, name);
      }
    }
  });

  it('is the same without a server, as the client and the rules are checked with', async () => {
    const offline: unknown = JSON.parse(JSON.stringify(offlineDescription()));
    assert.deepEqual(await described(), offline);
  });

  it('refers only to what it holds', async () => {
    const all = await described();
    const text = JSON.stringify(all);
    for (const [, pointer = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = pointer
        .split('/')
        .reduce<unknown>((at, part) => (at as Record<string, unknown>)?.[part], all);
      assert.ok(found, pointer);
    }
  });
});

describe('its page', () => {
  it('asks no other host for anything', async () => {
    const response = await t.app.request('/docs');
    const policy = response.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /https?:|\*|unsafe-eval/);
    const html = await response.text();
    const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address);
    assert.equal(addresses.length, 5);
    for (const address of addresses) {
      assert.ok(address?.startsWith('/'), address);
      assert.equal((await t.app.request(address ?? '')).status, 200, address);
    }
  });

  it('is small on the way', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    const response = await t.app.request('/docs/swagger-ui-bundle.js', { headers });
    assert.equal(response.headers.get('content-encoding'), 'gzip');
    assert.ok((await response.arrayBuffer()).byteLength < 700_000);
  });

  for (const name of ['package.json', 'index.js', '..%2fpackage.json', '%2e%2e', 'constructor']) {
    it(`gives away no file but its own: ${name}`, async () => {
      assert.equal((await t.app.request(`/docs/${name}`)).status, 404);
    });
  }
});
