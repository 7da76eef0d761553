/** `/metrics`, on the API's port or on a port of its own. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Registry } from 'prom-client';
import { sharedFor } from '../http/shared-answers.ts';
import { newRouter } from '../router.ts';

export interface MetricsRouteDeps {
  metrics: Registry;
  /** How long one reading is answered to all, in milliseconds; a second unless given. */
  metricsAgeMs?: number | undefined;
}

/** In milliseconds. A reading asks the database and takes about 15 ms. */
const AGE_MS = 1_000;

const metrics = createRoute({
  method: 'get',
  path: '/metrics',
  summary: 'Measurements, for Prometheus',
  tags: ['Operation'],
  responses: {
    200: { description: 'In the text format', content: { 'text/plain': { schema: z.string() } } },
  },
});

export function metricsRoutes({ metrics: registry, metricsAgeMs = AGE_MS }: MetricsRouteDeps) {
  const read = sharedFor(metricsAgeMs, () => registry.metrics());
  return newRouter().openapi(metrics, async (c) =>
    c.text(await read(), 200, { 'Content-Type': registry.contentType }),
  );
}
