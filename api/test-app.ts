/** For tests: the application over a real MongoDB, with its own database and signing keys. */
import { Client, Connection } from '@temporalio/client';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { Role } from '../domain/user.ts';
import { watchClaims } from '../store/claims/claim-changes.ts';
import { openStore } from '../store/index.ts';
import { connect } from '../store/mongodb/connection.ts';
import { createBulkRuns } from '../temporal/bulk-runs.ts';
import { createClaimRuns } from '../temporal/runs.ts';
import { dropDatabase } from '../test/drop-database.ts';
import { testServers, uniqueName } from '../test/servers.ts';
import { type AppDeps, createApp } from './app.ts';
import { createAdmission } from './claims/admission/admission.ts';
import { createStarter } from './claims/admission/starter.ts';
import { createLongRequests } from './http/long-requests.ts';
import { createIdentity, type IdentitySettings } from './identity/identity.ts';
import { createTrustedIssuers } from './identity/issuers.ts';
import { createPersonalReads } from './identity/personal-reads.ts';
import { createOverviewFeed } from './overview/overview-feed.ts';
import { LONG_REQUESTS, UNGUARDED } from './test-bounds.ts';

/** The password of every user of the tests. */
export const PASSWORD = 'correct horse battery';

/** One call. A body that is neither a string nor bytes is sent as JSON. */
interface Call {
  token?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
}

/** An answer, read. `body` is its JSON, or an empty object where it has none. */
export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

export type Fields = Record<string, unknown>;

export interface Pair {
  accessToken: string;
  tokenType: string;
  expiresIn: number;
  refreshToken: string;
}

export interface SignedIn extends Pair {
  id: string;
  username: string;
}

export type TestApp = Awaited<ReturnType<typeof testApp>>;

/** A private key to sign access tokens with. */
export async function testKey(alg: 'EdDSA' | 'ES256' = 'EdDSA'): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return await exportJWK(privateKey);
}

const NO_ISSUERS = createTrustedIssuers([], { now: () => new Date(), onTrouble: () => {} });

/**
 * Brings the application up, without a worker; `close` drops its database.
 * @param signIns how sign-ins are guarded; no limits and no second factor unless given
 */
export async function testApp(
  { issuers = NO_ISSUERS, ...overrides }: Partial<AppDeps> = {},
  signIns: Partial<IdentitySettings> = {},
) {
  const servers = await testServers();
  const connection = await connect(servers.mongodbUri(uniqueName('api')), { appName: 'test' });
  const rules = { ttlDays: 90, gauges: { level: 'HIGHEST' as const }, issuers: issuers.names };
  const store = await openStore(connection, () => new Date(), rules);
  const changes = watchClaims(connection, () => {});
  const temporal = Connection.lazy({ address: servers.temporalAddress });
  const client = new Client({ connection: temporal });
  const runs = createClaimRuns(client);
  const log = pino({ level: 'silent' });
  const metrics = new Registry();
  const now = overrides.now ?? (() => new Date());
  const providerSecrets = overrides.providerSecrets ?? new Map();
  const overview = createOverviewFeed({ store, providerSecrets, now, log, everyMs: 50 });
  const { rateLimits } = overrides;
  const jwtKeys = [await testKey()];
  const given = { store, log, now, jwtKeys, rateLimits, issuers };
  const identity = await createIdentity({ ...UNGUARDED, ...given, ...signIns });
  const deps: AppDeps = {
    store,
    overview,
    ...identity,
    personalReads: createPersonalReads({ readLog: store.readLog, log, now }),
    longRequests: createLongRequests(LONG_REQUESTS),
    providerSecrets,
    gameData: () => undefined,
    gauges: { level: 'HIGHEST' },
    runs,
    bulkRuns: createBulkRuns(client),
    starter: createStarter({ runs, isRecorders: store.claims.isRecorders, log }),
    changes,
    onUserLeft: async () => {},
    phase: () => 'READY',
    checks: { mongodb: async () => {}, temporal: async () => {} },
    metrics,
    // A test must see what it has just done.
    metricsAgeMs: 0,
    admission: createAdmission(metrics),
    log,
    now,
    ...overrides,
  };
  const app = createApp(deps);

  async function call<T = Fields>(
    method: string,
    path: string,
    { token, body, headers = {} }: Call = {},
  ): Promise<Answer<T>> {
    const sent = new Headers(headers);
    if (token !== undefined) sent.set('authorization', `Bearer ${token}`);
    if (body !== undefined && !sent.has('content-type')) {
      sent.set('content-type', 'application/json');
    }
    const isAsSent = typeof body === 'string' || body instanceof Uint8Array;
    const content = isAsSent ? (body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(body);
    const init = { method, headers: sent, ...(content !== undefined && { body: content }) };
    return await read<T>(await app.request(path, init));
  }

  async function login(username: string): Promise<Pair> {
    const body = { username, password: PASSWORD };
    return (await call<Pair>('POST', '/api/auth/login', { body })).body;
  }

  /** Registers a user, gives them the role, and signs them in. */
  async function signIn(role: Role = 'PLAYER', username = uniqueName('user')): Promise<SignedIn> {
    const body = { username, password: PASSWORD };
    const { id } = (await call<{ id: string }>('POST', '/api/auth/register', { body })).body;
    if (role !== 'PLAYER') await store.users.model.updateOne({ _id: id }, { $set: { role } });
    return { id, username, ...(await login(username)) };
  }

  return {
    app,
    deps,
    store,
    connection,
    call,
    login,
    signIn,
    async close() {
      deps.overview.end();
      await changes.close();
      await temporal.close();
      await dropDatabase(connection);
      await connection.close();
      await servers.stop();
    },
  };
}

async function read<T>(response: Response): Promise<Answer<T>> {
  const text = await response.text();
  const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
  const body = (text !== '' && isJson ? JSON.parse(text) : {}) as T;
  return { status: response.status, headers: response.headers, body };
}
