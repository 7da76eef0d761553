/** The API, wired and listening, over connections that the process's root has made. */
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import type { Client } from '@temporalio/client';
import type { Connection as Database } from 'mongoose';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { ApiConfig } from '../config.ts';
import { createGameDataProviders } from '../providers/index.ts';
import { watchClaims } from '../store/claim-changes.ts';
import type { Store } from '../store/index.ts';
import { createBulkRuns } from '../temporal/bulk-runs.ts';
import type { ClaimRuns } from '../temporal/runs.ts';
import { createApp } from './app.ts';
import { createAdmission } from './claims/admission.ts';
import { createStarter } from './claims/starter.ts';
import { stopClaimsOf } from './claims/stop.ts';
import { boundedServer, type ConnectionBounds } from './connections.ts';
import { createCurrentUsers } from './current-users.ts';
import { makeFirstAdmin } from './first-admin.ts';
import { createMemoryRelease } from './memory.ts';
import { serveMetrics } from './metrics-server.ts';
import { createPasswords } from './passwords.ts';
import { createRateLimits } from './rate-limits.ts';
import { createRefusals } from './refusals.ts';
import { createTokens } from './tokens.ts';

export interface ApiParts {
  config: ApiConfig;
  log: Logger;
  database: Database;
  store: Store;
  client: Client;
  runs: ClaimRuns;
  /** Fails where Temporal cannot be reached. */
  checkTemporal(): Promise<unknown>;
}

/** What an eligibility answer waits for a game server, in milliseconds: a person looks at it. */
const GAME_DATA_TIMEOUT_MS = 2_000;

const now = () => new Date();

/**
 * Makes the first admin where there is none, and listens. `turnAway` answers those who wait at the
 * door, `close` ends what only the API has open.
 */
export async function serveApi(parts: ApiParts) {
  const { config, log, database, store, client, runs } = parts;
  const changes = watchClaims(database, (err) => log.warn({ err }, 'change stream broken'));
  const passwords = createPasswords();
  await makeFirstAdmin(
    { users: store.users, passwords, now },
    { username: config.ADMIN_USERNAME, password: config.ADMIN_PASSWORD },
  );
  const providers = Object.entries(config.PROVIDERS);
  const gameData = createGameDataProviders(config.PROVIDERS, { timeoutMs: GAME_DATA_TIMEOUT_MS });
  const namespace = config.TEMPORAL_NAMESPACE;
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const memory = createMemoryRelease();
  const turns = {
    atOnce: config.ADMISSION_AT_ONCE,
    waiting: config.ADMISSION_WAITING,
    patienceMs: config.ADMISSION_PATIENCE_MS,
  };
  const admission = createAdmission(metrics, turns, memory.soon);

  const app = createApp({
    store,
    tokens: await createTokens({ keys: config.JWT_KEYS, ttlS: config.ACCESS_TOKEN_TTL_S, now }),
    currentUsers: createCurrentUsers(store.users.get),
    passwords,
    rateLimits: createRateLimits({ enabled: config.RATE_LIMITS === 'on' }),
    trustedProxies: config.TRUSTED_PROXIES,
    providerSecrets: new Map(providers.map(([name, { secret }]) => [name, secret])),
    gameData: (name) => gameData.get(name),
    gauges: config.GAUGES,
    runs,
    bulkRuns: createBulkRuns(client),
    starter: createStarter({ runs, log }),
    changes,
    onUserLeft: (userId) => stopClaimsOf({ claims: store.claims, runs }, userId),
    webUi: config.TEMPORAL_UI_URL ? { url: config.TEMPORAL_UI_URL, namespace } : undefined,
    checks: {
      mongodb: async () => {
        await database.getClient().db('admin').command({ ping: 1 });
      },
      temporal: async () => {
        await parts.checkTemporal();
      },
    },
    admission,
    metrics,
    metricsArePublic: config.METRICS_PORT === undefined,
    log,
    now,
  });

  const { PORT: port, HOST: hostname } = config;
  const bounds = boundsOf(config);
  const createServer = boundedServer(metrics, bounds, admission.behindDoor);
  const refusals = createRefusals(app.fetch);
  const options = { ...refusals.options, port, hostname, createServer };
  const server = serve(options, (address) => {
    log.info({ port: address.port }, 'api ready');
  }) as Server;
  refusals.watch(server);
  const { METRICS_PORT } = config;
  const metricsServer =
    METRICS_PORT !== undefined &&
    (await serveMetrics(metrics, { port: METRICS_PORT, hostname }, bounds));
  const close = async () => {
    if (metricsServer) metricsServer.close();
    memory.stop();
    await changes.close();
  };
  return { server, turnAway: admission.close, close };
}

/** A gateway that limits by itself is all the addresses there are. */
function boundsOf(config: ApiConfig): ConnectionBounds {
  const isLimited = config.RATE_LIMITS === 'on';
  return {
    most: config.MAX_CONNECTIONS,
    mostOfAddress: isLimited ? config.MAX_CONNECTIONS_PER_ADDRESS : Number.POSITIVE_INFINITY,
    headersTimeoutMs: config.HEADERS_TIMEOUT_MS,
    bodyTimeoutMs: config.BODY_TIMEOUT_MS,
    trusted: config.TRUSTED_PROXIES,
  };
}
