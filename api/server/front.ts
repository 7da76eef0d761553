/** The API's server. It listens before the application is ready, and goes on while it drains. */
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { ApiConfig } from '../../process/config.ts';
import { type Admission, createAdmission } from '../claims/admission/admission.ts';
import type { QueueSettings } from '../claims/admission/fair-queue.ts';
import { everyRequest } from '../http/every-request.ts';
import { ifLimited } from '../identity/rate-limits.ts';
import { problemOf, sendProblem } from '../problem.ts';
import { newRouter } from '../router.ts';
import { type HealthDeps, healthRoutes } from '../routes/meta.ts';
import { boundedServer, type ConnectionBounds } from './connections.ts';
import { createDraining } from './draining.ts';
import { createRefusals } from './early-refusals.ts';
import { portOf } from './listening.ts';
import { serveMetrics } from './metrics-server.ts';
import { createMemoryRelease } from './release-memory.ts';

export interface Front {
  port: number;
  phase: HealthDeps['phase'];
  checks: HealthDeps['checks'];
  metrics: Registry;
  admission: Admission;
  /** Makes this application answer from now on; `/readyz` then says that it is ready. */
  open(app: Application): void;
  /**
   * Goes on serving for `DRAIN_S`, lets requests end, and closes.
   * @param letGo called when the drain is over: it must answer the requests that wait for something
   */
  close(letGo: () => void): Promise<void>;
  /** How long the process may take to end, in milliseconds. */
  stopsWithinMs: number;
}

type Application = Pick<ReturnType<typeof newRouter>, 'fetch'>;

/** What a starting process answers as `Retry-After`, in seconds: about the time a start takes. */
const RETRY_AFTER_S = 5;

/**
 * Starts to listen. Until `open` is called, the process is alive and not ready.
 * @throws SetupError if it cannot listen
 */
export async function listen(
  config: ApiConfig,
  checks: HealthDeps['checks'],
  log: Logger,
): Promise<Front> {
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const memory = createMemoryRelease();
  const admission = createAdmission(metrics, queueSettingsOf(config), memory.soon);
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
    open(app) {
      answering = app;
      phase = 'READY';
    },
    async close(letGo) {
      phase = 'STOPPING';
      await draining.end(server, () => {
        admission.close();
        letGo();
      });
      metricsServer?.close();
      memory.stop();
    },
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

function queueSettingsOf(config: ApiConfig): QueueSettings {
  return {
    atOnce: config.ADMISSION_AT_ONCE,
    waiting: config.ADMISSION_WAITING,
    patienceMs: config.ADMISSION_PATIENCE_MS,
  };
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
