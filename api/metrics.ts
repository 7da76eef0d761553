/** What is measured and logged of every request. */
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { Logger } from 'pino';
import { Gauge, Histogram, type Registry } from 'prom-client';
import type { Mended } from '../domain/reconciliation.ts';
import type { ApiEnv } from './router.ts';

/** From a cached read to the longest `Prefer: wait`. */
const BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Measures every request by method, route pattern and status, and logs it at debug. Neither holds
 * a path, a query, a token or a name.
 */
export function observeRequests(registry: Registry, log: Logger): MiddlewareHandler<ApiEnv> {
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to the first byte of an answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS_S,
    registers: [registry],
  });
  return async (c, next) => {
    const startedAtMs = performance.now();
    await next();
    const durationMs = performance.now() - startedAtMs;
    const matched = routePath(c, -1);
    const route = matched.endsWith('*') ? 'unmatched' : matched;
    const { method } = c.req;
    const { status } = c.res;
    durations.observe({ method, route, status }, durationMs / 1000);
    log.debug({ requestId: c.get('requestId'), method, route, status, durationMs }, 'request');
  };
}

/**
 * Shows what reconciliation ever mended, by kind. It is read off the record when asked for, so every
 * API process shows the same, and no restart begins at zero.
 */
export function showMended(registry: Registry, totals: () => Promise<Mended>): void {
  new Gauge({
    name: 'laurel_reconciliation_mended_total',
    help: 'Things that reconciliation mended, ever.',
    labelNames: ['kind'],
    registers: [registry],
    async collect() {
      for (const [kind, count] of Object.entries(await totals())) this.set({ kind }, count);
    },
  });
}
