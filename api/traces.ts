/** The span of each request, by OpenTelemetry's conventions for HTTP servers. */
import type { Context, MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { tracer } from '../tracing/spans.ts';
import { parseTraceparent } from '../tracing/traceparent.ts';
import type { ApiEnv } from './api-env.ts';

/** What machines ask every few seconds: it would hide everything else. */
const NOT_TRACED = new Set(['/healthz', '/readyz', '/metrics']);

/** A route as OpenTelemetry writes it, such as `/api/events/{eventId}`; undefined if none fits. */
function routeOf(c: Context): string | undefined {
  const matched = routePath(c, -1);
  return matched.endsWith('*') ? undefined : matched.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}');
}

/**
 * Middleware that makes a span of every request, where tracing is on. It is a child of the caller's
 * span (`traceparent`). No path, query, token or name gets into it.
 * @param cameAtMs when a request came that waited at the door, on `performance.now()`
 */
export function traceRequests(
  cameAtMs: (c: Context<ApiEnv>) => number | undefined,
): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const tracing = tracer();
    if (!tracing || NOT_TRACED.has(c.req.path)) return await next();
    const { method } = c.req;
    const plan = {
      name: method,
      kind: 'SERVER',
      parent: parseTraceparent(c.req.header('traceparent')),
      startedAtMs: cameAtMs(c),
      attributes: { 'http.request.method': method },
    } as const;
    await tracing.inSpan(plan, async (span) => {
      await next();
      const route = routeOf(c);
      if (route !== undefined) span.rename(`${method} ${route}`);
      const { status } = c.res;
      span.add({
        'http.response.status_code': status,
        'url.scheme': c.get('client').scheme,
        ...(route !== undefined && { 'http.route': route }),
      });
      // A refusal is the client's mistake, and no failure of ours.
      if (status >= 500) span.fail(String(status));
    });
  };
}
