/** One claim is one trace: from its caller through API, run and activities to provider and MongoDB. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import type { ClaimBody } from '../../api/claims/claim-body.ts';
import { createTokens } from '../../api/identity/tokens.ts';
import type { Child } from '../../local/processes/child-process.ts';
import { freePort } from '../../local/processes/ports.ts';
import { ended, event, gameEvent, parked, recordOf } from '../helpers.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { type Collector, type SentSpan, startCollector, treeOf } from '../otlp-collector.ts';
import { startOwnProcess } from '../own-process.ts';
import { type TestServers, testServers, uniqueName } from '../servers.ts';
import { drawTrace } from './draw-trace.ts';

/** The picture in the documents, which `PICTURES=on` draws anew. */
const PICTURE = path.resolve(import.meta.dirname, '../../docs/observability/one-claim.svg');

/** OTLP's number for a span of that kind. */
const SERVER = 2;

/** The span of whoever calls us. */
const CALLER_SPAN = 'b7ad6b7169203331';

let servers: TestServers;
let collector: Collector;
/** Its API and its workers are not used: those of this test are processes of their own. */
let laurel: Laurel;
let processes: Child[];
let apiUrl: string;
/** What API and worker logged. */
const logged: Record<string, unknown>[] = [];

/** Starts one of our processes; resolves once it is ready. */
const start = (name: string, env: NodeJS.ProcessEnv) =>
  startOwnProcess(name, env, (text) => {
    if (text.startsWith('{')) logged.push(JSON.parse(text));
    else console.error(text);
  });

before(async () => {
  servers = await testServers();
  collector = await startCollector();
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const keys = [await exportJWK(privateKey)];
  const tokens = await createTokens({ keys, ttlS: 900, now: () => new Date() });
  laurel = await startLaurel({ api: { tokens }, workers: false });
  const port = await freePort();
  apiUrl = `http://127.0.0.1:${port}`;
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
    LOG_LEVEL: 'debug',
    PROVIDERS: JSON.stringify({ game: { baseUrl: laurel.game.url, secret: laurel.game.secret } }),
    FULFILLMENT_MAX_ATTEMPTS: '2',
    FULFILLMENT_INITIAL_INTERVAL_MS: '50',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_TRACES_SAMPLER: 'parentbased_always_on',
  };
  processes = await Promise.all([start('api', env), start('worker', env)]);
});

after(async () => {
  for (const child of processes ?? []) child.signal('SIGTERM');
  await Promise.all((processes ?? []).map((child) => child.ended));
  await collector?.close();
  await laurel?.stop();
  await servers?.stop();
});

/** A new player's claim by a caller who has a trace already. */
async function claimInTrace(eventId: string) {
  const username = uniqueName('secret-name');
  const { token } = await laurel.signIn('PLAYER', { username });
  const key = uniqueName('secret-key');
  const traceId = crypto.randomUUID().replaceAll('-', '');
  const headers = {
    authorization: `Bearer ${token}`,
    'idempotency-key': key,
    traceparent: `00-${traceId}-${CALLER_SPAN}-01`,
  };
  const url = `${apiUrl}/api/event-claims/${eventId}/claim`;
  const response = await fetch(url, { method: 'POST', headers });
  const { claimId } = (await response.json()) as ClaimBody;
  return { claimId, traceId, secrets: [username, key, token], token };
}

/** An admin lets the parked claim try again. */
async function retry(claimId: string): Promise<void> {
  const { token } = await laurel.signIn('ADMIN');
  const headers = { authorization: `Bearer ${token}` };
  const url = `${apiUrl}/api/event-claims/${claimId}/retry`;
  assert.equal((await fetch(url, { method: 'POST', headers })).status, 202);
}

async function read(claimId: string, token: string): Promise<ClaimBody> {
  const headers = { authorization: `Bearer ${token}` };
  return (await (
    await fetch(`${apiUrl}/api/event-claims/${claimId}`, { headers })
  ).json()) as ClaimBody;
}

const ofTrace = (traceId: string) => (spans: SentSpan[]) =>
  spans.filter((span) => span.traceId === traceId);

const runIn = (spans: SentSpan[]) => spans.find(({ name }) => name === 'RunWorkflow:claim');

/** The trace's spans once the run's is there, and the request's, which end in two processes. */
async function whole(traceId: string): Promise<SentSpan[]> {
  return await collector.until((spans) => {
    const own = ofTrace(traceId)(spans);
    return runIn(own) && own.some(({ kind }) => kind === SERVER) ? own : undefined;
  });
}

/** The tree with one read of the player in each place: a slow request reads it again. */
function withoutRereads(tree: string[]): string[] {
  return tree.filter((line, n) => !(line.endsWith('find users') && line === tree[n - 1]));
}

describe('a trace', () => {
  it('has one tree of a mailbox claim, with every span named', async () => {
    const { eventId } = await event(laurel);
    // The first claim of an event marks the event, so it has more spans.
    await ended(laurel, (await claimInTrace(eventId)).claimId);
    const { claimId, traceId } = await claimInTrace(eventId);
    await ended(laurel, claimId);
    const spans = await whole(traceId);
    assert.deepEqual(withoutRereads(treeOf(spans, CALLER_SPAN)), [
      'POST /api/event-claims/{eventId}/claim',
      '  find events',
      '  find users',
      '  insert claims',
      '  RunWorkflow:claim',
      '    RunActivity:advance',
      '      find claims',
      '      find users',
      '      update claims',
      '      update claims',
      '      update stock_buckets',
      '  StartWorkflow:claim',
      '  update stock_buckets',
    ]);
    const tree = treeOf(spans, CALLER_SPAN);
    assert.equal(tree.length, spans.length, 'no span is outside of the tree');
    const services = new Set(spans.map(({ service, name }) => `${service}: ${name.split(':')[0]}`));
    assert.ok(
      services.has('laurel-api: StartWorkflow') && services.has('laurel-worker: RunActivity'),
    );
    assert.deepEqual(runIn(spans)?.attributes, {
      'laurel.claim.id': claimId,
      'laurel.event.id': eventId,
      'laurel.claim.state': 'GRANTED',
    });
  });

  it('names no player and no key', async () => {
    const { eventId } = await gameEvent(laurel);
    const { claimId, traceId, secrets } = await claimInTrace(eventId);
    await ended(laurel, claimId);
    const sent = JSON.stringify(await whole(traceId), (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    for (const secret of secrets) assert.ok(!sent.includes(secret), secret);
  });

  it('goes on to the provider, who gets the span of the call', async () => {
    const { eventId } = await gameEvent(laurel);
    // The first claim of an event marks the event, so it has more spans.
    await ended(laurel, (await claimInTrace(eventId)).claimId);
    const { claimId, traceId } = await claimInTrace(eventId);
    await ended(laurel, claimId);
    const spans = await whole(traceId);
    if (process.env.PICTURES === 'on') writeFileSync(PICTURE, drawTrace(spans, CALLER_SPAN));
    const call = spans.find(({ name }) => name === 'POST /grants');
    assert.equal(call?.attributes['laurel.provider'], 'game');
    const [request] = laurel.game.requests().filter((r) => r.grantId === `${claimId}:cape`);
    assert.equal(request?.traceparent, `00-${traceId}-${call?.spanId}-01`);
  });

  it('ends with a parking; what follows has a trace of its own, which links to it', async () => {
    const { eventId } = await gameEvent(laurel);
    laurel.game.rules.add([{ do: 'fail', status: 503, eventId }]);
    const { claimId, traceId } = await claimInTrace(eventId);
    await parked(laurel, claimId);
    const first = await whole(traceId);
    const run = runIn(first);
    assert.equal(run?.attributes['laurel.claim.state'], 'NEEDS_ATTENTION');
    const attempts = first.filter(({ name }) => name === 'RunActivity:grantLine');
    assert.deepEqual(
      attempts.map(({ attributes, failed }) => [attributes['laurel.activity.attempt'], failed]),
      [
        [1, true],
        [2, true],
      ],
    );
    laurel.game.rules.clear();
    await retry(claimId);
    await ended(laurel, claimId);
    const next = await collector.until((spans) =>
      spans.find(({ links }) => links.some(({ spanId }) => spanId === run?.spanId)),
    );
    assert.notEqual(next.traceId, traceId);
    const spans = ofTrace(next.traceId)(collector.spans);
    assert.equal(next.attributes['laurel.claim.state'], 'GRANTED');
    assert.deepEqual(
      treeOf(spans, '').filter((line) => /Run|POST|GET/.test(line)),
      [
        'RunWorkflow:claim',
        '  RunActivity:grantLine',
        '    GET /grants/{grantId}',
        '    POST /grants',
        '  RunActivity:readVerdict',
        '  RunActivity:settle',
        '  RunActivity:unpark',
      ],
    );
  });

  it('is named on the record, for staff, and in the log', async () => {
    const { eventId } = await event(laurel);
    const { claimId, traceId, token } = await claimInTrace(eventId);
    await ended(laurel, claimId);
    const [request] = (await whole(traceId)).filter(({ kind }) => kind === SERVER);
    const { traceparent } = await recordOf(laurel, claimId);
    assert.equal(traceparent, `00-${traceId}-${request?.spanId}-01`);
    const admin = await laurel.signIn('ADMIN');
    assert.equal((await read(claimId, admin.token)).forStaff?.traceId, traceId);
    assert.doesNotMatch(JSON.stringify(await read(claimId, token)), new RegExp(traceId));
    const [line] = logged.filter(({ trace_id }) => trace_id === traceId);
    assert.equal(line?.span_id, request?.spanId);
  });
});
