/** One signed HTTP request with limits on its time and its answer. The result says how far it got. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import { type Span, tracer } from '../tracing/spans.ts';
import { sign } from './webhook-signature.ts';

/** The most bytes of an answer's body that are read. What a provider answers is far shorter. */
export const LONGEST_ANSWER_BYTES = 65_536;

/**
 * Open connections to one provider: more than a worker's activity slots, so that calls wait in
 * Temporal's queue and not in ours.
 */
const MOST_CONNECTIONS = 256;

/**
 * How long a connection may be idle, in milliseconds: less than the five seconds after which many
 * servers, Node's among them, close it.
 */
const IDLE_MS = 4_000;

/** Why there was no answer: it took longer than the limit. */
export const TIMED_OUT = 'TIMEOUT';

/** A game's server, as the configuration names it. */
export interface GameServer {
  /** The provider's name in the configuration, for error messages. */
  name: string;
  /** The address that paths are appended to; `http` or `https`. */
  baseUrl: string;
  /** The secret that signs every request, as `whsec_…`. */
  secret: string;
  /** The limit of one call, in milliseconds, from connecting to the answer's last byte. */
  timeoutMs: number;
  /** Our clock, in milliseconds since the epoch. */
  now?: () => number;
}

export type Method = 'POST' | 'GET' | 'DELETE';

interface SignedCall {
  method: Method;
  /** Appended to the server's `baseUrl`. */
  path: string;
  /** The path with names for what differs from call to call, such as `/grants/{grantId}`. */
  pathTemplate: string;
  /** Names the message in its signature. */
  messageId: string;
  headers?: Record<string, string>;
  body?: string | undefined;
  /** A shorter limit than the server's own, in milliseconds. */
  withinMs?: number | undefined;
}

/**
 * `UNREACHED`: there was no connection, so nothing can have arrived. `LOST`: the request may have
 * arrived, but its answer did not come. `why` is a code such as `ECONNRESET` or `TIMEOUT`, never a
 * text of the other side.
 */
export type Exchange = NoAnswer | Answer;
export interface NoAnswer {
  kind: 'UNREACHED' | 'LOST';
  why: string;
}
export interface Answer {
  kind: 'ANSWERED';
  status: number;
  headers: IncomingHttpHeaders;
  /** Null where it was longer than `LONGEST_ANSWER_BYTES`, cut off, too slow, or not UTF-8. */
  body: string | null;
}

/**
 * Makes the function that sends one signed request to the server.
 * @throws TypeError (from a call) where the secret has not the form `whsec_…`
 */
export function createCaller({ name, baseUrl, secret, timeoutMs, now = Date.now }: GameServer) {
  const base = baseUrl.replace(/\/+$/, '');
  const agent = createAgent(new URL(base));
  return async (given: SignedCall): Promise<Exchange> =>
    await inCallSpan(name, new URL(base), given, send);

  async function send(call: SignedCall): Promise<Exchange> {
    const { method, path, messageId: id, body = '', withinMs = timeoutMs } = call;
    const headers = {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'laurel',
      'content-length': String(Buffer.byteLength(body)),
      ...call.headers,
      ...sign({ secret, id, timestampS: Math.floor(now() / 1000), body }),
    };
    const limitMs = Math.min(withinMs, timeoutMs);
    return await exchange(new URL(base + path), { method, headers, agent }, body, limitMs);
  }
}

/**
 * Sends the call in a span, where tracing is on. The provider gets the span as `traceparent`, so that
 * its own spans become children of it. The signature covers neither this nor any other header.
 */
async function inCallSpan(
  name: string,
  { hostname, port, protocol }: URL,
  call: SignedCall,
  send: (call: SignedCall) => Promise<Exchange>,
): Promise<Exchange> {
  const tracing = tracer();
  if (!tracing) return await send(call);
  const { method, pathTemplate, headers } = call;
  const attributes = {
    'http.request.method': method,
    'url.template': pathTemplate,
    'server.address': hostname,
    'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
    'laurel.provider': name,
  };
  const plan = { name: `${method} ${pathTemplate}`, kind: 'CLIENT', attributes } as const;
  return await tracing.inSpan(plan, async (span) => {
    const { traceparent } = span;
    const exchanged = await send({ ...call, headers: { ...headers, traceparent } });
    noteOutcome(span, exchanged);
    return exchanged;
  });
}

function noteOutcome(span: Span, exchanged: Exchange): void {
  if (exchanged.kind === 'ANSWERED') {
    span.add({ 'http.response.status_code': exchanged.status });
    if (exchanged.status >= 400) span.fail(String(exchanged.status));
  } else {
    span.fail(exchanged.why);
  }
}

/** Keeps connections to one provider open. They do not keep the process alive. */
function createAgent(url: URL): http.Agent {
  const { Agent } = url.protocol === 'https:' ? https : http;
  return new Agent({ keepAlive: true, maxSockets: MOST_CONNECTIONS, timeout: IDLE_MS });
}

/**
 * Makes one request. It follows no redirect, sends nothing twice, and uses no proxy and no
 * compression. Network errors are part of the result; none is thrown. It uses `node:http`, because
 * `fetch` does not say whether there was a connection when a request failed.
 * @param limitMs from the call to the answer's last byte, in milliseconds
 */
function exchange(
  url: URL,
  options: http.RequestOptions,
  body: string,
  limitMs: number,
): Promise<Exchange> {
  return new Promise((resolve) => {
    const secure = url.protocol === 'https:';
    const request = (secure ? https : http).request(url, options);
    let connected = false;
    let why = 'ECONNRESET';
    let answered = false;

    const timer = setTimeout(() => {
      request.destroy(Object.assign(new Error('too slow'), { code: TIMED_OUT }));
    }, limitMs);
    const settle = (outcome: Exchange) => {
      clearTimeout(timer);
      resolve(outcome);
    };

    request.on('socket', (socket) => {
      // Before TLS is agreed on, nothing of the request was sent: the handshake is connecting.
      if (request.reusedSocket) connected = true;
      else socket.once(secure ? 'secureConnect' : 'connect', () => (connected = true));
    });
    request.on('response', async (response) => {
      answered = true;
      const { statusCode: status = 0, headers } = response;
      settle({ kind: 'ANSWERED', status, headers, body: await readBody(response) });
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      why = error.code ?? error.name;
    });
    request.on('close', () => {
      if (!answered) settle({ kind: connected ? 'LOST' : 'UNREACHED', why });
    });
    request.end(body);
  });
}

async function readBody(response: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > LONGEST_ANSWER_BYTES) return null;
      chunks.push(chunk);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    return null;
  }
}

/** `application/json` or any `+json`, with or without parameters (RFC 6839, section 3.1). */
const JSON_TYPE = /^application\/(?:[\w.!#$&^-]+\+)?json\s*(?:;|$)/i;

/**
 * The JSON object of an answer; null where there is none. An answer must declare itself to be JSON,
 * as the page of a proxy or a login form may hold any text. RFC 8259 leaves two points open: a byte
 * order mark is ignored, and of two equal names the last one counts.
 */
export function objectIn(answer: Answer) {
  const { headers, body } = answer;
  if (body === null || !JSON_TYPE.test(headers['content-type'] ?? '')) return null;
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Whether a value is a JSON object and not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
