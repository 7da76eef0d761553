/** What is measured and logged of every request. */
import type { Context, MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { Logger } from 'pino';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Mended } from '../domain/claims/reconciliation.ts';
import { DomainError } from '../domain/errors.ts';
import type { ApiEnv } from './api-env.ts';
import type { FairQueue } from './claims/fair-queue.ts';

/** From a cached read to the longest `Prefer: wait`. */
const BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Measures every request by method, route pattern and status, and logs it at debug. Neither holds
 * a path, a query, a token or a name.
 * @param cameAtMs when a request came that waited before it got here
 */
export function observeRequests(
  registry: Registry,
  log: Logger,
  cameAtMs: (c: Context<ApiEnv>) => number | undefined,
): MiddlewareHandler<ApiEnv> {
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to the first byte of an answer.',
    labelNames: ['method', 'route', 'status'],
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
    durations.observe({ method, route, status }, durationMs / 1000);
    log.debug(
      { requestId: c.get('requestId'), method, route, status, durationMs, scheme },
      'request',
    );
  };
}

/** What is read off the database for whoever watches. */
interface Books {
  /** Everything reconciliation ever mended, by kind. */
  mended(): Promise<Mended>;
  /** When its last pass ended; null where there was none in a week. */
  lastPassAt(): Promise<Date | null>;
  /** How many claims wait for a person. */
  parked(): Promise<number>;
}

/**
 * Shows what the books say. It is read when asked for, so every API process shows the same, and no
 * restart begins at zero. What cannot be read is left out: the rest is wanted then most of all.
 */
export function showBooks(registry: Registry, books: Books): void {
  const show = (
    name: string,
    help: string,
    labelNames: string[],
    read: (gauge: Gauge) => Promise<void>,
  ) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        if (labelNames.length > 0) this.reset();
        // Once it was reset, a gauge without labels would show 0.
        else this.remove();
        await read(this).catch(() => {});
      },
    });
  show(
    'laurel_reconciliation_mended_total',
    'Things that reconciliation mended, ever.',
    ['kind'],
    async (gauge) => {
      for (const [kind, count] of Object.entries(await books.mended())) gauge.set({ kind }, count);
    },
  );
  show(
    'laurel_reconciliation_last_pass_timestamp_seconds',
    'When the last pass of reconciliation ended.',
    [],
    async (gauge) => {
      const at = await books.lastPassAt();
      if (at) gauge.set(at.getTime() / 1_000);
    },
  );
  show(
    'laurel_claims_parked',
    'Claims that wait for a person (NEEDS_ATTENTION).',
    [],
    async (gauge) => gauge.set(await books.parked()),
  );
}

/** Shows the queue before the record, and counts what was refused without one, by code. */
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

/** Shows how many connections are open, and counts those that ended at a bound. */
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

/** Shows what bodies come to in memory, by kind, and counts those refused as it was too much. */
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

/** Shows how many streams and waits are open. */
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
