/** Past one process: two APIs and three workers over the same servers, and one of each is killed. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { exportJWK, generateKeyPair } from 'jose';
import { createTokens } from '../../api/identity/tokens.ts';
import { createClient, dataOf } from '../../client/index.ts';
import { type Running, startProcess } from '../../lab/bench/processes.ts';
import { freePort } from '../../local/processes/ports.ts';
import { CAPE, ended, event, levelsOf, until, workflowOf } from '../helpers.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { type TestServers, testServers, uniqueName } from '../servers.ts';

const WAVE = 6;
/** Temporal hands tasks to whichever worker asks; after so many waves each has had some. */
const MOST_WAVES = 20;
const LAST_WAVE = 12;
const SCARCE = 5;

let servers: TestServers;
let laurel: Laurel;
/** The first API and the first worker are the test's own process. */
let otherApi: Running;
let otherWorkers: Running[];
let apiUrls: string[];

before(async () => {
  servers = await testServers();
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const keys = [await exportJWK(privateKey)];
  const tokens = await createTokens({ keys, ttlS: 900, now: () => new Date() });
  laurel = await startLaurel({ api: { tokens } });
  const port = await freePort();
  apiUrls = [laurel.url, `http://127.0.0.1:${port}`];
  const env = {
    ...process.env,
    MONGODB_URI: servers.mongodbUri(laurel.database.name),
    TEMPORAL_ADDRESS: servers.temporalAddress,
    TEMPORAL_NAMESPACE: laurel.namespace,
    ADMIN_PASSWORD: 'a password for this test',
    JWT_KEYS: JSON.stringify(keys),
    HOST: '127.0.0.1',
    PORT: String(port),
    RATE_LIMITS: 'off',
    LOG_LEVEL: 'info',
    // Starts what the killed API recorded and did not start; once a minute is longer than this test waits.
    RECONCILE_INTERVAL_MS: '5000',
  };
  const worker = { name: 'worker', file: 'worker/main.ts', ready: 'worker ready' };
  [otherApi, ...otherWorkers] = await Promise.all([
    startProcess({ name: 'api', file: 'api/main.ts', ready: 'api ready' }, env),
    startProcess(worker, env),
    startProcess(worker, env),
  ]);
});

after(async () => {
  for (const one of [otherApi, ...(otherWorkers ?? [])]) await one?.stop();
  await laurel?.stop();
  await servers?.stop();
});

/**
 * A new player's claim, sent to one API after the other until one of them answers: what a load
 * balancer makes of a client that repeats.
 */
async function claim(eventId: string, first: number) {
  const { token } = await laurel.signIn();
  const params = { path: { eventId }, header: { 'Idempotency-Key': uniqueName('key') } };
  for (let tries = first; ; tries++) {
    const api = createClient({ baseUrl: apiUrls[tries % apiUrls.length] ?? '', token });
    const answer = await api
      .POST('/api/event-claims/{eventId}/claim', { params })
      .catch((error: unknown) => {
        // The connection broke: nobody knows whether the claim was recorded.
        if (error instanceof TypeError) return undefined;
        throw error;
      });
    if (answer && answer.response.status < 500) return answer;
    await sleep(50);
  }
}

const wave = (eventId: string, count: number) =>
  Array.from({ length: count }, (_, n) => claim(eventId, n));

/** The processes whose workers had a hand in the claim's run, by their IDs. */
async function workersOf(claimId: string): Promise<number[]> {
  const record = await ended(laurel, claimId);
  const { events } = await workflowOf(laurel, record).fetchHistory();
  const identities = (events ?? []).flatMap(
    ({ workflowTaskCompletedEventAttributes: done }) => done?.identity ?? [],
  );
  return identities.map((identity) => Number.parseInt(identity, 10));
}

/** Claims until every worker has worked on one; answers the claims. */
async function untilAllAtWork(eventId: string): Promise<string[]> {
  const atWork = new Set<number>();
  const claimIds: string[] = [];
  const all = [process.pid, ...otherWorkers.map(({ child }) => child.pid)];
  for (let n = 0; n < MOST_WAVES && !all.every((pid) => atWork.has(pid)); n++) {
    for (const { claimId } of await Promise.all(wave(eventId, WAVE).map(dataOf))) {
      claimIds.push(claimId);
      for (const pid of await workersOf(claimId)) atWork.add(pid);
    }
  }
  assert.deepEqual([...atWork].sort(), all.sort(), 'every worker has worked');
  return claimIds;
}

describe('two APIs and three workers', () => {
  test('share a stock that is not enough for everybody, to the last unit', async () => {
    const scarce = await event(laurel, { rewards: [{ ...CAPE, stock: SCARCE }] });
    const answers = await Promise.all(wave(scarce.eventId, 4 * SCARCE));
    const accepted = answers.flatMap(({ data }) => data ?? []);
    const ends = await Promise.all(accepted.map(({ claimId }) => ended(laurel, claimId)));
    assert.equal(ends.filter(({ state }) => state === 'GRANTED').length, SCARCE);
    const others = ends.filter(({ state }) => state !== 'GRANTED');
    assert.ok(others.every(({ reason }) => reason === 'SOLD_OUT'));
    const refused = answers.filter(({ data }) => data === undefined);
    assert.ok(refused.every(({ response }) => response.status === 409));
    assert.deepEqual(await levelsOf(laurel, scarce), {
      ...{ stock: SCARCE, available: 0, held: 0, granted: SCARCE },
    });
  });

  test('grant every claim once, though one of each is killed meanwhile', async () => {
    const stock = MOST_WAVES * WAVE + LAST_WAVE;
    const open = await event(laurel, { rewards: [{ ...CAPE, stock }] });
    const claimIds = await untilAllAtWork(open.eventId);
    let answered = 0;
    const last = wave(open.eventId, LAST_WAVE).map(async (sent) => {
      const answer = await sent;
      answered += 1;
      return answer;
    });
    await until(() => answered >= LAST_WAVE / 3, 'some of the last wave');
    otherApi.child.signal('SIGKILL');
    otherWorkers[0]?.child.signal('SIGKILL');
    for (const { claimId } of await Promise.all(last.map(dataOf))) claimIds.push(claimId);
    const ends = await Promise.all(claimIds.map((claimId) => ended(laurel, claimId)));
    assert.deepEqual([...new Set(ends.map(({ state }) => state))], ['GRANTED']);
    const granted = claimIds.length;
    assert.deepEqual(await levelsOf(laurel, open), {
      ...{ stock, available: stock - granted, held: 0, granted },
    });
    const { eventId } = open;
    const { model } = laurel.store.claims;
    assert.equal(await model.countDocuments({ eventId }), granted, 'claims recorded');
    const given = { eventId, 'lines.state': 'GRANTED', entitlements: { $type: 'string' } };
    assert.equal(await model.countDocuments(given as object), granted);
  });
});
