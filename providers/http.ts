/** A game's own fulfillment service behind HTTP: the contract's "Game servers out", answer by answer. */
import { randomUUID } from 'node:crypto';
import {
  type FulfillmentProvider,
  type GrantAnswer,
  type GrantRequest,
  type LookupAnswer,
  ProviderError,
  type RevokeAnswer,
} from '../domain/claims/fulfillment.ts';
import { createAgent, type Exchange, exchange, type HttpCall } from './http-exchange.ts';
import { objectIn } from './json-answer.ts';
import { type RefusalBody, refusalDetail } from './refusal-detail.ts';
import { retryAfterMs } from './retry-after.ts';
import { sign } from './webhook-signature.ts';

interface HttpProviderOptions {
  /** The provider's name in the configuration; it stands in error messages. */
  name: string;
  /** Where `/grants` is appended; `http` or `https`. */
  baseUrl: string;
  /** `whsec_…`; signs every request. */
  secret: string;
  /** One call's limit in milliseconds, from connecting to the answer's last byte. */
  timeoutMs: number;
  /** Our clock, in milliseconds since the epoch. */
  now?: () => number;
}

type Method = HttpCall['method'];
type Answer = Extract<Exchange, { kind: 'ANSWERED' }>;
type NoAnswer = Exclude<Exchange, Answer>;

/** 4xx that say "not now" where the others say "no". */
const NOT_NOW: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/**
 * The provider at `baseUrl`. Each verb makes exactly one request and throws a `ProviderError` for
 * all that is no definite answer; trying again is the caller's.
 * @throws TypeError (from a verb) where the secret has not the form `whsec_…`
 */
export function createHttpProvider(options: HttpProviderOptions): FulfillmentProvider {
  const now = options.now ?? Date.now;
  const grants = `${options.baseUrl.replace(/\/+$/, '')}/grants`;
  const agent = createAgent(new URL(grants));

  async function ask(
    method: Method,
    grantId: string,
    url: string,
    {
      body = '',
      withinMs = options.timeoutMs,
    }: { body?: string; withinMs?: number | undefined } = {},
  ): Promise<Answer> {
    const outcome = await exchange({
      url: new URL(url),
      method,
      headers: headersOf(options.secret, method, grantId, body, now()),
      body,
      agent,
      timeoutMs: Math.min(withinMs, options.timeoutMs),
    });
    return outcome.kind === 'ANSWERED' ? outcome : raise(noAnswer(options.name, method, outcome));
  }

  /** The answer where it is a definite one. */
  function definite<T>(method: Method, answer: Answer, meaning: T | null): T {
    return meaning ?? raise(indefinite(options.name, method, answer, now()));
  }

  return {
    async grant(request, withinMs) {
      const body = bodyOf(request);
      const answer = await ask('POST', request.grantId, grants, { body, withinMs });
      return definite('POST', answer, grantAnswer(answer));
    },
    async lookup(grantId, withinMs) {
      const url = `${grants}/${encodeURIComponent(grantId)}`;
      const answer = await ask('GET', grantId, url, { withinMs });
      return definite('GET', answer, lookupAnswer(answer));
    },
    async revoke(grantId) {
      const answer = await ask('DELETE', grantId, `${grants}/${encodeURIComponent(grantId)}`);
      return definite('DELETE', answer, revokeAnswer(answer));
    },
  };
}

function grantAnswer(answer: Answer): GrantAnswer | null {
  const { status } = answer;
  const state = saidIn(answer).state;
  if (status >= 200 && status <= 299 && state === 'GRANTED') return { state };
  if (status === 202 && state === 'PENDING') return { state };
  if (status >= 400 && status <= 499 && !NOT_NOW.has(status)) return refused(answer);
  return null;
}

function lookupAnswer(answer: Answer): LookupAnswer | null {
  if (answer.status === 404) return { state: 'NEVER_SEEN' };
  if (answer.status !== 200) return null;
  const state = saidIn(answer).state;
  if (state === 'REFUSED') return refused(answer);
  return state === 'GRANTED' || state === 'PENDING' || state === 'REVOKED' ? { state } : null;
}

function revokeAnswer(answer: Answer): RevokeAnswer | null {
  if (answer.status === 200 || answer.status === 204) return { state: 'REVOKED' };
  if (answer.status === 404) return { state: 'NEVER_SEEN' };
  return answer.status === 409 ? refused(answer) : null;
}

function noAnswer(name: string, method: Method, outcome: NoAnswer): ProviderError {
  return outcome.kind === 'UNREACHED'
    ? new ProviderError('UNAVAILABLE', `${name}: could not be reached (${outcome.why})`)
    : new ProviderError('UNKNOWN', `${name}: ${method} got no answer (${outcome.why})`);
}

function indefinite(name: string, method: Method, answer: Answer, nowMs: number): ProviderError {
  const { status, headers } = answer;
  const notNow = NOT_NOW.has(status) || (status >= 500 && status <= 599);
  return new ProviderError(
    notNow ? 'UNAVAILABLE' : 'UNKNOWN',
    `${name}: ${method} was answered ${status}, which ${notNow ? 'means later' : 'settles nothing'}`,
    retryAfterMs(headers['retry-after'], nowMs),
  );
}

function refused(answer: Answer): { state: 'REFUSED'; detail: string } {
  return { state: 'REFUSED', detail: refusalDetail(answer.status, saidIn(answer)) };
}

/** What the body says; nothing where it is no JSON object. */
function saidIn(answer: Answer): { state?: unknown } & RefusalBody {
  return objectIn(answer) ?? {};
}

/** Field by field, so that nothing else a caller's object carries leaves the house. */
function bodyOf({ grantId, claimId, userId, eventId, reward }: GrantRequest): string {
  const { rewardId, kind, name, quantity } = reward;
  const given = { rewardId, kind, name, quantity };
  return JSON.stringify({ grantId, claimId, userId, eventId, reward: given });
}

function headersOf(
  secret: string,
  method: Method,
  grantId: string,
  body: string,
  nowMs: number,
): Record<string, string> {
  const signed = { secret, id: messageId(method, grantId), timestampS: Math.floor(nowMs / 1000) };
  return {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'laurel',
    'idempotency-key': grantId,
    ...(body === '' ? {} : { 'content-type': 'application/json' }),
    'content-length': String(Buffer.byteLength(body)),
    ...sign({ ...signed, body }),
  };
}

/**
 * A grant keeps its message ID over retries, as Standard Webhooks ask, so that a receiver who drops
 * IDs it knows gives once. A question or a revoke is a new message each time: dropped as a repeat,
 * it would be answered by something that was true before. The method is in the ID, and so in the
 * signature, as that covers neither method nor path: a receiver can tell a GET replayed as a DELETE.
 */
function messageId(method: Method, grantId: string): string {
  const subject = `${method.toLowerCase()}_${grantId}`;
  return method === 'POST' ? subject : `${subject}_${randomUUID()}`;
}

function raise(error: Error): never {
  throw error;
}
