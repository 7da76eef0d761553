/** The API process: everything it is made of, wired once. */
import { serve } from '@hono/node-server';
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { apiConfig } from '../config.ts';
import { endOnFatal } from '../fatal.ts';
import { createGameDataProviders } from '../providers/index.ts';
import { watchClaims } from '../store/claim-changes.ts';
import { connect } from '../store/connection.ts';
import { openStore } from '../store/index.ts';
import { createBulkRuns } from '../temporal/bulk-runs.ts';
import { connectionOptions } from '../temporal/connection.ts';
import { createClaimRuns } from '../temporal/runs.ts';
import { createApp } from './app.ts';
import { createStarter } from './claims/starter.ts';
import { stopClaimsOf } from './claims/stop.ts';
import { createCurrentUsers } from './current-users.ts';
import { makeFirstAdmin } from './first-admin.ts';
import { createPasswords } from './passwords.ts';
import { createRateLimits } from './rate-limits.ts';
import { gracefully } from './shutdown.ts';
import { createTokens } from './tokens.ts';

endOnFatal('api');
const config = apiConfig();
const log = pino({ level: config.LOG_LEVEL, base: { process: 'api' } });
const now = () => new Date();

const database = await connect(config.MONGODB_URI, { appName: 'laurel-api' });
const store = await openStore(database, undefined, {
  ttlDays: config.ACTIVITY_TTL_DAYS,
  gauges: config.GAUGES,
});

// Lazy: claims are accepted while Temporal is away.
const temporal = Connection.lazy(connectionOptions(config));
const namespace = config.TEMPORAL_NAMESPACE;
const client = new Client({ connection: temporal, namespace });
const runs = createClaimRuns(client);
const changes = watchClaims(database, (err) => log.warn({ err }, 'change stream broken'));

const passwords = createPasswords();
await makeFirstAdmin(
  { users: store.users, passwords, now },
  { username: config.ADMIN_USERNAME, password: config.ADMIN_PASSWORD },
);

/** What an eligibility answer waits for a game server, in milliseconds: a person looks at it. */
const GAME_DATA_TIMEOUT_MS = 2_000;
const gameData = createGameDataProviders(config.PROVIDERS, { timeoutMs: GAME_DATA_TIMEOUT_MS });

const metrics = new Registry();
collectDefaultMetrics({ register: metrics });

const app = createApp({
  store,
  tokens: await createTokens({ keys: config.JWT_KEYS, ttlS: config.ACCESS_TOKEN_TTL_S, now }),
  currentUsers: createCurrentUsers(store.users.get),
  passwords,
  rateLimits: createRateLimits({ enabled: config.RATE_LIMITS === 'on' }),
  providerSecrets: new Map(Object.entries(config.PROVIDERS).map(([name, p]) => [name, p.secret])),
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
      await temporal.healthService.check({});
    },
  },
  metrics,
  log,
  now,
});

const server = serve({ fetch: app.fetch, port: config.PORT, hostname: config.HOST }, (address) => {
  log.info({ port: address.port }, 'api ready');
});
gracefully(server, log, async () => {
  await changes.close();
  await Promise.allSettled([temporal.close(), database.close()]);
});
