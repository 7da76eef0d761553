/** Wires the API, over the connections that the process's root has made. */
import type { Client } from '@temporalio/client';
import type { Connection as Database } from 'mongoose';
import type { Logger } from 'pino';
import type { ApiConfig } from '../process/config.ts';
import { createGameDataProviders } from '../providers/index.ts';
import { watchClaims } from '../store/claims/claim-changes.ts';
import type { Store } from '../store/index.ts';
import { levelOf } from '../store/mongodb/connection.ts';
import { createBulkRuns } from '../temporal/bulk-runs.ts';
import type { ClaimRuns } from '../temporal/runs.ts';
import { stopClaimsOf } from '../temporal/stop-claims.ts';
import { createApp } from './app.ts';
import { createStarter } from './claims/admission/starter.ts';
import { createLongRequests } from './http/long-requests.ts';
import { createCurrentUsers } from './identity/current-users.ts';
import { makeFirstAdmin } from './identity/first-admin.ts';
import { createPasswords } from './identity/passwords.ts';
import { createPersonalReads } from './identity/personal-reads.ts';
import { createRateLimits, ifLimited } from './identity/rate-limits.ts';
import { createTokens } from './identity/tokens.ts';
import { observeLongRequests } from './metrics.ts';
import { createOverviewFeed } from './overview/overview-feed.ts';
import type { Front } from './server/front.ts';

interface ApiParts {
  config: ApiConfig;
  log: Logger;
  database: Database;
  store: Store;
  client: Client;
  runs: ClaimRuns;
  front: Front;
}

/** How long an eligibility question waits for a game server, in milliseconds. */
const GAME_DATA_TIMEOUT_MS = 2_000;

const now = () => new Date();

/**
 * Makes the first admin if there is none, and opens the front.
 * @returns ends the API: lets requests end, and closes what only the API has open
 */
export async function serveApi(parts: ApiParts) {
  const { config, log, database, store, client, runs, front } = parts;
  const changes = watchClaims(database, (err) =>
    log[levelOf(err)]({ err }, 'change stream broken'),
  );
  const passwords = createPasswords();
  await makeFirstAdmin(
    { users: store.users, passwords, now },
    { username: config.ADMIN_USERNAME, password: config.ADMIN_PASSWORD },
  );
  const providers = Object.entries(config.PROVIDERS);
  const gameData = createGameDataProviders(config.PROVIDERS, { timeoutMs: GAME_DATA_TIMEOUT_MS });
  const namespace = config.TEMPORAL_NAMESPACE;
  const { metrics, admission, phase, checks } = front;

  const providerSecrets = new Map(providers.map(([name, { secret }]) => [name, secret]));
  const overview = createOverviewFeed({ store, providerSecrets, now, log });
  const personalReads = createPersonalReads({ readLog: store.readLog, log, now });
  const app = createApp({
    store,
    overview,
    tokens: await createTokens({ keys: config.JWT_KEYS, ttlS: config.ACCESS_TOKEN_TTL_S, now }),
    currentUsers: createCurrentUsers(store.users.get),
    passwords,
    rateLimits: createRateLimits({ enabled: config.RATE_LIMITS === 'on' }),
    longRequests: longRequestsOf(config, metrics),
    personalReads,
    trustedProxies: config.TRUSTED_PROXIES,
    providerSecrets,
    gameData: (name) => gameData.get(name),
    gauges: config.GAUGES,
    runs,
    bulkRuns: createBulkRuns(client),
    starter: createStarter({ runs, isRecorders: store.claims.isRecorders, log }),
    changes,
    onUserLeft: (userId) => stopClaimsOf({ claims: store.claims, runs }, userId),
    webUi: config.TEMPORAL_UI_URL ? { url: config.TEMPORAL_UI_URL, namespace } : undefined,
    phase,
    checks,
    admission,
    metrics,
    metricsArePublic: config.METRICS_PORT === undefined,
    log,
    now,
  });

  front.open(app);
  log.info({ port: front.port }, 'api ready');
  return async () => {
    log.info('api stopping');
    await front.close(() => {
      changes.endWaits();
      overview.end();
    });
    await personalReads.flush();
    await changes.close();
  };
}

/** The places for requests that are held open, with their metric. */
function longRequestsOf(config: ApiConfig, metrics: Front['metrics']) {
  const longRequests = createLongRequests({
    most: config.MAX_LONG_REQUESTS,
    mostOfAddress: ifLimited(config, config.MAX_LONG_REQUESTS_PER_ADDRESS),
    mostOfUser: ifLimited(config, config.MAX_LONG_REQUESTS_PER_USER),
  });
  observeLongRequests(metrics, longRequests.open);
  return longRequests;
}

/**
 * The checks of `/readyz`. They are calls that the product makes itself: a server may answer a ping
 * and refuse those, and Temporal's health call may need rights that the API does not have.
 */
export function healthChecks(database: Database, runs: Pick<ClaimRuns, 'check'>) {
  return {
    mongodb: async () => {
      await database.collection<{ _id: string }>('users').findOne({ _id: 'nobody' });
    },
    temporal: runs.check,
  };
}
