import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import { type ApiConfig, apiConfig } from '../../process/config.ts';
import { type RawAnswer, type RawClient, rawClient } from '../../test/raw-client.ts';
import { createRateLimits } from '../identity/rate-limits.ts';
import { PASSWORD, type TestApp, testApp, testKey } from '../test-app.ts';
import { type Front, listen } from './front.ts';

const lines: Record<string, unknown>[] = [];
const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) });
const rateLimits = createRateLimits({ enabled: true });

/** In milliseconds: enough for a slow machine, and short enough to wait for once. */
const HEADERS_TIMEOUT_MS = 1_000;

const checks = { mongodb: async () => {}, temporal: async () => {} };
const environment = {
  MONGODB_URI: 'mongodb://127.0.0.1/laurel?replicaSet=rs0',
  TEMPORAL_ADDRESS: '127.0.0.1:7233',
  ADMIN_PASSWORD: PASSWORD,
  HOST: '127.0.0.1',
  PORT: '0',
  RATE_LIMITS: 'off',
  HEADERS_TIMEOUT_MS: String(HEADERS_TIMEOUT_MS),
};

let t: TestApp;
let config: ApiConfig;
let front: Front;
let player: string;
/** From then on the application answers, and logs. */
let isOpen = false;
let port: number;
before(async () => {
  config = apiConfig({ ...environment, JWT_KEYS: JSON.stringify([await testKey()]) });
  // Without room at the door, so that every claim is turned away.
  front = await listen({ ...config, ADMISSION_AT_ONCE: 0, ADMISSION_WAITING: 0 }, checks, log);
  const { admission, metrics } = front;
  t = await testApp({ log, metrics, admission, rateLimits });
  player = (await t.signIn('PLAYER')).accessToken;
  for (let n = 0; n < 600; n += 1) await rateLimits.registrations.take('127.0.0.1');
  port = front.port;
});
after(async () => {
  await front.close(() => {});
  await t.close();
});

async function connected(test: TestContext): Promise<RawClient> {
  const client = await rawClient(port);
  test.after(() => client.socket.destroy());
  return client;
}

const head = (first: string, ...headers: string[]) =>
  [`${first} HTTP/1.1`, 'Host: laurel', ...headers, '', ''].join('\r\n');

const NEXT = head('GET /healthz');

describe('a server whose application is not there yet', () => {
  it('answers as it does later', async (test) => {
    const client = await connected(test);
    for (const [bytes, status, code] of [
      [head('GET /api/events'), 503, 'unavailable'],
      [head('GET /a\\b'), 400, 'invalid_request'],
      [head('GET /healthz', 'Expect: tea'), 417, 'invalid_request'],
      ['GET /healthz HTTP/1.1\r\n\r\n', 400, 'invalid_request'],
    ] as const) {
      await client.send(bytes);
      assertProblem(await client.answer(), status, code);
    }
    front.open(t.app);
    isOpen = true;
  });
});

/** Fails unless the answer is a problem by the contract, with the request's ID. */
function assertProblem(answer: RawAnswer | null, status: number, code: string): void {
  assert.ok(answer, 'the answer can be read in full');
  assert.equal(answer.status, status);
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  const problem = JSON.parse(answer.body) as Record<string, unknown>;
  assert.deepEqual([problem.status, problem.code], [status, code]);
  assert.equal(problem.type, `urn:laurel:problem:${code}`);
  assert.ok(typeof problem.instance === 'string' && typeof problem.detail === 'string');
  const requestId = answer.headers.get('x-request-id');
  assert.match(requestId ?? '', /^[0-9a-f-]{36}$/);
  if (isOpen) {
    const line = lines.find((logged) => logged.requestId === requestId && logged.msg === 'request');
    assert.equal(line?.status, status, 'it is logged');
  }
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
}

const saysClose = (answer: RawAnswer | null) => answer?.headers.get('connection') === 'close';

const JSON_BODY = 'Content-Type: application/json';
/** Answers that come before the body was read: the request, its status and its code. */
const EARLY: Record<string, () => [string[], number, string]> = {
  'without a token': () => [['POST /api/events', JSON_BODY], 401, 'unauthenticated'],
  'for a role': () => [
    ['POST /api/events', JSON_BODY, `Authorization: Bearer ${player}`],
    403,
    'forbidden',
  ],
  'at no address': () => [['POST /nothing', JSON_BODY], 404, 'not_found'],
  'by a wrong method': () => [['DELETE /api/events', JSON_BODY], 405, 'method_not_allowed'],
  'of another type': () => [
    ['POST /api/auth/login', 'Content-Type: text/plain'],
    415,
    'unsupported_media_type',
  ],
  'past a limit': () => [['POST /api/auth/register', JSON_BODY], 429, 'rate_limited'],
  'at the door': () => [['POST /api/event-claims/evt_1/claim', JSON_BODY], 503, 'unavailable'],
  'with a bad path': () => [['POST /a\\b', JSON_BODY], 400, 'invalid_request'],
};

describe('a request that is answered before its body is there', { concurrency: true }, () => {
  const body = 'x'.repeat(20_000);

  for (const [which, request] of Object.entries(EARLY)) {
    it(`goes on with the next one where the body is small: ${which}`, async (test) => {
      const [[first = '', ...headers], status, code] = request();
      const client = await connected(test);
      await client.send(head(first, ...headers, `Content-Length: ${body.length}`));
      // Some answers wait for a body of this size, which is whole only after half of it was read.
      await client.send(body.slice(0, 10_000));
      await client.send(body.slice(10_000) + NEXT);
      assertProblem(await client.answer(), status, code);
      assert.equal((await client.answer())?.status, 200);
    });

    for (const [size, bytes] of [
      ['large', 3_000_000],
      ['of unknown size', 3_000_000],
    ] as const) {
      it(`can be read, and says that it is the last, where it is ${size}: ${which}`, async (test) => {
        const [[first = '', ...headers], status, code] = request();
        const client = await connected(test);
        const framing =
          size === 'large' ? `Content-Length: ${bytes}` : 'Transfer-Encoding: chunked';
        client.socket.pause();
        await client.send(head(first, ...headers, framing));
        const part = Buffer.alloc(bytes / 10, 'x');
        for (let n = 0; n < 10; n += 1) {
          if (size !== 'large') await client.send(`${part.length.toString(16)}\r\n`);
          await client.send(part);
          if (size !== 'large') await client.send('\r\n');
        }
        client.socket.resume();
        const answer = await client.answer();
        assert.ok(answer, 'the answer can be read in full');
        assert.ok(saysClose(answer));
        if (answer.status === 413) assertProblem(answer, 413, 'payload_too_large');
        else assertProblem(answer, status, code);
        await client.ended;
      });
    }
  }

  it('keeps no connection longer than its client takes to read and to leave', async (test) => {
    const client = await connected(test);
    await client.send(head('POST /api/events', JSON_BODY, 'Content-Length: 3000000'));
    assert.ok(saysClose(await client.answer()));
    await client.ended;
    client.socket.end();
    const [isBroken] = await once(client.socket, 'close');
    assert.equal(isBroken, false);
  });
});

const TOO_LONG = 'x'.repeat(20_000);

/** Requests that reach no route: their bytes, the status, and whether the connection ends. */
const BELOW: Record<string, [string, number, 'goes on' | 'closes']> = {
  'no Host': ['GET /healthz HTTP/1.1\r\n\r\n', 400, 'goes on'],
  'two Hosts': [head('GET /healthz', 'Host: other'), 400, 'goes on'],
  'an empty Host': ['GET /healthz HTTP/1.1\r\nHost:\r\n\r\n', 400, 'goes on'],
  'a Host that is none': ['GET /healthz HTTP/1.1\r\nHost: a/b@c\r\n\r\n', 400, 'goes on'],
  'a Host with a wrong port': ['GET /healthz HTTP/1.1\r\nHost: a:99999\r\n\r\n', 400, 'goes on'],
  'a Host with a percent sign': ['GET /healthz HTTP/1.1\r\nHost: a%41b\r\n\r\n', 400, 'goes on'],
  'a backslash in the path': [head('GET /api\\events'), 400, 'goes on'],
  'a backslash in an absolute address': [head('GET http://laurel/a\\b'), 400, 'goes on'],
  'an address of another scheme': [head('GET ftp://laurel/healthz'), 400, 'goes on'],
  'an address with a password': [head('GET http://a:b@laurel/healthz'), 400, 'goes on'],
  'a star': [head('GET *'), 400, 'goes on'],
  'OPTIONS of all': [head('OPTIONS *'), 404, 'goes on'],
  'another expectation': [head('GET /healthz', 'Expect: tea'), 417, 'goes on'],
  'another expectation, with a body': [
    head('POST /api/auth/login', 'Expect: tea', 'Content-Length: 5'),
    417,
    'closes',
  ],
  CONNECT: ['CONNECT laurel:443 HTTP/1.1\r\nHost: laurel:443\r\n\r\n', 400, 'closes'],
  'a method that is none': [head('BREW /pot'), 400, 'closes'],
  'a version that is none': ['GET / HTTP/9.9\r\nHost: laurel\r\n\r\n', 400, 'closes'],
  'HTTP/2': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'closes'],
  TLS: ['\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc', 400, 'closes'],
  'a header without a colon': [head('GET /healthz', 'oops'), 400, 'closes'],
  'a header with a NUL': [head('GET /healthz', 'a: \u0000'), 400, 'closes'],
  'a length that is none': [head('POST /', 'Content-Length: 0x5'), 400, 'closes'],
  'two lengths': [head('POST /', 'Content-Length: 5', 'Content-Length: 6'), 400, 'closes'],
  'a length beside chunks': [
    head('POST /', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
    400,
    'closes',
  ],
  'too long a header': [head('GET /healthz', `X-Long: ${TOO_LONG}`), 431, 'closes'],
  'too long an address': [head(`GET /${TOO_LONG}`), 431, 'closes'],
  'headers that do not come': ['GET /healthz HTTP/1.1\r\nHost: ', 408, 'closes'],
  'a chunk that is none': [
    `${head('POST /api/auth/login', JSON_BODY, 'Transfer-Encoding: chunked')}zz\r\n`,
    400,
    'closes',
  ],
};

const CODES: Record<number, string> = { 404: 'not_found' };

describe('a request that does not reach a route', { concurrency: true }, () => {
  for (const [what, [bytes, status, after]] of Object.entries(BELOW)) {
    it(`is answered as any other is: ${what}`, async (test) => {
      const client = await connected(test);
      await client.send(Buffer.from(bytes, 'latin1'));
      const answer = await client.answer();
      assertProblem(answer, status, CODES[status] ?? 'invalid_request');
      assert.equal(saysClose(answer), after === 'closes');
      if (after === 'closes') return void (await client.ended);
      await client.send(NEXT);
      assert.equal((await client.answer())?.status, 200);
    });
  }

  const LOGIN = 'POST /api/auth/login';

  /** Connections to a front with short timeouts, over any application. */
  async function hasty(test: TestContext, app: Pick<TestApp['app'], 'fetch'>) {
    const bounds = { HEADERS_TIMEOUT_MS: 500, BODY_TIMEOUT_MS: 500, KEEP_ALIVE_TIMEOUT_S: 1 };
    const impatient = await listen({ ...config, ...bounds }, checks, log);
    impatient.open(app);
    const clients: RawClient[] = [];
    test.after(async () => {
      for (const { socket } of clients) socket.destroy();
      await impatient.close(() => {});
    });
    return async (bytes: string): Promise<RawClient> => {
      const client = await rawClient(impatient.port);
      clients.push(client);
      await client.send(bytes);
      return client;
    };
  }

  it('is answered where its body does not come', async (test) => {
    const sent = await hasty(test, t.app);
    const client = await sent(`${head(LOGIN, JSON_BODY, 'Content-Length: 50')}{"user`);
    const answer = await client.answer();
    assertProblem(answer, 408, 'invalid_request');
    assert.ok(saysClose(answer));
    await client.ended;
  });

  it('is not answered where nothing came at all', async (test) => {
    const client = await (await hasty(test, t.app))('');
    assert.equal(await client.answer(), null);
  });

  it('is answered after the requests before it, not in their place nor inside', async (test) => {
    const MISTAKES: Record<string, [string, number]> = {
      'a chunk that is none': [`${head(LOGIN, JSON_BODY, 'Transfer-Encoding: chunked')}z\r\n`, 400],
      CONNECT: ['CONNECT laurel:443 HTTP/1.1\r\nHost: laurel:443\r\n\r\n', 400],
      'a late body': [`${head(LOGIN, JSON_BODY, 'Content-Length: 9')}late`, 408],
      'a late header': ['GET / HTTP/1.1\r\nHost: ', 408],
      'a header without a colon': [head('GET /', 'oops'), 400],
    };
    const late = Promise.withResolvers<void>();
    async function* streamed() {
      yield Buffer.from('who');
      await late.promise;
      yield Buffer.from('le');
    }
    const whole = { headers: { 'Content-Length': '5' } };
    const fetch: typeof t.app.fetch = async (request, env) => {
      if (request.url.endsWith('/stream')) {
        return new Response(ReadableStream.from(streamed()) as ReadableStream, whole);
      }
      if (!request.url.endsWith('/slow')) return t.app.fetch(request, env);
      await late.promise;
      return new Response('whole', whole);
    };
    const sent = await hasty(test, { fetch });
    const tried = ['/slow', '/stream'].flatMap((path) =>
      Object.entries(MISTAKES).map(async ([what, [bytes, status]]) => {
        const client = await sent(head(`GET ${path}`) + NEXT + bytes);
        return { client, status, what: `${what} behind ${path}` };
      }),
    );
    const clients = await Promise.all(tried);
    // A request that is late after them is answered, so they were late as well.
    const [bytes, status] = MISTAKES['a late body'] ?? [''];
    assert.equal((await (await sent(bytes)).answer())?.status, status);
    late.resolve();
    for (const { client, status, what } of clients) {
      const first = await client.answer();
      assert.deepEqual([first?.status, first?.body], [200, 'whole'], what);
      assert.equal((await client.answer())?.status, 200, what);
      assertProblem(await client.answer(), status, 'invalid_request');
      await client.ended;
    }
  });

  it('is answered so that a client which still sends can read it', async (test) => {
    const client = await connected(test);
    client.socket.pause();
    await client.send('BREW /pot HTTP/1.1\r\n\r\n');
    for (let n = 0; n < 10; n += 1) await client.send(Buffer.alloc(300_000, 'x'));
    client.socket.resume();
    assertProblem(await client.answer(), 400, 'invalid_request');
  });

  it('is measured, without its address', async (test) => {
    const client = await connected(test);
    await client.send(head('GET /usr_secret\\x'));
    assertProblem(await client.answer(), 400, 'invalid_request');
    const text = await front.metrics.metrics();
    assert.match(text, /http_route="unmatched",http_response_status_code="400"\} \d/);
    assert.ok(!text.includes('usr_secret'));
  });
});

describe('a request that is written in another way', { concurrency: true }, () => {
  const WAYS: Record<string, string> = {
    'with its host in the address': head('GET http://other/healthz'),
    'with its host in the address, in capitals': head('GET HTTP://LAUREL:80/healthz'),
    'with a Host in capitals': 'GET /healthz HTTP/1.1\r\nHost: LAUREL.EXAMPLE:80\r\n\r\n',
    'with an IPv6 Host': 'GET /healthz HTTP/1.1\r\nHost: [0:0:0:0:0:0:0:1]\r\n\r\n',
    'with a Host and no port': 'GET /healthz HTTP/1.1\r\nHost: laurel:\r\n\r\n',
    'with an upgrade on offer': head('GET /healthz', 'Connection: Upgrade', 'Upgrade: h2c'),
    'with a WebSocket on offer': head('GET /healthz', 'Connection: Upgrade', 'Upgrade: websocket'),
    'with an expectation that is met': head('GET /healthz', 'Expect: 100-continue'),
    'with dots in its path': head('GET /api/../healthz'),
  };
  for (const [which, bytes] of Object.entries(WAYS)) {
    it(`is served: ${which}`, async (test) => {
      const client = await connected(test);
      await client.send(bytes);
      assert.equal((await client.answer())?.status, 200);
      await client.send(NEXT);
      assert.equal((await client.answer())?.status, 200);
    });
  }

  it('is served without a Host in HTTP/1.0', async (test) => {
    const client = await connected(test);
    await client.send('GET /healthz HTTP/1.0\r\n\r\n');
    assert.equal((await client.answer())?.status, 200);
  });

  it('finds the door of claims by whatever address', async (test) => {
    const client = await connected(test);
    for (const address of ['http://other/api/event-claims/e/claim', '/api/event-claims/e/claim?']) {
      await client.send(head(`POST ${address}`, 'Content-Length: 0'));
      assertProblem(await client.answer(), 503, 'unavailable');
    }
  });
});

describe('whatever is sent', () => {
  it('is answered with a problem, or served', async () => {
    const escapes = fc.constantFrom('%00', '%', '%zz', '%ff', '%c0%af', '%2f', '%5c', '/', '..');
    const others = fc.constantFrom('\\', '?', '#', ';', '\u00e4', '[', '"', '<', '//', 'a', '*');
    const path = fc
      .array(fc.oneof(escapes, others), { maxLength: 6 })
      .map((parts) => parts.join(''));
    const root = fc.constantFrom('/', '/api/events/', '/api/event-claims?userId=', 'http://a', '');
    const method = fc.constantFrom('GET', 'POST', 'HEAD', 'TRACE', 'PURGE', 'QUERY', 'OPTIONS');
    const host = fc.oneof(fc.constant('laurel'), fc.string({ maxLength: 6 }), fc.domain());
    await fc.assert(
      fc.asyncProperty(method, root, path, host, async (verb, start, rest, name) => {
        const client = await rawClient(port);
        const bytes = `${verb} ${start}${rest} HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`;
        await client.send(Buffer.from(bytes, 'latin1'));
        // The length of an answer to HEAD is that of the body that is not sent.
        if (verb === 'HEAD') return void client.socket.destroy();
        const answer = await client.answer();
        client.socket.destroy();
        if (answer?.status === 200) return;
        const { code } = JSON.parse(answer?.body ?? '') as { code: string };
        assertProblem(answer, answer?.status ?? 0, code);
        assert.ok((answer?.status ?? 500) < 500, code);
      }),
      { numRuns: 300 },
    );
  });
});
