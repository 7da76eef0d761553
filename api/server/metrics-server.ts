/** The measurements on a port of their own, which need not be open to whoever may call the API. */
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

/** Whoever scrapes: some Prometheus servers, and a person. */
const MOST_CONNECTIONS = 100;

/**
 * Serves `/metrics` alone; resolves once it listens.
 * @throws SetupError where it cannot, as the port is taken
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
  // The connections that are measured are the API's.
  const createServer = boundedServer(new Registry(), { ...bounds, most: MOST_CONNECTIONS });
  const server = serve({ ...refusals.options, port, hostname, createServer }) as Server;
  refusals.watch(server);
  await portOf(server, `HOST=${hostname} METRICS_PORT=${port}`);
  return server;
}
