/** No output of a run shows a secret: logs, traces, metrics, refusals, the audit log, the database. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { exportJWK, generateKeyPair } from 'jose';
import { startTestIssuer, type TestIssuer } from '../../api/identity/test-issuer.ts';
import { CALLBACK_PATH } from '../../api/routes/staff-oidc.ts';
import type { Child } from '../../local/processes/child-process.ts';
import { freePort } from '../../local/processes/ports.ts';
import { type Simulator, startSimulator } from '../../local/simulator/simulator.ts';
import { connect } from '../../store/mongodb/connection.ts';
import { registerSearchAttributes } from '../../temporal/namespace.ts';
import { workflowIdOf } from '../../temporal/workflow-id.ts';
import { dropDatabase } from '../drop-database.ts';
import { bareNamespace, insist } from '../laurel.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../openid-provider.ts';
import { type Collector, startCollector } from '../otlp-collector.ts';
import { startOwnProcess } from '../own-process.ts';
import { type TestServers, testServers, uniqueName } from '../servers.ts';
import { passwords, secondFactor, serviceKey } from './factors.ts';
import { createRecorder, holds, type Recorder } from './recorder.ts';
import {
  adminBySession,
  misplaced,
  playerByIssuer,
  playerByPassword,
  staffAtProvider,
} from './sign-ins.ts';

let servers: TestServers;
let temporal: Connection;
let namespace: string;
let mongodbUri: string;
let collector: Collector;
let game: Simulator;
let issuer: TestIssuer;
let provider: OpenIdProvider;
let recorder: Recorder;
let processes: Child[] = [];
let logged = '';
/** What is searched: each output as one text, by its name. */
const outputs = new Map<string, string>();

before(async () => {
  servers = await testServers();
  mongodbUri = servers.mongodbUri(uniqueName('secrets'));
  temporal = await Connection.connect({ address: servers.temporalAddress });
  namespace = await bareNamespace(temporal);
  await insist(() => registerSearchAttributes(temporal, namespace));
  collector = await startCollector();
  issuer = await startTestIssuer('game');
  const port = await freePort();
  recorder = createRecorder(`http://127.0.0.1:${port}`);
  provider = await startOpenIdProvider([`${recorder.url}${CALLBACK_PATH}`]);
  const secret = recorder.keep(
    "a provider's secret",
    `whsec_${randomBytes(32).toString('base64')}`,
  );
  game = await startSimulator({
    secret,
    callbackUrl: `${recorder.url}/api/provider-callbacks/game`,
  });
  const env = await environment(port);
  const start = (name: string) =>
    startOwnProcess(name, env, (line) => {
      logged += `${line}\n`;
    });
  processes = await Promise.all([start('api'), start('worker')]);
  await play();
  await stop();
  await readDatabase();
});
after(async () => {
  await stop();
  await game?.close();
  await issuer?.close();
  await provider?.close();
  await collector?.close();
  await temporal?.close();
  await servers?.stop();
});

/** The environment of both processes, with every secret that it can hold. */
async function environment(port: number): Promise<NodeJS.ProcessEnv> {
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const key = await exportJWK(privateKey);
  recorder.keep('the private part of the key that signs', key.d);
  const { issuer: address, clientId, clientSecret } = provider;
  const roles = { claim: 'groups', map: { 'laurel-ops': 'OPERATOR' } };
  return {
    ...process.env,
    MONGODB_URI: mongodbUri,
    TEMPORAL_ADDRESS: servers.temporalAddress,
    TEMPORAL_NAMESPACE: namespace,
    ADMIN_PASSWORD: recorder.keep("the first admin's password", uniqueName('admin-password')),
    JWT_KEYS: JSON.stringify([key]),
    ENCRYPTION_KEYS: JSON.stringify([
      recorder.keep('the key of sealed secrets', randomBytes(32).toString('base64')),
    ]),
    HOST: '127.0.0.1',
    PORT: String(port),
    LOG_LEVEL: 'trace',
    PROVIDERS: JSON.stringify({ game: { baseUrl: game.url, secret: game.secret } }),
    TRUSTED_ISSUERS: JSON.stringify([issuer.settings]),
    STAFF_OIDC: JSON.stringify({ issuer: address, clientId, clientSecret, roles }),
    FULFILLMENT_INITIAL_INTERVAL_MS: '50',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_TRACES_SAMPLER: 'parentbased_always_on',
  };
}

/** Does all that has to do with secrets. */
async function play(): Promise<void> {
  const { call, secrets } = recorder;
  const admin = await adminBySession(recorder, secrets.get("the first admin's password") ?? '');
  await misplaced(recorder, await playerByPassword(recorder));
  await staffAtProvider(recorder, provider);
  await passwords(recorder, admin);
  await serviceKey(recorder, admin);
  await secondFactor(recorder, admin, {
    username: 'admin',
    password: secrets.get("the first admin's password") ?? '',
  });
  await claim(admin, await playerByIssuer(recorder, issuer));
  const shown = ['/api/audit-log', '/api/read-log', '/api/users', '/metrics', '/api/overview'];
  for (const path of shown) {
    const { status, body } = await call('GET', path, { token: admin });
    assert.equal(status, 200, path);
    outputs.set(path, JSON.stringify(body));
  }
  outputs.set('/metrics', await (await fetch(`${recorder.url}/metrics`)).text());
}

/** A claim whose provider fails at first, and a callback with a wrong signature. */
async function claim(admin: string, player: string): Promise<void> {
  const { call, keep } = recorder;
  const event = await call('POST', '/api/events', {
    token: admin,
    body: {
      title: 'Secrets',
      status: 'ACTIVE',
      startsAt: '2020-01-01T00:00:00Z',
      endsAt: '2036-01-01T00:00:00Z',
      fulfillment: { provider: 'game' },
      rewards: [{ rewardId: 'cape', kind: 'ITEM', name: 'Cape', quantity: 1, stock: 5 }],
    },
  });
  const { eventId = '' } = event.body;
  game.rules.add([{ do: 'fail', status: 503, eventId, times: 1 }]);
  const key = uniqueName('key');
  const headers = { 'idempotency-key': key, prefer: 'wait=20' };
  const path = `/api/event-claims/${eventId}/claim`;
  const { body } = await call('POST', path, { token: player, headers });
  assert.equal(body.state, 'GRANTED');
  const history = await new Client({ connection: temporal, namespace }).workflow
    .getHandle(workflowIdOf(body.userId ?? '', key))
    .fetchHistory();
  outputs.set('the history in Temporal', JSON.stringify(history, asText));
  await call('POST', '/api/provider-callbacks/game', {
    headers: {
      'webhook-id': 'a',
      'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
      'webhook-signature': `v1,${keep('a wrong signature', randomBytes(32).toString('base64'))}`,
    },
    body: {},
  });
}

/** Payloads are bytes; times are too long for JSON. */
function asText(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString() : value;
}

/** Ends both processes, so that all that they have to say is said. */
async function stop(): Promise<void> {
  for (const child of processes) child.signal('SIGTERM');
  await Promise.all(processes.map((child) => child.ended));
  processes = [];
  outputs.set('the logs', logged);
  outputs.set('the traces', JSON.stringify(collector?.spans, asText));
  outputs.set('the refusals', recorder?.problems.join('\n') ?? '');
}

async function readDatabase(): Promise<void> {
  const database = await connect(mongodbUri, { appName: 'test' });
  for (const { name } of (await database.db?.listCollections().toArray()) ?? []) {
    const all = await database.collection(name).find().toArray();
    outputs.set(`the collection ${name}`, JSON.stringify(all, asText));
  }
  await dropDatabase(database);
  await database.close();
}

describe('a secret', () => {
  it('stands in no output', () => {
    const found = [...recorder.secrets].flatMap(([what, secret]) =>
      [...outputs].filter(([, text]) => holds(text, secret)).map(([name]) => `${what}: ${name}`),
    );
    assert.deepEqual(found, []);
  });

  it('would be found, as the outputs hold what they should', () => {
    const expected: Record<string, RegExp> = {
      'the logs':
        /(?=[\s\S]*api stopped)(?=[\s\S]*signed in)(?=[\s\S]*sign-in refused)[\s\S]*worker stopped/,
      'the traces': /POST \/api\/auth\/login/,
      'the refusals': /invalid_credentials/,
      'the history in Temporal': /usr_/,
      '/api/audit-log': /event\.create/,
      '/metrics': /http_server_request_duration_seconds/,
      'the collection users': /argon2id/,
      'the collection totp': /secret/,
      'the collection serviceKeys': /hash/i,
      'the collection refreshFamilies': /current/,
      'the collection audit_log': /event\.create/,
    };
    for (const [name, pattern] of Object.entries(expected)) {
      assert.match(outputs.get(name) ?? '', pattern, name);
    }
    assert.ok(recorder.secrets.size > 50, `${recorder.secrets.size} secrets`);
  });
});
