/** A game's own fulfillment service over HTTP, as the contract's "Game servers out" defines it. */
import { randomUUID } from 'node:crypto';
import {
  type FulfillmentProvider,
  type GrantAnswer,
  type GrantRequest,
  type LookupAnswer,
  ProviderError,
  type RevokeAnswer,
} from '../domain/claims/fulfillment.ts';
import { printableLine } from '../domain/text.ts';
import {
  type Answer,
  createCaller,
  type GameServer,
  type Method,
  type NoAnswer,
  objectIn,
} from './http-exchange.ts';
import { retryAfterMs } from './retry-after.ts';

/** The 4xx codes that mean "not now". All others mean "no". */
const NOT_NOW: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/**
 * The provider at `baseUrl`. Each verb makes exactly one request; retrying is the caller's job.
 * @throws ProviderError (from a verb) for everything that is not a definite answer
 * @throws TypeError (from a verb) where the secret has not the form `whsec_…`
 */
export function createHttpProvider(server: GameServer): FulfillmentProvider {
  const { name, now = Date.now } = server;
  const call = createCaller(server);

  /** @throws ProviderError where there is no answer, or `read` finds no definite meaning in it */
  async function ask<T>(
    method: Method,
    grantId: string,
    read: (answer: Answer) => T | null,
    { body, withinMs }: { body?: string; withinMs?: number | undefined } = {},
  ): Promise<T> {
    const outcome = await call({
      method,
      path: body === undefined ? `/grants/${encodeURIComponent(grantId)}` : '/grants',
      pathTemplate: body === undefined ? '/grants/{grantId}' : '/grants',
      messageId: messageId(method, grantId),
      headers: {
        'idempotency-key': grantId,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body,
      withinMs,
    });
    if (outcome.kind !== 'ANSWERED') throw noAnswer(name, method, outcome);
    const meaning = read(outcome);
    if (meaning === null) throw indefinite(name, method, outcome, now());
    return meaning;
  }

  return {
    grant: (request, withinMs) =>
      ask('POST', request.grantId, grantAnswer, { body: bodyOf(request), withinMs }),
    lookup: (grantId, withinMs) => ask('GET', grantId, lookupAnswer, { withinMs }),
    revoke: (grantId) => ask('DELETE', grantId, revokeAnswer),
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
  const { kind, why } = outcome;
  return kind === 'UNREACHED'
    ? new ProviderError('UNAVAILABLE', `${name}: could not be reached (${why})`, undefined, why)
    : new ProviderError('UNKNOWN', `${name}: ${method} got no answer (${why})`, undefined, why);
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

/** The body's JSON object; an empty one where there is none. */
function saidIn(answer: Answer): { state?: unknown } & RefusalBody {
  return objectIn(answer) ?? {};
}

/** Names each field, so that no other field of the caller's object is sent. */
function bodyOf({ grantId, claimId, userId, externalId, eventId, reward }: GrantRequest): string {
  const { rewardId, kind, name, quantity } = reward;
  const given = { rewardId, kind, name, quantity };
  const whose = { userId, externalId: externalId ?? undefined };
  return JSON.stringify({ grantId, claimId, ...whose, eventId, reward: given });
}

/**
 * The message ID. A grant keeps its ID over retries, as Standard Webhooks ask, so that a receiver
 * that drops known IDs gives once. A lookup or a revoke gets a new ID each time: a receiver that
 * dropped it as a repeat would give an old answer. The ID contains the method. The signature covers
 * the ID but neither method nor path, so this keeps a GET from being replayed as a DELETE.
 */
function messageId(method: Method, grantId: string): string {
  const subject = `${method.toLowerCase()}_${grantId}`;
  return method === 'POST' ? subject : `${subject}_${randomUUID()}`;
}

/** The most characters that are kept: enough for a sentence or two. */
const LONGEST = 200;

/** Our own secret or signature, in case a provider's message repeats the request. */
const SECRETS = /whsec_[\w+/=]+|\bv1a?,[\w+/=]+/g;

/** The fields in which a provider may say why; `detail` and `title` are those of RFC 9457. */
interface RefusalBody {
  detail?: unknown;
  message?: unknown;
  title?: unknown;
}

/**
 * One line for a person: the status, and up to 200 printable characters of the body's `detail`,
 * `message` or `title`, whichever is text first. Nothing else of the body is kept.
 */
export function refusalDetail(status: number, body: RefusalBody): string {
  const said = [body.detail, body.message, body.title].map(printable).find(Boolean);
  return said ? `HTTP ${status}: ${said}` : `HTTP ${status}`;
}

function printable(text: unknown): string {
  return typeof text === 'string' ? printableLine(text.replace(SECRETS, '…'), LONGEST) : '';
}
