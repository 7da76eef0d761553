/**
 * The attacks that once filled the memory of the API, against a process of its own with the bounds
 * that it has by default. `docs/reliability.md` has the figures of each alone:
 * `node --test --test-name-pattern='…' test/crowds/attacks.test.ts`
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it, type TestContext } from 'node:test';
import { freePort } from '../../local/processes/ports.ts';
import { type AttackedApi, startAttackedApi } from '../attacked-api.ts';
import { until } from '../helpers.ts';

/** What compose allows the API, in MiB, and what one attack may add. */
const ALLOWED_MIB = 512;
/** V8 gives its heap half of what a container has; this process has none around it. */
const AS_ALLOWED = `--max-old-space-size=${ALLOWED_MIB / 2}`;
const MOST_MORE_MIB = 150;

let api: AttackedApi;
let metricsPort: number;
let token: string;
let claimId: string;
before(async () => {
  metricsPort = await freePort();
  api = await startAttackedApi({ METRICS_PORT: String(metricsPort), NODE_OPTIONS: AS_ALLOWED });
  const player = await api.signIn();
  token = player.token;
  claimId = await api.openClaim(player.userId);
});
after(() => api?.stop());
afterEach(() => api.hangUp());

const request = (method: string, path: string, ...headers: string[]) =>
  [`${method} ${path} HTTP/1.1`, 'host: laurel', ...headers, '', ''].join('\r\n');
const own = () => `authorization: Bearer ${token}`;
const stream = (method = 'GET') => request(method, `/api/event-claims/${claimId}/stream`, own());
const wait = () => request('GET', `/api/event-claims/${claimId}`, own(), 'prefer: wait=30');
const asset = request('GET', '/docs/swagger-ui-bundle.js', 'accept-encoding: identity');
const LONGEST_BATCH = 4 * 1024 * 1024;
const batch = () =>
  request(
    'POST',
    '/api/activity-events',
    own(),
    'content-type: application/json',
    `content-length: ${LONGEST_BATCH}`,
  );

async function measured(name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const values = text.split('\n').filter((line) => line.startsWith(name));
  return values.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** Sends it over so many connections, whose answers are not read, and until all was dealt with. */
async function attack(
  t: TestContext,
  count: number,
  text: string | string[],
  isOver: () => unknown,
) {
  const sockets = await api.connections(count);
  const texts = [text].flat();
  const { before, peak } = await api.peakMib(async () => {
    for (const [n, socket] of sockets.entries()) socket.write(texts[n % texts.length] ?? '');
    await until(isOver, 'all to be dealt with');
  });
  t.diagnostic(`${before} MiB before, ${peak} MiB at most`);
  assert.ok(peak < ALLOWED_MIB, `${peak} MiB`);
  assert.ok(peak - before < MOST_MORE_MIB, `${before} MiB became ${peak}`);
  assert.equal((await fetch(`${api.url}/healthz`)).status, 200);
}

const refused = (bound: string) =>
  measured(`laurel_http_connections_refused_total{bound="${bound}"}`);
const answered = (method: string, route: string, status: number) =>
  measured(
    `http_server_request_duration_seconds_count{http_request_method="${method}",http_route="${route}",http_response_status_code="${status}"}`,
  );

describe('the API holds its memory', () => {
  for (const count of [1, 100]) {
    it(`under 31 KB of pipelined requests on each of ${count} connections`, async (t) => {
      const before = await refused('pipelined');
      const text = asset.repeat(31_000 / asset.length);
      await attack(t, count, text, async () => (await refused('pipelined')) === before + count);
    });

    it(`under as many as may be pipelined on each of ${count} connections, unread`, async (t) => {
      const isUnderWay = async () => (await answered('GET', '/docs/:name', 200)) >= count;
      await attack(t, count, asset.repeat(16), isUnderWay);
    });
  }

  it('under 400 streams of one player on one claim', async (t) => {
    const isOver = async () =>
      (await answered('GET', '/api/event-claims/:claimId/stream', 200)) >= 400;
    await attack(t, 400, stream(), isOver);
    assert.equal(await measured('laurel_long_requests'), 20);
  });

  it('under 400 waits of one player', async (t) => {
    const before = await answered('GET', '/api/event-claims/:claimId', 200);
    const isOver = async () =>
      (await answered('GET', '/api/event-claims/:claimId', 200)) > before + 379;
    await attack(t, 400, wait(), isOver);
  });

  it('under 400 HEADs of a stream, none of which goes on', async (t) => {
    const isOver = async () =>
      (await measured('http_server_request_duration_seconds_count{http_request_method="HEAD"')) >=
      400;
    await attack(t, 400, stream('HEAD'), isOver);
    await until(async () => (await measured('laurel_long_requests')) === 0, 'them to end');
  });

  it('under 16 requests of many headers behind each of 400 streams', async (t) => {
    const before = await refused('pipelined');
    const isOver = async () => (await refused('pipelined')) > before + 100;
    const headers = Array.from({ length: 150 }, (_, n) => `x${n}: ${'v'.repeat(14)}`);
    const fat = request('GET', '/healthz', ...headers).repeat(16);
    const texts = [];
    for (let n = 0; n < 20; n += 1) {
      const player = await api.signIn();
      const path = `/api/event-claims/${await api.openClaim(player.userId)}/stream`;
      texts.push(request('GET', path, `authorization: Bearer ${player.token}`) + fat);
    }
    await attack(t, 400, texts, isOver);
  });

  it('under 40 batches of four megabytes from who is no game server', async (t) => {
    const isOver = async () => (await answered('POST', '/api/activity-events', 403)) >= 40;
    await attack(t, 40, batch() + ' '.repeat(LONGEST_BATCH - 1), isOver);
  });

  it('under more connections than one address may have', async (t) => {
    await attack(t, 1_200, '', async () => (await refused('address')) >= 200);
  });
});

describe('measurements on a port of their own', () => {
  it('are not on the other', async () => {
    assert.equal((await fetch(`${api.url}/metrics`)).status, 404);
    const paths = (await (await fetch(`${api.url}/openapi.json`)).json()) as { paths: object };
    assert.equal('/metrics' in paths.paths, false);
    assert.equal((await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).status, 200);
    assert.equal((await fetch(`http://127.0.0.1:${metricsPort}/healthz`)).status, 404);
  });
});
