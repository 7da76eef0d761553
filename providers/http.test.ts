import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { type GrantRequest, ProviderError } from '../domain/claims/fulfillment.ts';
import { createHttpProvider } from './http.ts';
import { LONGEST_ANSWER_BYTES } from './http-exchange.ts';
import { createProviders } from './index.ts';
import { verify } from './webhook-signature.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const nowMs = Date.parse('2026-12-01T00:00:00Z');
/** Long enough for any answer on one machine, however busy. */
const timeoutMs = 10_000;
/** Short enough to wait for, where no answer comes. */
const shortMs = 500;

const asked: GrantRequest = {
  grantId: 'clm_1a:cape',
  claimId: 'clm_1a',
  userId: 'usr_1',
  eventId: 'evt_1',
  reward: { rewardId: 'cape', kind: 'ITEM', name: 'Frost cape', quantity: 1 },
};

interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: Headers;
  body: string;
}
type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

const JSON_TYPE = { 'content-type': 'application/json' };

const received: Received[] = [];
let handler: Handler;
const server = http.createServer(async (request, response) => {
  const chunks = await request.toArray();
  const headers = new Headers(request.headers as Record<string, string>);
  const body = Buffer.concat(chunks).toString('utf8');
  received.push({ method: request.method, url: request.url, headers, body });
  handler(request, response);
});
let baseUrl: string;

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/game/v2`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});
afterEach(() => {
  received.length = 0;
});

function provider(to = baseUrl, limitMs = timeoutMs) {
  const now = () => nowMs;
  return createHttpProvider({ name: 'game', baseUrl: to, secret, timeoutMs: limitMs, now });
}

const verbs = ['grant', 'lookup', 'revoke'] as const;
type Verb = (typeof verbs)[number];

function call(verb: Verb, to = baseUrl, limitMs = timeoutMs) {
  const game = provider(to, limitMs);
  return verb === 'grant' ? game.grant(asked) : game[verb](asked.grantId);
}

/** What a verb comes to, in a word: the state it returns, with its detail, or the kind of error. */
async function outcome(verb: Verb, to = baseUrl, limitMs = timeoutMs): Promise<string> {
  try {
    const answer = await call(verb, to, limitMs);
    return 'detail' in answer ? `${answer.state} ${answer.detail}` : answer.state;
  } catch (error) {
    assert.ok(error instanceof ProviderError, String(error));
    return error.kind;
  }
}

async function errorOf(call: Promise<unknown>): Promise<ProviderError> {
  const error = await call.then(
    () => assert.fail('it was given a definite answer'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ProviderError, String(error));
  return error;
}

function answers(
  status: number,
  body: unknown = '',
  headers: http.OutgoingHttpHeaders = {},
): Handler {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const all = { ...JSON_TYPE, ...headers };
  return (_request, response) => response.writeHead(status, all).end(text);
}

/** The contract's answer table: status and body, then what grant, lookup and revoke make of them. */
const TABLE: [number, string, string, string, string][] = [
  [200, '{"state":"GRANTED"}', 'GRANTED', 'GRANTED', 'REVOKED'],
  [200, '{"state":"GRANTED","more":1}', 'GRANTED', 'GRANTED', 'REVOKED'],
  [201, '{"state":"GRANTED"}', 'GRANTED', 'UNKNOWN', 'UNKNOWN'],
  [202, '{"state":"GRANTED"}', 'GRANTED', 'UNKNOWN', 'UNKNOWN'],
  [202, '{"state":"PENDING"}', 'PENDING', 'UNKNOWN', 'UNKNOWN'],
  [200, '{"state":"PENDING"}', 'UNKNOWN', 'PENDING', 'REVOKED'],
  [200, '{"state":"REVOKED"}', 'UNKNOWN', 'REVOKED', 'REVOKED'],
  [200, '{"state":"REFUSED","detail":"full"}', 'UNKNOWN', 'REFUSED HTTP 200: full', 'REVOKED'],
  [202, '{"state":"REFUSED"}', 'UNKNOWN', 'UNKNOWN', 'UNKNOWN'],
  [200, '{"state":"granted"}', 'UNKNOWN', 'UNKNOWN', 'REVOKED'],
  [200, '{}', 'UNKNOWN', 'UNKNOWN', 'REVOKED'],
  [200, 'null', 'UNKNOWN', 'UNKNOWN', 'REVOKED'],
  [200, '"GRANTED"', 'UNKNOWN', 'UNKNOWN', 'REVOKED'],
  [200, '[{"state":"GRANTED"}]', 'UNKNOWN', 'UNKNOWN', 'REVOKED'],
  [200, '{"state":"GRANTED"', 'UNKNOWN', 'UNKNOWN', 'REVOKED'],
  [200, '<html>ok</html>', 'UNKNOWN', 'UNKNOWN', 'REVOKED'],
  [200, '', 'UNKNOWN', 'UNKNOWN', 'REVOKED'],
  [204, '', 'UNKNOWN', 'UNKNOWN', 'REVOKED'],
  [301, '', 'UNKNOWN', 'UNKNOWN', 'UNKNOWN'],
  [304, '', 'UNKNOWN', 'UNKNOWN', 'UNKNOWN'],
  [400, '{"detail":"no such item"}', 'REFUSED HTTP 400: no such item', 'UNKNOWN', 'UNKNOWN'],
  [401, '', 'REFUSED HTTP 401', 'UNKNOWN', 'UNKNOWN'],
  [403, '<html>no</html>', 'REFUSED HTTP 403', 'UNKNOWN', 'UNKNOWN'],
  [404, '', 'REFUSED HTTP 404', 'NEVER_SEEN', 'NEVER_SEEN'],
  [408, '', 'UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE'],
  [409, '{"title":"traded away"}', 'UNAVAILABLE', 'UNAVAILABLE', 'REFUSED HTTP 409: traded away'],
  [410, '', 'REFUSED HTTP 410', 'UNKNOWN', 'UNKNOWN'],
  [422, '{"message":"no"}', 'REFUSED HTTP 422: no', 'UNKNOWN', 'UNKNOWN'],
  [425, '', 'UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE'],
  [429, '', 'UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE'],
  [499, '', 'REFUSED HTTP 499', 'UNKNOWN', 'UNKNOWN'],
  [500, '{"state":"GRANTED"}', 'UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE'],
  [503, '', 'UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE'],
  [599, '', 'UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE'],
  [600, '', 'UNKNOWN', 'UNKNOWN', 'UNKNOWN'],
];

describe('what an HTTP provider answers', () => {
  for (const [status, body, ...meanings] of TABLE) {
    for (const [column, verb] of verbs.entries()) {
      it(`${verb}: ${status} ${body} means ${meanings[column]}`, async () => {
        handler = answers(status, body);
        assert.equal(await outcome(verb), meanings[column]);
        assert.equal(received.length, 1);
      });
    }
  }

  const granted = JSON.stringify({ state: 'GRANTED' });
  const oneOf = (type: string, body: string | Buffer): Handler => {
    const headers = type === '' ? {} : { 'content-type': type };
    return (_request, response) => response.writeHead(200, headers).end(body);
  };

  for (const type of ['', 'text/html', 'text/plain', 'text/json', 'application/jsonp', 'json']) {
    it(`settles nothing as ${type || 'no type'}, though it reads GRANTED`, async () => {
      handler = oneOf(type, granted);
      assert.equal(await outcome('grant'), 'UNKNOWN');
      assert.equal(await outcome('lookup'), 'UNKNOWN');
      assert.equal(await outcome('revoke'), 'REVOKED', 'the status alone says so');
    });
  }

  for (const type of [
    'application/json',
    'Application/JSON;charset=UTF-8',
    'application/json ; v=1',
    'application/vnd.game.grant+json',
    'application/problem+json; charset=utf-8',
  ]) {
    it(`is JSON as ${type}`, async () => {
      handler = oneOf(type, granted);
      assert.equal(await outcome('grant'), 'GRANTED');
    });
  }

  it('may begin with a byte order mark, and of a name that comes twice the last counts', async () => {
    handler = oneOf('application/json', `\ufeff${granted}`);
    assert.equal(await outcome('grant'), 'GRANTED');
    handler = oneOf('application/json', '{"state":"GRANTED","state":"PENDING"}');
    assert.equal(await outcome('lookup'), 'PENDING');
  });

  it('settles nothing where it is no UTF-8', async () => {
    const latin1 = Buffer.from('{"state":"GRANTED","note":"\u00fc"}', 'latin1');
    for (const body of [latin1, Buffer.from(granted, 'utf16le'), Buffer.from([0x1f, 0x8b, 8])]) {
      handler = oneOf('application/json', body);
      assert.equal(await outcome('grant'), 'UNKNOWN');
    }
  });

  it('gives its reason for a refusal in JSON alone', async () => {
    handler = answers(400, { detail: 'no such item' }, { 'content-type': 'text/html' });
    assert.equal(await outcome('grant'), 'REFUSED HTTP 400');
  });

  it('is believed by its status where the body of a refusal cannot be read', async () => {
    handler = answers(403, 'x'.repeat(LONGEST_ANSWER_BYTES + 1));
    assert.equal(await outcome('grant'), 'REFUSED HTTP 403');
  });
});

describe('what an HTTP provider is sent', () => {
  const bodyless = { lookup: 'GET', revoke: 'DELETE' } as const;

  it('is the grant with nothing added, signed, under its idempotency key', async () => {
    handler = answers(200, { state: 'GRANTED' });
    const extra = { ...asked, username: 'not theirs', reward: { ...asked.reward, stock: 5 } };
    await provider().grant(extra);
    const [request] = received;
    assert.ok(request);
    assert.equal(`${request.method} ${request.url}`, 'POST /game/v2/grants');
    assert.deepEqual(JSON.parse(request.body), asked);
    assert.equal(request.headers.get('content-type'), 'application/json');
    assert.equal(request.headers.get('idempotency-key'), 'clm_1a:cape');
    verify({ secret, headers: request.headers, body: request.body, nowMs });
  });

  for (const [verb, method] of Object.entries(bodyless)) {
    it(`is a signed ${method} without a body on ${verb}, the grant's ID encoded`, async () => {
      handler = answers(200, { state: 'GRANTED' });
      await call(verb as Verb);
      const [request] = received;
      assert.ok(request);
      assert.equal(`${request.method} ${request.url}`, `${method} /game/v2/grants/clm_1a%3Acape`);
      assert.equal(request.body, '');
      assert.equal(request.headers.get('content-type'), null);
      assert.equal(request.headers.get('idempotency-key'), 'clm_1a:cape');
      verify({ secret, headers: request.headers, body: '', nowMs });
    });
  }

  it('keeps its message ID when a grant is sent again, and has a new one for each question', async () => {
    handler = answers(503);
    for (const verb of [...verbs, ...verbs]) {
      await outcome(verb);
    }
    const ids = received.map(({ headers }) => headers.get('webhook-id') ?? '');
    assert.equal(ids[0], ids[3]);
    assert.equal(new Set(ids).size, 5);
    assert.deepEqual(
      ids.map((id) => id.split('_')[0]),
      ['post', 'get', 'delete', 'post', 'get', 'delete'],
    );
  });

  it('goes below a base URL with or without a slash at its end', async () => {
    handler = answers(200, { state: 'GRANTED' });
    await call('grant', `${baseUrl}//`);
    assert.equal(received[0]?.url, '/game/v2/grants');
  });

  it('goes nowhere else: a redirect is not followed', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      handler = answers(status, '', { location: `${baseUrl}/elsewhere` });
      for (const verb of verbs) {
        assert.equal(await outcome(verb), 'UNKNOWN');
      }
    }
    assert.equal(received.filter(({ url }) => url?.endsWith('/elsewhere')).length, 0);
  });
});

describe('Retry-After from an HTTP provider', () => {
  async function waitAsked(status: number, retryAfter: string): Promise<number | undefined> {
    handler = answers(status, '', { 'retry-after': retryAfter });
    const error = await errorOf(call('grant'));
    return error.retryAfterMs;
  }

  it('is passed on in milliseconds, from seconds or a date', async () => {
    assert.equal(await waitAsked(429, '7'), 7_000);
    assert.equal(await waitAsked(503, 'Tue, 01 Dec 2026 00:02:00 GMT'), 120_000);
  });

  it('is an hour at most, and nothing where it makes no sense', async () => {
    assert.equal(await waitAsked(503, '86400'), 3_600_000);
    assert.equal(await waitAsked(503, 'later'), undefined);
  });
});

describe('an HTTP provider that gives no answer', () => {
  /** The kind of error, and the code at its message's end. */
  async function faultOf(verb: Verb, to = baseUrl, limitMs = timeoutMs): Promise<string> {
    const { kind, message } = await errorOf(call(verb, to, limitMs));
    return `${kind} ${/\((\w+)\)$/.exec(message)?.[1]}`;
  }

  for (const verb of verbs) {
    it(`has perhaps done the ${verb} when it is slower than the limit`, async () => {
      handler = () => undefined;
      const before = performance.now();
      assert.equal(await faultOf(verb, baseUrl, shortMs), 'UNKNOWN TIMEOUT');
      const tookMs = performance.now() - before;
      assert.ok(tookMs > shortMs - 10 && tookMs < timeoutMs, `took ${tookMs} ms`);
    });

    it(`has perhaps done the ${verb} when it cuts the connection`, async () => {
      handler = (request) => request.socket.destroy();
      assert.equal(await faultOf(verb), 'UNKNOWN ECONNRESET');
      handler = (request) => request.socket.resetAndDestroy();
      assert.equal(await faultOf(verb), 'UNKNOWN ECONNRESET');
    });

    it(`cannot have got the ${verb} when nothing listens`, async () => {
      const closed = net.createServer().listen(0, '127.0.0.1');
      await once(closed, 'listening');
      const { port } = closed.address() as AddressInfo;
      closed.close();
      await once(closed, 'close');
      const url = `http://127.0.0.1:${port}`;
      assert.equal(await faultOf(verb, url), 'UNAVAILABLE ECONNREFUSED');
    });
  }

  it('cannot have got a request when its name is not known', async () => {
    assert.equal(await outcome('grant', 'http://game.invalid', shortMs), 'UNAVAILABLE');
  });

  it('cannot have got a request when it never came to a TLS connection', async (test) => {
    const mute = net.createServer((socket) => socket.on('error', () => undefined));
    test.after(() => mute.close());
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const url = `https://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    assert.equal(await faultOf('grant', url, shortMs), 'UNAVAILABLE TIMEOUT');
  });

  it('has perhaps granted when it speaks no HTTP, or changes the protocol', async () => {
    handler = (request) => request.socket.end('SSH-2.0-OpenSSH_9.2\r\n');
    assert.equal(await outcome('grant'), 'UNKNOWN');
    handler = (request) =>
      request.socket.end(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
      );
    assert.equal(await outcome('grant'), 'UNKNOWN');
  });

  it('has perhaps granted when its answer stops half-way, or is cut', async () => {
    handler = (_request, response) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-length': 1_000 });
      response.write('{"state":');
    };
    assert.equal(await outcome('grant', baseUrl, shortMs), 'UNKNOWN');
    handler = (request, response) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-length': 20 });
      response.write('{"state":"GRANTED"}', () => request.socket.destroy());
    };
    assert.equal(await outcome('grant'), 'UNKNOWN');
  });

  it('has perhaps granted when its answer has no end', async () => {
    let written = 0;
    handler = (_request, response) => {
      const pour = () => {
        while (!response.destroyed && response.write(' '.repeat(16_384))) written += 16_384;
      };
      response.on('drain', pour);
      pour();
    };
    assert.equal(await outcome('grant'), 'UNKNOWN');
    assert.ok(written < 100 * LONGEST_ANSWER_BYTES, `${written} bytes were taken`);
  });

  it('is believed up to the last byte that is read, and not beyond', async () => {
    const pad = (bytes: number) => JSON.stringify({ state: 'GRANTED' }).padEnd(bytes, ' ');
    handler = answers(200, pad(LONGEST_ANSWER_BYTES));
    assert.equal(await outcome('grant'), 'GRANTED');
    handler = answers(200, pad(LONGEST_ANSWER_BYTES + 1));
    assert.equal(await outcome('grant'), 'UNKNOWN');
  });

  it('is not sent the same request twice when it closes a kept connection under it', async () => {
    const game = provider();
    const connections = new Set<net.Socket>();
    handler = (request, response) => {
      connections.add(request.socket);
      if (received.length === 1) answers(200, { state: 'GRANTED' })(request, response);
      else request.socket.resetAndDestroy();
    };
    await game.grant(asked);
    const error = await errorOf(game.grant(asked));
    assert.equal(error.kind, 'UNKNOWN');
    assert.equal(connections.size, 1);
    assert.equal(received.length, 2);
  });

  it('is not quoted, and neither is our secret, in what we say of it', async () => {
    handler = answers(500, { detail: 'stack trace', secret });
    const error = await errorOf(call('grant'));
    assert.equal(error.message, 'game: POST was answered 500, which means later');
  });
});

describe('the providers of the configuration', () => {
  it('are found by name and send to their own address with their own secret', async () => {
    const theirs = `whsec_${'A'.repeat(32)}`;
    const providers = createProviders(
      { game: { baseUrl, secret }, partner: { baseUrl: `${baseUrl}/partner`, secret: theirs } },
      { timeoutMs, now: () => nowMs },
    );
    assert.deepEqual([...providers.keys()], ['game', 'partner']);
    handler = answers(200, { state: 'GRANTED' });
    await providers.get('partner')?.grant(asked);
    const [request] = received;
    assert.ok(request);
    assert.equal(request.url, '/game/v2/partner/grants');
    verify({ secret: theirs, headers: request.headers, body: request.body, nowMs });
  });
});
