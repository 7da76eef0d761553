/** The log of every call to the simulated game. */
import type { Incoming } from './simulator-http.ts';
import type { Behaviour, Verb } from './simulator-rules.ts';

/** Most calls in the log. At this number the older half is dropped. */
const LONGEST_LOG = 50_000;

/** One call. */
export interface LoggedRequest {
  atMs: number;
  /** Null if the path is not in the contract. */
  verb: Verb | null;
  method: string;
  path: string;
  grantId: string | null;
  idempotencyKey: string | null;
  webhookId: string | null;
  traceparent: string | null;
  signed: boolean;
  /** What the rules decided. Null if the call was refused before. */
  behaviour: Behaviour['do'] | null;
  /** The status that was sent, or that the connection was cut. Null while the call is under way. */
  answer: number | 'DROPPED' | null;
}

export interface RequestLog {
  /** Adds a call, and returns the entry, which the caller completes. */
  add(request: LoggedRequest): LoggedRequest;
  /** Oldest first, as copies. */
  all(): LoggedRequest[];
}

/** An empty log. */
export function createRequestLog(): RequestLog {
  let entries: LoggedRequest[] = [];
  return {
    add(request) {
      if (entries.length >= LONGEST_LOG) entries = entries.slice(LONGEST_LOG / 2);
      entries.push(request);
      return request;
    },
    all: () => entries.map((entry) => ({ ...entry })),
  };
}

/** The entry of a call that has just arrived. */
export function loggedAs({ method, url, headers }: Incoming, atMs: number): LoggedRequest {
  const text = (name: string) => (typeof headers[name] === 'string' ? headers[name] : null);
  return {
    atMs,
    verb: null,
    method,
    path: url.pathname + url.search,
    grantId: null,
    idempotencyKey: text('idempotency-key'),
    webhookId: text('webhook-id'),
    traceparent: text('traceparent'),
    signed: false,
    behaviour: null,
    answer: null,
  };
}
