/** Every call the simulated game got, for tests and for people who want to see what happened. */
import type { Incoming } from './simulator-http.ts';
import type { Behaviour, Verb } from './simulator-rules.ts';

/** How many calls are held before the oldest half is forgotten. */
const LONGEST_LOG = 50_000;

export interface LoggedRequest {
  atMs: number;
  /** Null for a path that is none of the contract's. */
  verb: Verb | null;
  method: string;
  path: string;
  grantId: string | null;
  idempotencyKey: string | null;
  webhookId: string | null;
  signed: boolean;
  /** What was made of it; null where it was turned away at the door. */
  behaviour: Behaviour['do'] | null;
  /** The status sent, heard or not, or that the connection was cut; null while it is under way. */
  answer: number | 'DROPPED' | null;
}

interface RequestLog {
  /** @returns the entry itself, to be filled in */
  add(request: LoggedRequest): LoggedRequest;
  /** Oldest first, as copies. */
  all(): LoggedRequest[];
}

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

/** A call that just came in, nothing known of it yet but what its head says. */
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
    signed: false,
    behaviour: null,
    answer: null,
  };
}
