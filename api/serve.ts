/** Wires the API, over the connections that the process's root has made. */
import type { Client } from '@temporalio/client';
import type { Connection as Database } from 'mongoose';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { ApiConfig } from '../process/config.ts';
import { observeProviderCalls } from '../providers/call-metrics.ts';
import { createGameDataProviders } from '../providers/index.ts';
import { watchClaims } from '../store/claims/claim-changes.ts';
import type { Store } from '../store/index.ts';
import { levelOf } from '../store/mongodb/connection.ts';
import { createBulkRuns } from '../temporal/bulk-runs.ts';
import type { ClaimRuns } from '../temporal/runs.ts';
import { stopClaimsOf } from '../temporal/stop-claims.ts';
import { createApp } from './app.ts';
import { createStarter } from './claims/admission/starter.ts';
import { consoleBundle } from './console/bundle.ts';
import { beginBundle, keepBundle } from './console/kept-bundle.ts';
import { createLongRequests } from './http/long-requests.ts';
import { makeFirstAdmin } from './identity/first-admin.ts';
import { createIdentity } from './identity/identity.ts';
import { createPersonalReads } from './identity/personal-reads.ts';
import { ifLimited } from './identity/rate-limits.ts';
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
  const identity = await identityOf(parts);
  await makeFirstAdmin(
    { users: store.users, passwords: identity.passwords, now },
    { username: config.ADMIN_USERNAME, password: config.ADMIN_PASSWORD },
  );
  const providers = Object.entries(config.PROVIDERS);
  const namespace = config.TEMPORAL_NAMESPACE;
  const { metrics, admission, phase, checks } = front;
  const gameData = gameDataOf(config, metrics);

  const providerSecrets = new Map(providers.map(([name, { secret }]) => [name, secret]));
  const overview = createOverviewFeed({ store, providerSecrets, now, log });
  const personalReads = createPersonalReads({ readLog: store.readLog, log, now });
  const page = keepBundle(consoleBundle);
  const app = createApp({
    store,
    overview,
    console: page,
    ...identity,
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
  sayWhereSessionsAre(config, log);
  beginBundle(page, log);
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

/** Says it at the start, and not only to the first person who cannot sign in to the console. */
function sayWhereSessionsAre({ TRUSTED_PROXIES }: ApiConfig, log: Logger): void {
  if (TRUSTED_PROXIES.rules.length > 0) return;
  log.info(
    'sessions by cookie are for development: over plain HTTP they work at http://localhost alone. ' +
      'Elsewhere put a proxy in front that ends TLS, and name it in TRUSTED_PROXIES',
  );
}

/** The streams and waits of this process, which are limited and measured. */
function longRequestsOf(config: ApiConfig, metrics: Registry) {
  const longRequests = createLongRequests({
    most: config.MAX_LONG_REQUESTS,
    mostOfAddress: ifLimited(config, config.MAX_LONG_REQUESTS_PER_ADDRESS),
    mostOfUser: ifLimited(config, config.MAX_LONG_REQUESTS_PER_USER),
  });
  observeLongRequests(metrics, longRequests.open);
  return longRequests;
}

/** The providers as sources of game data, by name; their calls are measured. */
function gameDataOf({ PROVIDERS }: ApiConfig, metrics: Registry) {
  const calls = observeProviderCalls(metrics);
  const gameData = createGameDataProviders(PROVIDERS, { timeoutMs: GAME_DATA_TIMEOUT_MS });
  for (const [name, data] of gameData) gameData.set(name, calls.watchGameData(name, data));
  return gameData;
}

/** Who calls and who signs in, as the configuration says. */
async function identityOf({ config, log, store }: ApiParts) {
  if (config.ENCRYPTION_KEYS.length === 0) {
    log.warn('ENCRYPTION_KEYS is not set: secrets of second factors are stored as they are');
  }
  return await createIdentity({
    store,
    log,
    now,
    jwtKeys: config.JWT_KEYS,
    ttlS: config.ACCESS_TOKEN_TTL_S,
    limits: config.RATE_LIMITS === 'on',
    mfaRequired: config.STAFF_MFA === 'required',
    encryptionKeys: config.ENCRYPTION_KEYS,
    trustedIssuers: config.TRUSTED_ISSUERS,
    staffOidc: config.STAFF_OIDC,
  });
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
