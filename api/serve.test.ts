/** The API's server: how long it keeps connections, and that its end cuts nobody off. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect as connectTo, createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { SetupError } from '../domain/errors.ts';
import { apiConfig } from '../process/config.ts';
import { newClaim, type StoreFixture, storeFixture } from '../store/test-store.ts';
import { createClaimRuns } from '../temporal/runs.ts';
import { uniqueName } from '../test/servers.ts';
import { healthChecks, serveApi } from './serve.ts';
import { listen } from './server/front.ts';
import { testKey } from './test-app.ts';

const log = pino({ level: 'silent' });
const PASSWORD = 'correct horse battery';

let fixture: StoreFixture;
let temporal: Connection;
before(async () => {
  fixture = await storeFixture();
  // Nothing listens there, and nothing here needs it.
  temporal = Connection.lazy({ address: '127.0.0.1:1' });
});
after(async () => {
  await temporal.close();
  await fixture.close();
});

async function start(env: NodeJS.ProcessEnv = {}) {
  const config = apiConfig({
    HOST: '127.0.0.1',
    PORT: '0',
    RATE_LIMITS: 'off',
    MONGODB_URI: 'mongodb://db/laurel',
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    ADMIN_PASSWORD: PASSWORD,
    JWT_KEYS: JSON.stringify([await testKey()]),
    ...env,
  });
  const client = new Client({ connection: temporal });
  const runs = createClaimRuns(client);
  const { connection: database, store } = fixture;
  const front = await listen(config, healthChecks(database, { check: async () => {} }), log);
  const stop = await serveApi({ config, log, database, store, client, runs, front });
  const url = `http://127.0.0.1:${front.port}`;

  /** A player with a claim that stays open, because no worker runs. */
  async function waitingPlayer() {
    const body = JSON.stringify({ username: uniqueName('player'), password: PASSWORD });
    const call = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
    const { id } = (await (await fetch(`${url}/api/auth/register`, call)).json()) as { id: string };
    const login = await (await fetch(`${url}/api/auth/login`, call)).json();
    const { accessToken } = login as { accessToken: string };
    const { claim } = await store.claims.accept(newClaim({ userId: id }));
    return { authorization: `Bearer ${accessToken}`, path: `/api/event-claims/${claim._id}` };
  }
  return { stop, url, waitingPlayer };
}

type Running = Awaited<ReturnType<typeof start>>;

/** One request over an agent of its own; resolves with the answer's head. */
async function ask(api: Running, path: string, agent: Agent): Promise<IncomingMessage> {
  const [response] = await once(get(`${api.url}${path}`, { agent }), 'response');
  response.resume();
  return response;
}

const keepsAlive = () => new Agent({ keepAlive: true, maxSockets: 1 });

/** Resolves once the API says that it is about to stop. */
async function stopsBeingReady(api: Running): Promise<Response> {
  for (;;) {
    const answer = await fetch(`${api.url}/readyz`);
    if (answer.status === 503) return answer;
    await answer.body?.cancel();
  }
}

describe('the API that is told to stop', () => {
  it('first says so, and serves on over connections that it asks to close', async () => {
    const api = await start({ DRAIN_S: '1' });
    const agent = keepsAlive();
    const before = await ask(api, '/healthz', agent);
    assert.notEqual(before.headers.connection, 'close');
    const stopped = api.stop();
    const notReady = await stopsBeingReady(api);
    assert.deepEqual(await notReady.json(), {
      status: 'stopping',
      checks: { mongodb: 'ok', temporal: 'ok' },
    });
    assert.equal(notReady.headers.get('retry-after'), '2');
    for (const each of [agent, keepsAlive()]) {
      const answer = await ask(api, '/healthz', each);
      assert.deepEqual([answer.statusCode, answer.headers.connection], [200, 'close']);
    }
    await stopped;
    await assert.rejects(fetch(`${api.url}/healthz`));
  });

  it('answers whoever waits with the claim as it stands, and ends streams', async () => {
    const api = await start();
    const { authorization, path } = await api.waitingPlayer();
    const waits = fetch(`${api.url}${path}`, { headers: { authorization, prefer: 'wait=30' } });
    const stream = await fetch(`${api.url}${path}/stream`, { headers: { authorization } });
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await api.stop();
    const answer = await waits;
    const { state } = (await answer.json()) as { state: string };
    assert.deepEqual([answer.status, state], [200, 'PENDING_VALIDATION']);
    // This rejects if the stream is cut.
    while (!(await reader.read()).done);
  });

  it('closes connections that are idle at once, and those of whoever was answered last', async () => {
    const api = await start();
    const idle = keepsAlive();
    await ask(api, '/healthz', idle);
    const { authorization, path } = await api.waitingPlayer();
    const waits = connectTo({ port: Number(new URL(api.url).port), host: '127.0.0.1' });
    waits
      .resume()
      .write(
        `GET ${path} HTTP/1.1\r\nHost: api\r\nAuthorization: ${authorization}\r\nPrefer: wait=30\r\n\r\n`,
      );
    // The wait has begun once a later request over another connection was answered.
    await ask(api, path, keepsAlive());
    const closed = once(waits, 'close');
    const startedAtMs = performance.now();
    await Promise.all([api.stop(), closed]);
    assert.ok(performance.now() - startedAtMs < 4_000, 'it did not take the whole grace');
  });
});

describe('a connection that is kept', () => {
  it('outlives 60 seconds, after which load balancers close theirs, unless told otherwise', async (t) => {
    const [usual, short] = [await start(), await start({ KEEP_ALIVE_TIMEOUT_S: '1' })];
    t.after(() => Promise.all([usual.stop(), short.stop()]));
    const heads = await Promise.all(
      [usual, short].map((api) => ask(api, '/healthz', keepsAlive())),
    );
    assert.deepEqual(
      heads.map(({ headers }) => headers['keep-alive']),
      ['timeout=65', 'timeout=1'],
    );
  });
});

describe('a port that is taken', () => {
  for (const variable of ['PORT', 'METRICS_PORT']) {
    it(`is named, with the variable that says it: ${variable}`, async (t) => {
      const other = createServer().listen(0, '127.0.0.1');
      t.after(() => other.close());
      await once(other, 'listening');
      const port = String((other.address() as AddressInfo).port);
      const named = (error: Error) =>
        error instanceof SetupError && error.message.includes(`HOST=127.0.0.1 ${variable}=${port}`);
      await assert.rejects(start({ [variable]: port }), named);
    });
  }
});
