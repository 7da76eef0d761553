/** One API process from a database without indexes to its end, with a log that nobody reads. */
import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import { freePort } from '../../local/processes/ports.ts';
import { connect } from '../../store/mongodb/connection.ts';
import { dropDatabase } from '../drop-database.ts';
import { until } from '../helpers.ts';
import { type TestServers, testServers, uniqueName } from '../servers.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** What an API takes to stop at most: its grace for requests, and closing. In milliseconds. */
const STOP_MS = 10_000;

let servers: TestServers;
let uri: string;
let env: NodeJS.ProcessEnv;
let api: ChildProcessByStdio<null, Readable, null>;
let url: string;
let said = '';

const run = (entry: string) =>
  spawn(process.execPath, [path.join(ROOT, entry)], { env, stdio: ['ignore', 'pipe', 'inherit'] });

before(async () => {
  servers = await testServers();
  uri = servers.mongodbUri(uniqueName('unready'));
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  env = {
    PATH: process.env.PATH,
    HOST: '127.0.0.1',
    PORT: String(port),
    LOG_LEVEL: 'debug',
    RATE_LIMITS: 'off',
    MIGRATE_AT_START: 'off',
    MONGODB_URI: uri,
    TEMPORAL_ADDRESS: servers.temporalAddress,
    ADMIN_PASSWORD: 'a password for nobody at all',
    JWT_KEYS: JSON.stringify([await exportJWK(privateKey)]),
  };
  api = run('api/main.ts');
  api.stdout.on('data', (bytes) => {
    said += bytes;
  });
});
after(async () => {
  if (api.exitCode === null) api.kill('SIGKILL');
  const database = await connect(uri, { appName: 'test' });
  await dropDatabase(database);
  await database.close();
  await servers.stop();
});

/** The status of an address; undefined while nobody listens. */
const statusOf = (at: string) =>
  fetch(url + at).then(
    ({ status }) => status,
    () => undefined,
  );

describe('an API over a database that lacks indexes, which it may not build', () => {
  it('lives, is not ready, accepts nothing, and says what it waits for', async () => {
    await until(async () => (await statusOf('/healthz')) === 200, 'the API to listen');
    const ready = await fetch(`${url}/readyz`);
    assert.equal(ready.status, 503);
    assert.equal(((await ready.json()) as { status: string }).status, 'starting');
    const login = await fetch(`${url}/api/auth/login`, { method: 'POST' });
    assert.deepEqual(
      [login.status, login.headers.get('retry-after'), login.headers.get('content-type')],
      [503, '5', 'application/problem+json'],
    );
    await until(async () => said.includes('Waiting for '), 'the API to say what it waits for');
    assert.match(said, /Waiting for .*users\.\w+.*Run npm run migrate/);
  });

  it('is ready once npm run migrate has built them, with no restart', async () => {
    for (const built of [/[1-9]\d* of them are new/, / 0 of them are new/]) {
      const migrate = run('ops/migrate/main.ts');
      let told = '';
      migrate.stdout.on('data', (bytes) => {
        told += bytes;
      });
      assert.deepEqual(await once(migrate, 'close'), [0, null], told);
      assert.match(told, built);
    }
    await until(async () => (await statusOf('/readyz')) === 200, 'the API to be ready');
  });

  it('says where browsers can have a session without TLS', async () => {
    await until(() => said.includes('http://localhost alone'), 'the API to say it');
  });
});

describe('an API whose log nobody reads any more', () => {
  it('goes on answering', async () => {
    api.stdout.pause();
    // As many lines of some 300 bytes as no pipe holds.
    const headers = { 'x-request-id': 'x'.repeat(128) };
    const some = Array.from({ length: 40 }, async () => {
      for (let n = 0; n < 60; n++) await fetch(`${url}/healthz`, { headers });
    });
    await Promise.all(some);
    assert.equal(await statusOf('/readyz'), 200);
  });

  it('ends in its time when it is told to', async () => {
    const exited = once(api, 'exit');
    const startedAtMs = performance.now();
    api.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
    assert.ok(performance.now() - startedAtMs < STOP_MS);
  });
});
