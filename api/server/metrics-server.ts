/** `/metrics` on a port of its own (`METRICS_PORT`), which can be closed to clients. */
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { everyRequest } from '../http/every-request.ts';
import { newRouter } from '../router.ts';
import { metricsRoutes } from '../routes/metrics.ts';
import { boundedServer, type ConnectionBounds } from './connections.ts';
import { createRefusals } from './early-refusals.ts';
import { portOf } from './listening.ts';

/** Enough for some Prometheus servers, and a person. */
const MOST_CONNECTIONS = 100;

/**
 * Serves `/metrics` and nothing else; resolves once it listens.
 * @throws SetupError if it cannot listen, for example because the port is taken
 */
export async function serveMetrics(
  metrics: Registry,
  { port, hostname }: { port: number; hostname: string },
  bounds: ConnectionBounds,
  log: Logger,
): Promise<Server> {
  const app = newRouter();
  everyRequest(app, log);
  app.route('/', metricsRoutes({ metrics }));
  const refusals = createRefusals(app.fetch);
  // The measured connections are the API's: these are counted in a registry that nobody reads.
  const createServer = boundedServer(new Registry(), { ...bounds, most: MOST_CONNECTIONS });
  const server = serve({ ...refusals.options, port, hostname, createServer }) as Server;
  refusals.watch(server);
  await portOf(server, `HOST=${hostname} METRICS_PORT=${port}`);
  return server;
}
