import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { createAdaptorServer } from '@hono/node-server';
import { createRoute, z } from '@hono/zod-openapi';
import { mongo } from 'mongoose';
import { pino } from 'pino';
import { DomainError } from '../domain/errors.ts';
import { until } from '../test/helpers.ts';
import { json, newRouter, optionalJsonBody } from './router.ts';
import { type TestApp, testApp } from './test-app.ts';

const lines: Record<string, unknown>[] = [];
const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) });

let t: TestApp;
before(async () => {
  t = await testApp({ log });
  const optional = createRoute({
    method: 'post',
    path: '/test/optional',
    request: { body: optionalJsonBody(z.strictObject({ note: z.string().optional() })) },
    responses: { 200: json(z.object({ got: z.unknown() }), 'What was sent') },
  });
  const shaped = createRoute({
    method: 'get',
    path: '/test/shaped/{id}',
    request: { params: z.object({ id: z.string().regex(/^x+$/) }) },
    responses: { 204: { description: 'Found' } },
  });
  t.app.route(
    '/',
    newRouter()
      .openapi(optional, (c) => c.json({ got: c.req.valid('json') }, 200))
      .openapi(shaped, (c) => c.body(null, 204)),
  );
  t.app.get('/test/fails/:how', (c) => {
    throw FAILURES[c.req.param('how')]?.() ?? new Error('no such failure');
  });
});
after(() => t.close());

const FAILURES: Record<string, () => Error> = {
  bug: () => new TypeError('the secret inside'),
  outage: () => new mongo.MongoNetworkError('10.0.0.7 is away'),
  denied: () => new mongo.MongoServerError({ message: '10.0.0.7 refuses', code: 18 }),
  elsewhere: () => Object.assign(new Error('10.0.0.7 refuses'), { code: 'ECONNREFUSED' }),
  refusal: () => new DomainError('rate_limited', 'Slow down.', { retryAfterS: 7 }),
};

describe('an error', () => {
  it('of ours shows a fixed text and the ID to find it by, and is logged with its cause', async () => {
    const headers = { 'x-request-id': 'find-me-1' };
    const answer = await t.call('GET', '/test/fails/bug', { headers });
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    assert.deepEqual(answer.body, {
      type: 'urn:laurel:problem:internal',
      title: 'Something went wrong',
      status: 500,
      detail: "Something went wrong on our side. Quote the request's ID: find-me-1",
      code: 'internal',
      instance: '/test/fails/bug',
    });
    const line = lines.find((l) => l.requestId === 'find-me-1' && l.err);
    assert.deepEqual(line && (line.err as { message: string }).message, 'the secret inside');
  });

  it('of the database says when to come back, and nothing of the servers', async () => {
    // A passing failure is a warning; one that a person must mend is an error, with its code.
    const logged = { outage: { level: 40, code: undefined }, denied: { level: 50, code: 18 } };
    for (const [how, expected] of Object.entries(logged)) {
      const headers = { 'x-request-id': how };
      const answer = await t.call('GET', `/test/fails/${how}`, { headers });
      assert.deepEqual([answer.status, answer.body.code], [503, 'unavailable']);
      assert.equal(answer.headers.get('retry-after'), '2');
      assert.ok(!JSON.stringify(answer.body).includes('10.0.0.7'));
      const line = lines.find((l) => l.requestId === how && l.err);
      assert.ok(line);
      const { code } = line.err as { code?: number };
      assert.deepEqual({ level: line.level, code }, expected);
    }
  });

  it('of any other socket is not the database’s', async () => {
    const answer = await t.call('GET', '/test/fails/elsewhere');
    assert.deepEqual([answer.status, answer.body.code], [500, 'internal']);
  });

  it('of the domain is answered as it is', async () => {
    const answer = await t.call('GET', '/test/fails/refusal');
    assert.deepEqual([answer.status, answer.body.detail], [429, 'Slow down.']);
    assert.equal(answer.headers.get('retry-after'), '7');
  });

  it('for an ID of the wrong shape is that nothing has it', async () => {
    assert.equal((await t.call('GET', '/test/shaped/xx')).status, 204);
    const answer = await t.call('GET', '/test/shaped/y');
    assert.deepEqual([answer.status, answer.body.code], [404, 'not_found']);
  });

  it('for an address without anything is a problem too', async () => {
    const answer = await t.call('GET', '/nothing/here');
    assert.deepEqual([answer.status, answer.body.code], [404, 'not_found']);
    assert.equal(answer.body.instance, '/nothing/here');
  });

  it('for a method an address does not take names those it takes', async () => {
    const answer = await t.call('DELETE', '/api/users/usr_1');
    assert.deepEqual([answer.status, answer.body.code], [405, 'method_not_allowed']);
    assert.equal(answer.headers.get('allow'), 'GET, HEAD, PATCH');
    // Not the methods of a claim with the ID `retry`.
    const bulk = await t.call('PUT', '/api/event-claims/retry');
    assert.equal(bulk.headers.get('allow'), 'POST');
  });
});

describe("a request's ID", () => {
  it('is the one sent where that is sane, else one of ours', async () => {
    const idOf = async (sent?: string) => {
      const headers = sent === undefined ? {} : { 'x-request-id': sent };
      return (await t.call('GET', '/healthz', { headers })).headers.get('x-request-id');
    };
    assert.equal(await idOf('abc-123_x'), 'abc-123_x');
    for (const bad of [undefined, '', 'a b', 'x'.repeat(129), '<script>', 'ä']) {
      assert.match((await idOf(bad)) ?? '', /^[0-9a-f-]{36}$/, String(bad));
    }
  });
});

describe('an optional body', () => {
  const send = (body?: string, type?: string) => {
    const headers = type === undefined ? {} : { 'content-type': type };
    return t.app.request('/test/optional', { method: 'POST', headers, body: body ?? null });
  };

  it('may be left out, with and without a content type', async () => {
    for (const response of [
      await send(),
      await send(undefined, 'application/json'),
      await send('', 'application/json'),
    ]) {
      assert.deepEqual(await response.json(), { got: {} });
    }
  });

  it('is checked where it is there', async () => {
    const note = await send('{"note":"x"}', 'application/json');
    assert.deepEqual(await note.json(), { got: { note: 'x' } });
    assert.equal((await send('{"nope":1}', 'application/json')).status, 400);
    assert.equal((await send('{', 'application/json')).status, 400);
    assert.equal((await send('note=x', 'application/x-www-form-urlencoded')).status, 415);
  });
});

describe('what is kept of a request', () => {
  it('is its method, route and status, measured, with no ID of a user', async () => {
    const { accessToken } = await t.signIn('ADMIN');
    await t.call('PATCH', '/api/users/usr_secret', { token: accessToken, body: {} });
    await t.call('GET', '/nothing/usr_secret');
    const { metrics } = t.deps;
    const text = await metrics.metrics();
    assert.match(
      text,
      /_count\{http_request_method="PATCH",http_route="\/api\/users\/:userId",http_response_status_code="404"\} 1/,
    );
    assert.match(
      text,
      /_count\{http_request_method="GET",http_route="unmatched",http_response_status_code="404"\} \d/,
    );
    const kept = text + JSON.stringify(lines);
    for (const secret of ['usr_secret', accessToken]) assert.ok(!kept.includes(secret), secret);
  });
});

describe('over a socket', () => {
  it('a client that hangs up while it uploads is no fault of ours, nor a warning', async (test) => {
    const server = createAdaptorServer({ fetch: t.app.fetch }).listen(0, '127.0.0.1');
    test.after(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const uploads = {
      known: 'content-length: 100\r\n\r\n{"user',
      unknown: 'transfer-encoding: chunked\r\n\r\n6\r\n{"user\r\n',
    };
    for (const [id, upload] of Object.entries(uploads)) {
      const path = '/api/auth/register';
      const socket = connect(port, '127.0.0.1');
      const asked = once(server, 'request');
      const head = `POST ${path} HTTP/1.1\r\nhost: x\r\nx-request-id: ${id}\r\n`;
      socket.write(`${head}content-type: application/json\r\n${upload}`);
      await asked;
      socket.resetAndDestroy();
      const handled = await until(
        () => lines.find((l) => l.requestId === id && l.msg === 'request'),
        'the request to be logged',
      );
      assert.equal(handled.status, 499, id);
      const loud = lines.filter((l) => l.requestId === id && Number(l.level) > 20);
      assert.deepEqual(loud, [], id);
    }
    const text = await t.deps.metrics.metrics();
    assert.match(
      text,
      /_count\{http_request_method="POST",http_route="\/api\/auth\/register",http_response_status_code="499"\} 2/,
    );
  });
});
