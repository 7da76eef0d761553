/** What API and worker show for Prometheus while players claim and others send garbage. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  AFTER_A_FAULT,
  documented,
  notShown,
  typesIn,
} from '../../deploy/observability/queries.ts';
import { CLAIM_STATES, REASONS } from '../../domain/claims/claim.ts';
import { ERROR_CODES } from '../../domain/errors.ts';
import { type Running, startProcess } from '../../lab/bench/processes.ts';
import { freePort } from '../../local/processes/ports.ts';
import { ended, event, gameEvent } from '../helpers.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { type TestServers, testServers, uniqueName } from '../servers.ts';

let servers: TestServers;
let laurel: Laurel;
let worker: Running;
let workerUrl: string;
/** Every ID, name and key that this test made. */
const made: string[] = [];

before(async () => {
  servers = await testServers();
  laurel = await startLaurel({ workers: false });
  const port = await freePort();
  workerUrl = `http://127.0.0.1:${port}/metrics`;
  worker = await startProcess(
    { name: 'worker', file: 'worker/main.ts', ready: 'worker ready' },
    {
      PATH: process.env.PATH,
      MONGODB_URI: servers.mongodbUri(laurel.database.name),
      TEMPORAL_ADDRESS: servers.temporalAddress,
      TEMPORAL_NAMESPACE: laurel.namespace,
      PROVIDERS: JSON.stringify({ game: { baseUrl: laurel.game.url, secret: laurel.secret } }),
      HOST: '127.0.0.1',
      METRICS_PORT: String(port),
    },
  );
});
after(async () => {
  await worker?.stop();
  await laurel?.stop();
  await servers?.stop();
});

const read = async (url: string) => await (await fetch(url)).text();
const apiMetrics = () => read(`${laurel.url}/metrics`);

/** The names and labels of all series, of those that begin so. */
const seriesOf = (text: string, prefix: RegExp = /./): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && prefix.test(line))
    .map((line) => line.slice(0, line.lastIndexOf(' ')))
    .toSorted();

/** The names of metrics that are ours or OpenTelemetry's. */
const OURS = /^(laurel|http)_/;

/** All values of each label of ours. */
function labelsOf(text: string): Map<string, Set<string>> {
  const values = new Map<string, Set<string>>();
  for (const series of seriesOf(text, OURS)) {
    for (const [, name = '', value = ''] of series.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      values.set(name, (values.get(name) ?? new Set()).add(value));
    }
  }
  return values;
}

/** What each label may hold. Routes are those that the API describes, and a few more of its own. */
const ALLOWED: Record<string, RegExp> = {
  le: /^(\+Inf|[\d.]+)$/,
  process: /^(api|worker)$/,
  version: /^\d+\.\d+\.\d+$/,
  http_request_method: /^(GET|POST|_OTHER)$/,
  http_route: /^(unmatched|\/[a-z/:A-Z-]*)$/,
  http_response_status_code: /^[2-5]\d\d$/,
  state: new RegExp(`^(${CLAIM_STATES.join('|')})$`),
  reason: new RegExp(`^(|${REASONS.join('|')})$`),
  provider: /^(mailbox|game)$/,
  call: /^(grant|look_up|revoke|metrics)$/,
  outcome:
    /^(accepted|replayed|refused|failed|granted|pending|revoked|never_seen|unavailable|unknown|timeout|ok)$/,
  code: new RegExp(`^(${ERROR_CODES.join('|')})$`),
  kind: /^[a-zA-Z]+$/,
  bound: /^[a-z]+$/,
  place: /^(waiting|under_way)$/,
};

function assertBounded(text: string): void {
  for (const [name, values] of labelsOf(text)) {
    const allowed = ALLOWED[name];
    assert.ok(allowed, `the label ${name} is known here`);
    assert.deepEqual(
      [...values].filter((value) => !allowed.test(value)),
      [],
      name,
    );
  }
}

/** Events, half of them through the game, and players who each claim of two of them, to the end. */
async function play(events: number, players: number): Promise<void> {
  const ids: string[] = [];
  for (let n = 0; n < events; n++) {
    const make = n % 2 === 0 ? event : gameEvent;
    ids.push((await make(laurel)).eventId);
  }
  const claims = Array.from({ length: players }, async (_, n) => {
    const username = uniqueName('player');
    const { id, token } = await laurel.signIn('PLAYER', { username });
    made.push(id, username, token);
    for (const offset of [0, 1]) {
      const key = uniqueName('key');
      const { status, body } = await laurel.claim(ids[(n + offset) % events] as string, token, {
        key,
      });
      assert.equal(status, 202);
      made.push(key, body.claimId);
      const { state } = await ended(laurel, body.claimId);
      assert.equal(state, 'GRANTED');
    }
  });
  await Promise.all(claims);
  made.push(...ids);
}

/** Requests that no client of ours makes, with whatever a label could take over from them. */
async function sendGarbage(): Promise<void> {
  for (let n = 0; n < 20; n++) {
    const junk = uniqueName('junk');
    made.push(junk);
    for (const [method, path] of [
      ['GET', `/${junk}`],
      ['GET', `/api/${junk}/x`],
      ['GET', `/api/event-claims/${junk}`],
      ['POST', `/api/event-claims/${junk}/claim`],
      [junk.toUpperCase().replaceAll('-', ''), '/healthz'],
    ] as const) {
      await fetch(laurel.url + path, { method, headers: { 'idempotency-key': junk } });
    }
  }
}

describe('the metrics of API and worker', () => {
  it('do not grow with players, events or garbage', async () => {
    await play(2, 4);
    await sendGarbage();
    // Once more, as the first look is itself a request with series of its own.
    await apiMetrics();
    const before = seriesOf(await apiMetrics(), OURS);
    await play(20, 50);
    await sendGarbage();
    const known = new Set(before);
    const after = seriesOf(await apiMetrics(), OURS);
    assert.deepEqual(
      after.filter((series) => !known.has(series)),
      [],
    );
    for (const text of [await apiMetrics(), await read(workerUrl)]) assertBounded(text);
  });

  it('show how long claims took, and what the provider was asked', async () => {
    const text = await read(workerUrl);
    const countOf = (series: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(series))
          ?.split(' ')
          .at(-1),
      );
    for (const provider of ['mailbox', 'game']) {
      const labels = `{provider="${provider}",state="GRANTED",reason=""}`;
      assert.equal(countOf(`laurel_claim_duration_seconds_count${labels}`), 54, provider);
    }
    const calls = [...text.matchAll(/^laurel_provider_call_duration_seconds_count\{.*\} (\d+)$/gm)];
    assert.ok(calls.reduce((sum, [, count]) => sum + Number(count), 0) >= 54);
    assert.match(text, /^laurel_process_info\{process="worker",version="[^"]+"\} 1$/m);
  });

  it("show those of Temporal's SDK by the names of Temporal's dashboard", async () => {
    const text = await read(workerUrl);
    for (const name of [
      'temporal_request',
      'temporal_workflow_completed',
      'temporal_workflow_endtoend_latency_bucket',
      'temporal_workflow_task_execution_latency_bucket',
      'temporal_worker_task_slots_available',
      'temporal_sticky_cache_size',
    ]) {
      assert.match(text, new RegExp(`^${name}\\{.*namespace="${laurel.namespace}"`, 'm'));
    }
  });

  it('are all that rules, boards and the document name, and the document names all of ours', async () => {
    const texts = [await apiMetrics(), await read(workerUrl)];
    // Those of the streams: test/kafka/kills.test.ts.
    const isMeant = (name: string) => !/^laurel_(kafka|dead_letters|claim_feed)_/.test(name);
    assert.deepEqual(notShown(texts, isMeant), []);
    const shown = typesIn(texts);
    const named = documented();
    const meant = named.filter((name) => isMeant(name) && !AFTER_A_FAULT.includes(name));
    assert.deepEqual(
      meant.filter((name) => !shown.includes(name)),
      [],
    );
    assert.deepEqual(
      shown.filter((name) => OURS.test(name) && !named.includes(name)),
      [],
    );
  });

  it('hold no ID, name, key or token', async () => {
    for (const text of [await apiMetrics(), await read(workerUrl)]) {
      assert.deepEqual(
        made.filter((secret) => text.includes(secret)),
        [],
      );
    }
  });
});
