/**
 * The whole of Laurel in one process, over the real servers of the test run: API, workers and a
 * simulated game, with a database and a Temporal namespace of its own.
 */
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Client, Connection } from '@temporalio/client';
import {
  DefaultLogger,
  GracefulShutdownPeriodExpiredError,
  type LogEntry,
  NativeConnection,
  Runtime,
  type Worker,
} from '@temporalio/worker';
import { exportJWK, generateKeyPair } from 'jose';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { ActivityDeps } from '../activities/deps.ts';
import { createActivities } from '../activities/index.ts';
import { createUpkeepActivities } from '../activities/upkeep.ts';
import { type AppDeps, createApp } from '../api/app.ts';
import { createAdmission } from '../api/claims/admission/admission.ts';
import type { QueueSettings } from '../api/claims/admission/fair-queue.ts';
import { createStarter } from '../api/claims/admission/starter.ts';
import type { ClaimBody } from '../api/claims/claim-body.ts';
import { createLongRequests } from '../api/http/long-requests.ts';
import { createIdentity } from '../api/identity/identity.ts';
import { createPersonalReads } from '../api/identity/personal-reads.ts';
import { observeLongRequests } from '../api/metrics.ts';
import { createOverviewFeed } from '../api/overview/overview-feed.ts';
import { healthChecks } from '../api/serve.ts';
import { boundedServer } from '../api/server/connections.ts';
import { createRefusals } from '../api/server/early-refusals.ts';
import { CONNECTIONS, LONG_REQUESTS, UNGUARDED } from '../api/test-bounds.ts';
import { createClient } from '../client/index.ts';
import type { ProviderLimit } from '../domain/provider-limit.ts';
import type { Role } from '../domain/user.ts';
import { startSimulator } from '../local/simulator/simulator.ts';
import { createGameDataProviders } from '../providers/index.ts';
import { watchClaims } from '../store/claims/claim-changes.ts';
import { openStore, type Store } from '../store/index.ts';
import { connect } from '../store/mongodb/connection.ts';
import { createBulkRuns } from '../temporal/bulk-runs.ts';
import { registerSearchAttributes } from '../temporal/namespace.ts';
import { createClaimRuns } from '../temporal/runs.ts';
import { stopClaimsOf } from '../temporal/stop-claims.ts';
import { type ActivitySettings, activityDeps, upkeepDeps } from '../worker/deps.ts';
import { createWorkers } from '../worker/workers.ts';
import { testBundle } from './bundle.ts';
import { dropDatabase } from './drop-database.ts';
import { testServers, uniqueName } from './servers.ts';

/** Impatient, so that a test of spent retries takes seconds. */
const POLICY = {
  FULFILLMENT_TIMEOUT_MS: 2_000,
  FULFILLMENT_MAX_ATTEMPTS: 3,
  FULFILLMENT_INITIAL_INTERVAL_MS: 50,
  FULFILLMENT_PENDING_TIMEOUT_MS: 4_000,
};

const GAUGES = { level: 'HIGHEST', rank: 'LATEST' } as const;

/** What workers logged as errors of the database. */
export const refusalsLogged: LogEntry[] = [];

const quiet = new DefaultLogger('ERROR', (entry) => {
  if (entry.message.startsWith('MongoDB refuses')) refusalsLogged.push(entry);
  else console.error(entry.message, entry.meta);
});
Runtime.install({ logger: quiet, shutdownSignals: [] });

export type Laurel = Awaited<ReturnType<typeof startLaurel>>;

export interface LaurelOptions {
  policy?: Partial<typeof POLICY>;
  /** Of the game, as its provider. */
  limit?: ProviderLimit;
  /**
   * Whether each claim gets a first try, or none does, so that every call is an attempt of S4's own.
   * Unless given, how quick the provider has been of late decides.
   */
  firstTries?: boolean;
  /** Providers beside the game, by name. */
  providers?: ActivitySettings['PROVIDERS'];
  /** False to start the workers later, with `startWorkers`; each time it starts as many more. */
  workers?: boolean;
  /** Changes what the activities are given. */
  activities?: (deps: ActivityDeps) => ActivityDeps;
  /** How many claims are recorded at once, and how many may wait at the door. */
  admission?: QueueSettings;
  /** Whether staff must have a second factor to sign in; they need none unless given. */
  mfaRequired?: boolean;
  /** Changes the stores that the API is given. */
  apiStore?: (store: Store) => Store;
  /** Changes what the API is given. */
  api?: Partial<AppDeps>;
  /** The clock by which the API remembers its callers, in milliseconds; the process's own unless given. */
  usersNow?: () => number;
  /** Added to the database's connection string, such as `&monitorCommands=true`. */
  mongodbOptions?: string;
}

/** Does it until it succeeds: the server takes a moment to know a new namespace. */
export async function insist(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Registers a namespace without search attributes and waits until the server takes work for it. */
export async function bareNamespace(connection: Connection): Promise<string> {
  const namespace = uniqueName('ns');
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  const client = new Client({ connection, namespace });
  await insist(async () => {
    for await (const _ of client.workflow.list({ pageSize: 1 })) break;
  });
  return namespace;
}

type GameData = ReturnType<typeof createGameDataProviders>;

/** A database and a namespace of its own at the run's servers, and what works on them. */
async function openWorld(options: LaurelOptions) {
  const servers = await testServers();
  const uri = servers.mongodbUri(uniqueName('laurel')) + (options.mongodbOptions ?? '');
  const database = await connect(uri, { appName: 'test' });
  const store = await openStore(database);
  const connection = await Connection.connect({ address: servers.temporalAddress });
  const namespace = await bareNamespace(connection);
  await insist(() => registerSearchAttributes(connection, namespace));
  const client = new Client({ connection, namespace });
  const runs = createClaimRuns(client);
  const bulkRuns = createBulkRuns(client);
  const changes = watchClaims(database, () => {});
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  // The game is told the API's address, and so starts after it.
  const gameData: GameData = new Map();
  const temporal = { connection, namespace, client, runs, bulkRuns };
  return { servers, database, store, changes, secret, gameData, ...temporal };
}

type World = Awaited<ReturnType<typeof openWorld>>;

/** The API over it, which listens on a port of its own. */
async function serveApi(world: World, options: LaurelOptions) {
  const { database, store, changes, secret, gameData, runs, bulkRuns } = world;
  const log = pino({ level: 'silent' });
  const now = () => new Date();
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const metrics = new Registry();
  const admission = createAdmission(metrics, options.admission);
  const longRequests = createLongRequests(LONG_REQUESTS);
  observeLongRequests(metrics, longRequests.open);
  const providerSecrets = new Map([['game', secret]]);
  const overview = createOverviewFeed({ store, providerSecrets, now, log });
  const identity = await createIdentity({
    ...UNGUARDED,
    ...{ store, log, now, usersNow: options.usersNow },
    jwtKeys: [await exportJWK(privateKey)],
    mfaRequired: options.mfaRequired ?? false,
  });

  const app = createApp({
    store: options.apiStore?.(store) ?? store,
    overview,
    ...identity,
    personalReads: createPersonalReads({ readLog: store.readLog, log, now }),
    longRequests,
    providerSecrets,
    gameData: (name: string) => gameData.get(name),
    gauges: GAUGES,
    providerNames: new Set(['mailbox', 'game']),
    runs,
    bulkRuns,
    starter: createStarter({ runs, isRecorders: store.claims.isRecorders, log }),
    changes,
    onUserLeft: (userId) => stopClaimsOf({ claims: store.claims, runs }, userId),
    webUi: undefined,
    phase: () => 'READY',
    checks: healthChecks(database, runs),
    metrics,
    // A test looks at what it has just done.
    metricsAgeMs: 0,
    admission,
    log,
    now,
    ...options.api,
  } as AppDeps);
  const createServer = boundedServer(metrics, CONNECTIONS, admission.behindDoor);
  const refusals = createRefusals(app.fetch);
  const listening = { ...refusals.options, port: 0, hostname: '127.0.0.1', createServer };
  const http = serve(listening) as Server;
  refusals.watch(http);
  await new Promise((resolve) => http.once('listening', resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return { app, http, url, overview, tokens: options.api?.tokens ?? identity.tokens };
}

/** Workers that a test starts and stops, each time more of them. */
function createTestWorkers(
  { servers, namespace, store }: World,
  options: LaurelOptions,
  settings: ActivitySettings,
  upkeep: ReturnType<typeof upkeepDeps>,
) {
  let workers: Worker[] = [];
  let running: Promise<unknown>[] = [];
  const natives: NativeConnection[] = [];

  async function startWorkers(): Promise<void> {
    const { firstTries } = options;
    const always = { enter: () => (firstTries ? () => {} : null) };
    const pace = firstTries !== undefined && { pace: always };
    const deps = { ...activityDeps(store, settings), ...pace };
    // The SDK allows one worker of a queue for each connection.
    const native = await NativeConnection.connect({ address: servers.temporalAddress });
    natives.push(native);
    const started = await createWorkers({
      connection: native,
      namespace,
      workflowBundle: await testBundle(),
      activities: createActivities(options.activities?.(deps) ?? deps),
      upkeep: createUpkeepActivities(upkeep),
      providers: settings.PROVIDERS,
    });
    workers.push(...started);
    running.push(...started.map((worker) => worker.run()));
  }

  async function stopWorkers(): Promise<void> {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.all(running);
    [workers, running] = [[], []];
  }

  /** Closes their connections; they must have stopped. */
  const close = () => Promise.allSettled(natives.map((native) => native.close()));

  return { startWorkers, stopWorkers, close };
}

/** Calls that the typed client would not make: with garbage, or of an address as it was answered. */
function createCaller(url: string) {
  return async function call<T = Record<string, unknown>>(
    method: string,
    path: string,
    { token, body, headers }: { token?: string; body?: unknown; headers?: object } = {},
  ): Promise<{ status: number; headers: Headers; body: T }> {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? {} : JSON.parse(text)) as T,
    };
  };
}

/**
 * Starts all of it; resolves once the API listens and the workers run.
 * @returns its parts, and what a test does with them; `stop` drops its database
 */
export async function startLaurel(options: LaurelOptions = {}) {
  const world = await openWorld(options);
  const { store, database, changes, secret, runs, bulkRuns, client, namespace } = world;
  const { app, http, url, overview, tokens } = await serveApi(world, options);
  const callbackUrl = `${url}/api/provider-callbacks/game`;
  const game = await startSimulator({ secret, callbackUrl });
  const { limit, providers } = options;
  const PROVIDERS = { game: { baseUrl: game.url, secret, limit }, ...providers };
  const settings: ActivitySettings = { ...POLICY, ...options.policy, PROVIDERS, GAUGES };
  const timeoutMs = settings.FULFILLMENT_TIMEOUT_MS;
  for (const [name, data] of createGameDataProviders(PROVIDERS, { timeoutMs })) {
    world.gameData.set(name, data);
  }
  const told = { onMended: () => {}, onFailure: () => {} };
  const upkeep = upkeepDeps(store, { runs, bulkRuns }, told);
  const { startWorkers, stopWorkers, ...workers } = createTestWorkers(
    world,
    options,
    settings,
    upkeep,
  );
  if (options.workers !== false) await startWorkers();
  const call = createCaller(url);
  const as = (token?: string) => createClient({ baseUrl: url, token });

  return {
    ...{ url, app, store, changes, database, client, namespace, runs, game, secret, upkeep },
    ...{ call, startWorkers, stopWorkers },

    /** The typed client of its API, as whoever has that token. */
    as,

    /** A new user of that role, signed in. Without a hash the password is of no use. */
    async signIn(
      role: Role = 'PLAYER',
      { username = uniqueName('u'), passwordHash = '-' } = {},
    ): Promise<{ id: string; token: string }> {
      const given = { username, displayName: username, passwordHash };
      const user = await store.users.register(given, new Date());
      if (role !== 'PLAYER') await store.users.model.updateOne({ _id: user.userId }, { role });
      return { id: user.userId, token: await tokens.issue({ userId: user.userId, epoch: 0 }) };
    },

    /** Claims; waits up to `waitS` seconds for the final state. */
    async claim(
      eventId: string,
      token: string,
      more: { key?: string; rewardId?: string; waitS?: number } = {},
    ) {
      const { key = uniqueName('key'), rewardId, waitS } = more;
      const prefer = waitS !== undefined && { Prefer: `wait=${waitS}` };
      const answer = await as(token).POST('/api/event-claims/{eventId}/claim', {
        params: { path: { eventId }, header: { 'Idempotency-Key': key, ...prefer } },
        ...(rewardId !== undefined && { body: { rewardId } }),
      });
      const { data, error, response } = answer;
      const { status, headers } = response;
      return { status, headers, body: (data ?? error) as ClaimBody };
    },

    async stop(): Promise<void> {
      // A worker that was cut off from its server may not stop in time; a supervisor would end it.
      await stopWorkers().catch((error: unknown) => {
        if (!(error instanceof GracefulShutdownPeriodExpiredError)) throw error;
      });
      await game.close();
      overview.end();
      await changes.close();
      http.close();
      if ('closeAllConnections' in http) http.closeAllConnections();
      await dropDatabase(database);
      await workers.close();
      await Promise.allSettled([world.connection.close(), database.close()]);
      await world.servers.stop();
    },
  };
}

/** What the API answers to a claim. */
export type ClaimAnswer = Awaited<ReturnType<Laurel['claim']>>;

/** The code of an answer that is a problem. */
export const codeOf = ({ body }: ClaimAnswer) => (body as unknown as { code: string }).code;
