/** For tests of HTTP providers: a game's server that answers as the test says, and calls to it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type GrantRequest, ProviderError } from '../domain/claims/fulfillment.ts';
import { createHttpProvider } from './http.ts';

export const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const nowMs = Date.parse('2026-12-01T00:00:00Z');
/** Long enough for any answer on one machine, however busy. */
export const timeoutMs = 10_000;
/** Short enough to wait for, where no answer comes. */
export const shortMs = 500;

export const asked: GrantRequest = {
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
export type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

export const JSON_TYPE = { 'content-type': 'application/json' };

export const verbs = ['grant', 'lookup', 'revoke'] as const;
export type Verb = (typeof verbs)[number];

export type GameServer = Awaited<ReturnType<typeof startGame>>;

/** Starts a game's server. It keeps what it received, and answers with `handler`. */
export async function startGame() {
  const received: Received[] = [];
  const server = http.createServer(async (request, response) => {
    const chunks = await request.toArray();
    const headers = new Headers(request.headers as Record<string, string>);
    const body = Buffer.concat(chunks).toString('utf8');
    received.push({ method: request.method, url: request.url, headers, body });
    game.handler(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/game/v2`;

  function provider(to = baseUrl, limitMs = timeoutMs) {
    const now = () => nowMs;
    return createHttpProvider({ name: 'game', baseUrl: to, secret, timeoutMs: limitMs, now });
  }

  function call(verb: Verb, to = baseUrl, limitMs = timeoutMs) {
    const game = provider(to, limitMs);
    return verb === 'grant' ? game.grant(asked) : game[verb](asked.grantId);
  }

  /**
   * The result of a verb in one word: the state it returns, with its detail, or the kind of error.
   */
  async function outcome(verb: Verb, to = baseUrl, limitMs = timeoutMs): Promise<string> {
    try {
      const answer = await call(verb, to, limitMs);
      return 'detail' in answer ? `${answer.state} ${answer.detail}` : answer.state;
    } catch (error) {
      assert.ok(error instanceof ProviderError, String(error));
      return error.kind;
    }
  }

  const game = {
    received,
    baseUrl,
    handler: (() => undefined) as Handler,
    provider,
    call,
    outcome,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return game;
}

export async function errorOf(call: Promise<unknown>): Promise<ProviderError> {
  const error = await call.then(
    () => assert.fail('it was given a definite answer'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ProviderError, String(error));
  return error;
}

export function answers(
  status: number,
  body: unknown = '',
  headers: http.OutgoingHttpHeaders = {},
): Handler {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const all = { ...JSON_TYPE, ...headers };
  return (_request, response) => response.writeHead(status, all).end(text);
}
