/** The API's metrics, and the log line of each request. */
import type { Context, MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { Logger } from 'pino';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { DomainError } from '../domain/errors.ts';
import type { ApiEnv } from './api-env.ts';
import type { FairQueue } from './claims/admission/fair-queue.ts';

/** In seconds: from a cached read to the longest `Prefer: wait`. */
const BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The methods of RFC 9110 and PATCH. All others are `_OTHER`, as a client may make up any. */
const METHODS = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
]);

/**
 * Middleware that measures every request by method, route pattern and status, and logs it at debug.
 * Metric and labels are those of OpenTelemetry's semantic conventions for HTTP. No path, query,
 * token or name gets into either.
 * @param cameAtMs when a request came that waited at the door, on `performance.now()`
 */
export function observeRequests(
  registry: Registry,
  log: Logger,
  cameAtMs: (c: Context<ApiEnv>) => number | undefined,
): MiddlewareHandler<ApiEnv> {
  const durations = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Time to the first byte of an answer.',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
    buckets: BUCKETS_S,
    registers: [registry],
  });
  return async (c, next) => {
    const startedAtMs = cameAtMs(c) ?? performance.now();
    await next();
    const durationMs = performance.now() - startedAtMs;
    const matched = routePath(c, -1);
    const route = matched.endsWith('*') ? 'unmatched' : matched;
    const { method } = c.req;
    const { status } = c.res;
    const { scheme } = c.get('client');
    durations.observe(
      {
        http_request_method: METHODS.has(method) ? method : '_OTHER',
        http_route: route,
        http_response_status_code: status,
      },
      durationMs / 1000,
    );
    log.debug(
      { requestId: c.get('requestId'), method, route, status, durationMs, scheme },
      'request',
    );
  };
}

/** In seconds: from a claim that finds a free slot to one that waits at the door for long. */
const ACCEPTANCE_BUCKETS_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];

/** The status of a request whose client hung up: nobody received an answer. */
const HUNG_UP = 499;

/** What came of a request that claims. `refused`: a rule said no. `failed`: we could not say. */
const ACCEPTANCES = ['accepted', 'replayed', 'refused', 'failed'] as const;

/**
 * Middleware of the route that claims: measures the time until the answer is decided. A wait that
 * the client prefers comes after that, and a client that hung up is not counted.
 * @param cameAtMs when a request came that waited at the door, on `performance.now()`
 */
export function observeAcceptance(
  registry: Registry,
  cameAtMs: (c: Context<ApiEnv>) => number | undefined,
): MiddlewareHandler<ApiEnv> {
  const durations = new Histogram({
    name: 'laurel_claim_acceptance_seconds',
    help: 'From the arrival of a request that claims to its answer, without a wait that it prefers.',
    labelNames: ['outcome'],
    buckets: ACCEPTANCE_BUCKETS_S,
    registers: [registry],
  });
  // A ratio of outcomes must be there before the first failure.
  for (const outcome of ACCEPTANCES) durations.zero({ outcome });
  return async (c, next) => {
    const startedAtMs = cameAtMs(c) ?? performance.now();
    await next();
    if (c.res.status === HUNG_UP) return;
    const decidedAtMs = c.get('decidedAtMs') ?? performance.now();
    durations.observe({ outcome: acceptanceIn(c.res) }, (decidedAtMs - startedAtMs) / 1_000);
  };
}

function acceptanceIn({ status, headers }: Response): (typeof ACCEPTANCES)[number] {
  if (status >= 500) return 'failed';
  if (status >= 400) return 'refused';
  return headers.has('Idempotency-Replayed') ? 'replayed' : 'accepted';
}

/** Metrics of admission: claims that wait, and refusals before a record, by code. */
export function observeAdmission(registry: Registry) {
  const refusals = new Counter({
    name: 'laurel_claim_refusals_total',
    help: 'Claims refused or turned away before they were recorded, by code.',
    labelNames: ['code'],
    registers: [registry],
  });
  return {
    watch(admission: Pick<FairQueue, 'waiting' | 'underWay'>): void {
      new Gauge({
        name: 'laurel_admission_claims',
        help: 'Claims that wait to be recorded, and that are being recorded.',
        labelNames: ['place'],
        registers: [registry],
        collect() {
          this.set({ place: 'waiting' }, admission.waiting());
          this.set({ place: 'under_way' }, admission.underWay());
        },
      });
    },
    refused(error: unknown): void {
      if (error instanceof DomainError) refusals.inc({ code: error.code });
    },
  };
}

/**
 * Metrics of connections.
 * @returns counts a connection that was turned away or cut at a limit
 */
export function observeConnections(registry: Registry, open: () => number) {
  new Gauge({
    name: 'laurel_http_connections',
    help: 'Connections that are open.',
    registers: [registry],
    collect() {
      this.set(open());
    },
  });
  const refusals = new Counter({
    name: 'laurel_http_connections_refused_total',
    help: 'Connections turned away or cut at a bound: of the process, of one address, of what was pipelined, of what nobody reads.',
    labelNames: ['bound'],
    registers: [registry],
  });
  return (bound: string): void => refusals.inc({ bound });
}

/**
 * Metrics of bodies in memory, by kind.
 * @returns counts a body that was refused because there were too many
 */
export function observeBodies(registry: Registry, heldBytes: Readonly<Record<string, number>>) {
  new Gauge({
    name: 'laurel_http_body_bytes',
    help: 'Bytes of bodies that came and are not done with: of batches of activity, of single requests.',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      for (const [kind, bytes] of Object.entries(heldBytes)) this.set({ kind }, bytes);
    },
  });
  const refusals = new Counter({
    name: 'laurel_http_bodies_refused_total',
    help: 'Bodies refused as all of their kind came to too much.',
    labelNames: ['kind'],
    registers: [registry],
  });
  return (kind: string): void => refusals.inc({ kind });
}

/** The gauge of open streams and waits. */
export function observeLongRequests(registry: Registry, open: () => number): void {
  new Gauge({
    name: 'laurel_long_requests',
    help: 'Streams and waits (`Prefer: wait`) that are open.',
    registers: [registry],
    collect() {
      this.set(open());
    },
  });
}
