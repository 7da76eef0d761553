import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { ProviderError } from '../domain/claims/fulfillment.ts';
import { createGameData } from './game-data.ts';
import { createGameDataProviders } from './index.ts';
import { verify } from './webhook-signature.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const PLAYER = { userId: 'usr_1', externalId: null };
const nowMs = Date.parse('2026-12-01T00:00:00Z');
/** Long enough for any answer on one machine, however busy. */
const timeoutMs = 10_000;

interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: Headers;
}
type Answer = (response: http.ServerResponse) => void;

const received: Received[] = [];
let answer: Answer;
const server = http.createServer((request, response) => {
  const headers = new Headers(request.headers as Record<string, string>);
  received.push({ method: request.method, url: request.url, headers });
  answer(response);
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

const says =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) => {
    const all = { 'content-type': 'application/json', ...headers };
    response.writeHead(status, all).end(typeof body === 'string' ? body : JSON.stringify(body));
  };

function game(to = baseUrl, limitMs = timeoutMs) {
  const now = () => nowMs;
  return createGameData({ name: 'game', baseUrl: to, secret, timeoutMs: limitMs, now });
}

async function told(names: string[]): Promise<Record<string, number>> {
  return Object.fromEntries(await game().metrics(PLAYER, names));
}

/** What the provider throws. */
async function refusal(asking: Promise<unknown>): Promise<ProviderError> {
  const error = await asking.then(
    () => assert.fail('it was taken for an answer'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ProviderError, String(error));
  assert.equal(error.kind, 'UNAVAILABLE', 'nothing can be half done by asking');
  return error;
}

describe('a player’s game data', () => {
  it('is asked for once for all names, and signed', async () => {
    answer = says(200, { metrics: { level: 30, 'guild.rank': 0 } });
    assert.deepEqual(await told(['level', 'guild.rank']), { level: 30, 'guild.rank': 0 });
    assert.equal(received.length, 1);
    const [request] = received;
    assert.deepEqual(
      [request?.method, request?.url],
      ['GET', '/game/v2/players/usr_1/metrics?names=level,guild.rank'],
    );
    assert.ok(request);
    verify({ secret, headers: request.headers, body: '', nowMs });
  });

  it('is asked for by names and players of any letters, from a base with or without a slash', async () => {
    answer = says(200, { metrics: { 'a&b=ü': 1 } });
    const data = await game(`${baseUrl}//`).metrics({ userId: 'usr/..?1', externalId: null }, [
      'a&b=ü',
    ]);
    assert.deepEqual([...data], [['a&b=ü', 1]]);
    const url = '/game/v2/players/usr%2F..%3F1/metrics?names=a%26b%3D%C3%BC';
    assert.equal(received[0]?.url, url);
  });

  it('is asked for with the external ID of a player who has one', async () => {
    answer = says(200, { metrics: {} });
    await game().metrics({ userId: 'usr_1', externalId: 'ext:game:a/b&c' }, ['a']);
    const url = '/game/v2/players/usr_1/metrics?names=a&externalId=ext%3Agame%3Aa%2Fb%26c';
    assert.equal(received[0]?.url, url);
  });

  it('is a new message each time: no answer of before is good enough', async () => {
    answer = says(200, { metrics: {} });
    await told(['a']);
    await told(['a']);
    const [first, second] = received.map(({ headers }) => headers.get('webhook-id'));
    assert.notEqual(first, second);
  });

  it('holds what was asked for, and nothing for a name that is not mentioned', async () => {
    answer = says(200, { metrics: { a: 1, c: 3, d: null }, more: true });
    assert.deepEqual(await told(['a', 'b', 'd', 'constructor']), { a: 1 });
  });

  const NO_ANSWERS: Record<string, Answer> = {
    'a 503': says(503, { metrics: { a: 1 } }),
    'a 429': says(429, {}),
    'a 404, which may be a wrong address': says(404, {}),
    'a 401, which may be a wrong secret': says(401, {}),
    'a 201': says(201, { metrics: { a: 1 } }),
    'a redirect': says(302, '', { location: '/elsewhere' }),
    'a 200 that is no JSON': says(200, '<html>'),
    'a 200 that is a list': says(200, []),
    'a 200 without metrics': says(200, { a: 1 }),
    'metrics that are a list': says(200, { metrics: [1] }),
    'a number that is a text': says(200, { metrics: { a: '3' } }),
    'a number that is none': says(200, '{"metrics": {"a": 1e999}}'),
    'numbers in a page of HTML': says(200, { metrics: { a: 1 } }, { 'content-type': 'text/html' }),
    'an answer without end': says(200, 'x'.repeat(100_000)),
    'a connection that is cut': (response) => response.destroy(),
  };
  for (const [what, given] of Object.entries(NO_ANSWERS)) {
    it(`is not there for ${what}`, async () => {
      answer = given;
      const { message } = await refusal(told(['a']));
      assert.ok(message.startsWith('game: '), message);
      assert.equal(received.length, 1, 'trying again is the caller’s');
    });
  }

  it('is not there where the answer takes too long', async () => {
    answer = () => {};
    assert.match((await refusal(game(baseUrl, 200).metrics(PLAYER, ['a']))).message, /TIMEOUT/);
  });

  it('is not there where nobody listens', async () => {
    const nowhere = game('http://127.0.0.1:1').metrics(PLAYER, ['a']);
    assert.match((await refusal(nowhere)).message, /ECONNREFUSED/);
  });

  it('comes later where the game says when', async () => {
    answer = says(503, {}, { 'retry-after': '7' });
    assert.equal((await refusal(told(['a']))).retryAfterMs, 7_000);
  });

  it('comes from each provider that is configured', async () => {
    answer = says(200, { metrics: { a: 1 } });
    const providers = createGameDataProviders({ game: { baseUrl, secret } }, { timeoutMs });
    assert.deepEqual([...providers.keys()], ['game']);
    assert.deepEqual(
      [...((await providers.get('game')?.metrics(PLAYER, ['a'])) ?? [])],
      [['a', 1]],
    );
  });
});
