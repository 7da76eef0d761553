/** The API's servers. They listen before the application is ready, and go on while it drains. */
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import type { ApiConfig } from '../../process/config.ts';
import { portOf } from '../../process/listening.ts';
import { createRegistry } from '../../process/metrics/registry.ts';
import { createAdmission } from '../claims/admission/admission.ts';
import { everyRequest } from '../http/every-request.ts';
import { ifLimited } from '../identity/rate-limits.ts';
import { problemOf, sendProblem } from '../problem.ts';
import { newRouter } from '../router.ts';
import { type HealthDeps, healthRoutes } from '../routes/meta.ts';
import { metricsRoutes } from '../routes/metrics.ts';
import { boundedServer, type ConnectionBounds } from './connections.ts';
import { createDraining } from './draining.ts';
import { createRefusals } from './early-refusals.ts';
import { createMemoryRelease } from './release-memory.ts';

export type Front = Awaited<ReturnType<typeof listen>>;

/** Connections to the port of `/metrics`: enough for some Prometheus servers, and a person. */
const MOST_METRICS_CONNECTIONS = 100;

type Application = Pick<ReturnType<typeof newRouter>, 'fetch'>;

/** What a starting process answers as `Retry-After`, in seconds: about the time a start takes. */
const RETRY_AFTER_S = 5;

/**
 * Starts to listen. Until `open` is called, the process is alive and not ready.
 * @throws SetupError if it cannot listen
 */
export async function listen(config: ApiConfig, checks: HealthDeps['checks'], log: Logger) {
  const metrics = createRegistry('api');
  const memory = createMemoryRelease();
  const queues = {
    atOnce: config.ADMISSION_AT_ONCE,
    waiting: config.ADMISSION_WAITING,
    patienceMs: config.ADMISSION_PATIENCE_MS,
  };
  const admission = createAdmission(metrics, queues, memory.soon);
  const draining = createDraining(config.DRAIN_S * 1_000);
  let phase: ReturnType<HealthDeps['phase']> = 'STARTING';
  let answering: Application = starting({ checks, phase: () => phase }, log);

  const bounds = boundsOf(config);
  const { METRICS_PORT, HOST: hostname } = config;
  const metricsServer =
    METRICS_PORT === undefined
      ? undefined
      : await serveMetrics(metrics, { port: METRICS_PORT, hostname }, bounds, log);
  const refusals = createRefusals((request, env) => answering.fetch(request, env));
  const server = serve({
    ...refusals.options,
    port: config.PORT,
    hostname: config.HOST,
    createServer: boundedServer(metrics, bounds, admission.behindDoor),
    serverOptions: {
      ...refusals.options.serverOptions,
      keepAliveTimeout: config.KEEP_ALIVE_TIMEOUT_S * 1_000,
    },
  }) as Server;
  refusals.watch(server);
  draining.watch(server);
  const port = await portOf(server, `HOST=${config.HOST} PORT=${config.PORT}`);

  return {
    port,
    phase: () => phase,
    checks,
    metrics,
    admission,
    /** Makes this application answer from now on; `/readyz` then says that it is ready. */
    open(app: Application): void {
      answering = app;
      phase = 'READY';
    },
    /**
     * Goes on serving for `DRAIN_S`, lets requests end, and closes.
     * @param letGo called when the drain is over: it must answer the requests that wait for
     *   something
     */
    async close(letGo: () => void): Promise<void> {
      phase = 'STOPPING';
      await draining.end(server, () => {
        admission.close();
        letGo();
      });
      metricsServer?.close();
      memory.stop();
    },
    /** How long the process may take to end, in milliseconds. */
    stopsWithinMs: draining.stopsWithinMs,
  };
}

/** The application until `open` is called: it answers for its health, and 503 for all else. */
function starting(deps: HealthDeps, log: Logger): Application {
  const app = newRouter();
  everyRequest(app, log);
  app.route('/', healthRoutes(deps));
  app.notFound((c) => {
    const problem = problemOf('unavailable', 'This process is still starting.', c.req.path);
    return sendProblem(c, { ...problem, headers: { 'Retry-After': String(RETRY_AFTER_S) } });
  });
  return app;
}

function boundsOf(config: ApiConfig): ConnectionBounds {
  return {
    most: config.MAX_CONNECTIONS,
    mostOfAddress: ifLimited(config, config.MAX_CONNECTIONS_PER_ADDRESS),
    headersTimeoutMs: config.HEADERS_TIMEOUT_MS,
    bodyTimeoutMs: config.BODY_TIMEOUT_MS,
    trusted: config.TRUSTED_PROXIES,
  };
}

/**
 * Serves `/metrics` and nothing else on a port of its own (`METRICS_PORT`), which can be closed to
 * clients. Resolves once it listens.
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
  const createServer = boundedServer(new Registry(), { ...bounds, most: MOST_METRICS_CONNECTIONS });
  const server = serve({ ...refusals.options, port, hostname, createServer }) as Server;
  refusals.watch(server);
  await portOf(server, `HOST=${hostname} METRICS_PORT=${port}`);
  return server;
}
