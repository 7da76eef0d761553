import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { LONGEST_ANSWER_BYTES } from './http-exchange.ts';
import { createProviders } from './index.ts';
import {
  answers,
  asked,
  errorOf,
  type GameServer,
  type Handler,
  nowMs,
  secret,
  startGame,
  timeoutMs,
  type Verb,
  verbs,
} from './test-game.ts';
import { verify } from './webhook-signature.ts';

let game: GameServer;
before(async () => {
  game = await startGame();
});
after(() => game.close());
afterEach(() => {
  game.received.length = 0;
});

/** The contract's table: status and body, and what grant, lookup and revoke return for them. */
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
        game.handler = answers(status, body);
        assert.equal(await game.outcome(verb), meanings[column]);
        assert.equal(game.received.length, 1);
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
      game.handler = oneOf(type, granted);
      assert.equal(await game.outcome('grant'), 'UNKNOWN');
      assert.equal(await game.outcome('lookup'), 'UNKNOWN');
      assert.equal(await game.outcome('revoke'), 'REVOKED', 'the status alone says so');
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
      game.handler = oneOf(type, granted);
      assert.equal(await game.outcome('grant'), 'GRANTED');
    });
  }

  it('may begin with a byte order mark, and of a name that comes twice the last counts', async () => {
    game.handler = oneOf('application/json', `\ufeff${granted}`);
    assert.equal(await game.outcome('grant'), 'GRANTED');
    game.handler = oneOf('application/json', '{"state":"GRANTED","state":"PENDING"}');
    assert.equal(await game.outcome('lookup'), 'PENDING');
  });

  it('settles nothing where it is no UTF-8', async () => {
    const latin1 = Buffer.from('{"state":"GRANTED","note":"\u00fc"}', 'latin1');
    for (const body of [latin1, Buffer.from(granted, 'utf16le'), Buffer.from([0x1f, 0x8b, 8])]) {
      game.handler = oneOf('application/json', body);
      assert.equal(await game.outcome('grant'), 'UNKNOWN');
    }
  });

  it('gives its reason for a refusal in JSON alone', async () => {
    game.handler = answers(400, { detail: 'no such item' }, { 'content-type': 'text/html' });
    assert.equal(await game.outcome('grant'), 'REFUSED HTTP 400');
  });

  it('is believed by its status where the body of a refusal cannot be read', async () => {
    game.handler = answers(403, 'x'.repeat(LONGEST_ANSWER_BYTES + 1));
    assert.equal(await game.outcome('grant'), 'REFUSED HTTP 403');
  });
});

describe('what an HTTP provider is sent', () => {
  const bodyless = { lookup: 'GET', revoke: 'DELETE' } as const;

  it('is the grant with nothing added, signed, under its idempotency key', async () => {
    game.handler = answers(200, { state: 'GRANTED' });
    const extra = { ...asked, username: 'not theirs', reward: { ...asked.reward, stock: 5 } };
    await game.provider().grant(extra);
    const [request] = game.received;
    assert.ok(request);
    assert.equal(`${request.method} ${request.url}`, 'POST /game/v2/grants');
    assert.deepEqual(JSON.parse(request.body), asked);
    assert.equal(request.headers.get('content-type'), 'application/json');
    assert.equal(request.headers.get('idempotency-key'), 'clm_1a:cape');
    verify({ secret, headers: request.headers, body: request.body, nowMs });
  });

  it('is the external ID beside the ID of a player who has one', async () => {
    game.handler = answers(200, { state: 'GRANTED' });
    const externalId = 'ext:game:a/b';
    await game.provider().grant({ ...asked, externalId });
    await game.provider().grant({ ...asked, externalId: null });
    const bodies = game.received.map(({ body }) => JSON.parse(body));
    assert.deepEqual(bodies, [{ ...asked, externalId }, asked]);
  });

  for (const [verb, method] of Object.entries(bodyless)) {
    it(`is a signed ${method} without a body on ${verb}, the grant's ID encoded`, async () => {
      game.handler = answers(200, { state: 'GRANTED' });
      await game.call(verb as Verb);
      const [request] = game.received;
      assert.ok(request);
      assert.equal(`${request.method} ${request.url}`, `${method} /game/v2/grants/clm_1a%3Acape`);
      assert.equal(request.body, '');
      assert.equal(request.headers.get('content-type'), null);
      assert.equal(request.headers.get('idempotency-key'), 'clm_1a:cape');
      verify({ secret, headers: request.headers, body: '', nowMs });
    });
  }

  it('keeps its message ID when a grant is sent again, and has a new one for each question', async () => {
    game.handler = answers(503);
    for (const verb of [...verbs, ...verbs]) {
      await game.outcome(verb);
    }
    const ids = game.received.map(({ headers }) => headers.get('webhook-id') ?? '');
    assert.equal(ids[0], ids[3]);
    assert.equal(new Set(ids).size, 5);
    assert.deepEqual(
      ids.map((id) => id.split('_')[0]),
      ['post', 'get', 'delete', 'post', 'get', 'delete'],
    );
  });

  it('goes below a base URL with or without a slash at its end', async () => {
    game.handler = answers(200, { state: 'GRANTED' });
    await game.call('grant', `${game.baseUrl}//`);
    assert.equal(game.received[0]?.url, '/game/v2/grants');
  });

  it('goes nowhere else: a redirect is not followed', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      game.handler = answers(status, '', { location: `${game.baseUrl}/elsewhere` });
      for (const verb of verbs) {
        assert.equal(await game.outcome(verb), 'UNKNOWN');
      }
    }
    assert.equal(game.received.filter(({ url }) => url?.endsWith('/elsewhere')).length, 0);
  });
});

describe('Retry-After from an HTTP provider', () => {
  async function waitAsked(status: number, retryAfter: string): Promise<number | undefined> {
    game.handler = answers(status, '', { 'retry-after': retryAfter });
    const error = await errorOf(game.call('grant'));
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

describe('the providers of the configuration', () => {
  it('are found by name and send to their own address with their own secret', async () => {
    const theirs = `whsec_${'A'.repeat(32)}`;
    const providers = createProviders(
      {
        game: { baseUrl: game.baseUrl, secret },
        partner: { baseUrl: `${game.baseUrl}/partner`, secret: theirs },
      },
      { timeoutMs, now: () => nowMs },
    );
    assert.deepEqual([...providers.keys()], ['game', 'partner']);
    game.handler = answers(200, { state: 'GRANTED' });
    await providers.get('partner')?.grant(asked);
    const [request] = game.received;
    assert.ok(request);
    assert.equal(request.url, '/game/v2/partner/grants');
    verify({ secret: theirs, headers: request.headers, body: request.body, nowMs });
  });
});
