/** An HTTP client for players and staff: it repeats a call until there is a definite answer. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  status: number;
  headers: Headers;
  /** The parsed body. An empty object if there was none. */
  body: Record<string, unknown>;
}

export interface Call {
  method: 'GET' | 'POST' | 'PATCH';
  path: string;
  token?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

export interface Client {
  /**
   * Repeats the call after broken connections, 429 and every 5xx, until there is another answer.
   * @throws the reason of `giveUp` when it aborts
   */
  insist(call: Call, giveUp: AbortSignal): Promise<Answer>;
  /** Answers with 500 so far. An outage is a 503, so each of them is a bug of Laurel. */
  internalErrors: string[];
}

/** Timeout of one call: a frozen process never answers. Longer than any `Prefer: wait` of a plan. */
const TIMEOUT_MS = 12_000;

/** Pauses between two tries, doubling: hundreds of clients must not all come back at once. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 3_200;

/** @param baseUrls where the APIs listen; calls go to them in rotation */
export function createClient(baseUrls: readonly string[]): Client {
  const internalErrors: string[] = [];
  let calls = 0;

  async function send(
    { method, path, token, headers, body }: Call,
    giveUp: AbortSignal,
  ): Promise<Answer> {
    calls += 1;
    const response = await fetch(baseUrls[calls % baseUrls.length] + path, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.any([giveUp, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const text = await response.text();
    const parsed = text === '' ? {} : (JSON.parse(text) as Answer['body']);
    return { status: response.status, headers: response.headers, body: parsed };
  }

  async function insist(call: Call, giveUp: AbortSignal): Promise<Answer> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      giveUp.throwIfAborted();
      // Without an answer it is unknown whether the call took effect, so it is repeated.
      const answer = await send(call, giveUp).catch(() => undefined);
      if (answer && answer.status < 500 && answer.status !== 429) return answer;
      if (answer?.status === 500) {
        internalErrors.push(`${call.method} ${call.path}: ${JSON.stringify(answer.body)}`);
      }
      await sleep(pauseMs, undefined, { signal: giveUp }).catch(() => {});
    }
  }

  return { insist, internalErrors };
}

/** The body of an answer that must be a success. @throws Error with the answer */
export function succeeded(answer: Answer, what: string): Answer['body'] {
  if (answer.status < 300) return answer.body;
  throw new Error(`${what} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
}
