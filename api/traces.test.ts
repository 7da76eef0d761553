import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCollector } from '../test/otlp-collector.ts';
import { startTracing } from '../tracing/start.ts';
import { newRouter } from './router.ts';
import { traceRequests } from './traces.ts';

const CALLER = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

/** The spans that are sent of requests, each a path and its headers. */
async function sentOf(...requests: [path: string, headers?: Record<string, string>][]) {
  const collector = await startCollector();
  const settings = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_TRACES_SAMPLER: 'parentbased_always_on',
    OTEL_TRACES_SAMPLER_ARG: 1,
  };
  const stop = await startTracing(settings, 'laurel-api', () => {});
  const app = newRouter();
  app.use(async (c, next) => {
    c.set('client', { scheme: 'https' } as never);
    await next();
  });
  app.use(traceRequests(() => undefined));
  app.get('/api/events/:eventId', (c) => c.json({}, c.req.query('broken') ? 503 : 404));
  app.get('/readyz', (c) => c.json({}));
  for (const [path, headers] of requests) await app.request(path, headers && { headers });
  await stop();
  await collector.close();
  return collector.spans;
}

test('a request is a span named by its method and route, without its path', async () => {
  const [span] = await sentOf(['/api/events/evt_1?q=who', { traceparent: CALLER }]);
  assert.equal(span?.name, 'GET /api/events/{eventId}');
  assert.equal(`00-${span?.traceId}-${span?.parentSpanId}-01`, CALLER);
  assert.equal(span?.failed, false, 'a refusal is no failure of ours');
  assert.deepEqual(span?.attributes, {
    'http.request.method': 'GET',
    'http.response.status_code': 404,
    'http.route': '/api/events/{eventId}',
    'url.scheme': 'https',
  });
});

test('a request without a traceparent that can be read begins a trace', async () => {
  const path = '/api/events/evt_1';
  const spans = await sentOf([path], [path, { traceparent: `${CALLER}-more` }]);
  assert.deepEqual(
    spans.map(({ parentSpanId }) => parentSpanId),
    ['', ''],
  );
});

test('an answer of 5xx fails its span', async () => {
  const [span] = await sentOf(['/api/events/evt_1?broken=1']);
  assert.equal(span?.failed, true);
  assert.equal(span?.attributes['error.type'], '503');
});

test('an address that there is not is a span by the method alone', async () => {
  const [span] = await sentOf(['/who/is/this']);
  assert.equal(span?.name, 'GET');
});

test('what machines ask every few seconds is not traced', async () => {
  assert.deepEqual(await sentOf(['/readyz']), []);
});
