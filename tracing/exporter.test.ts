/** Tracing in one process, with spans that are really sent: to a collector, or to nobody. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { afterEach, describe, it } from 'node:test';
import { batch } from '../store/mongodb/batching.ts';
import { startCollector, treeOf } from '../test/otlp-collector.ts';
import { runSpanOf } from './claim-trace.ts';
import { idsForLog, type Tracer, tracer } from './spans.ts';
import { type StopTracing, startTracing } from './start.ts';

const SETTINGS = { OTEL_TRACES_SAMPLER: 'parentbased_always_on', OTEL_TRACES_SAMPLER_ARG: 1 };
const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };

let stop: StopTracing = async () => {};
afterEach(async () => await stop());

/** Turns tracing on for one test. */
async function tracing(
  endpoint: string,
  more: Partial<typeof SETTINGS> = {},
  onTrouble: (detail: string) => void = () => {},
): Promise<Tracer> {
  const settings = { ...SETTINGS, ...more, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
  stop = await startTracing(settings, 'laurel-test', onTrouble);
  return tracer() as Tracer;
}

/** All that is sent of the work. */
async function sentOf(
  work: (tracing: Tracer) => Promise<unknown>,
  more: Partial<typeof SETTINGS> = {},
) {
  const collector = await startCollector();
  try {
    await work(await tracing(collector.endpoint, more));
    await stop();
  } finally {
    await collector.close();
  }
  return collector.spans;
}

const span = (name: string) => ({ name, kind: 'INTERNAL' }) as const;

describe('spans', () => {
  it('are a tree of what calls what, also over waits', async () => {
    const spans = await sentOf((t) =>
      t.inSpan({ ...span('a'), parent: { ...CALLER, isSampled: true } }, async () => {
        await t.inSpan(span('b'), async () => await null);
        await Promise.all([t.inSpan(span('c'), async () => await null), null]);
      }),
    );
    assert.deepEqual(treeOf(spans, CALLER.spanId), ['a', '  b', '  c']);
    assert.ok(spans.every(({ service }) => service === 'laurel-test'));
  });

  it('of one command for several claims are in the trace of each', async () => {
    const spans = await sentOf(async (t) => {
      const read = batch(async (ids: string[]) => {
        const end = t.beginShared({ name: 'find claims', kind: 'CLIENT' });
        await null;
        end?.();
        return ids;
      }, 10);
      const ask = (name: string) => t.inSpan(span(name), async () => await read(name));
      assert.deepEqual(await Promise.all([ask('a'), ask('b'), read('nobody')]), [
        'a',
        'b',
        'nobody',
      ]);
    });
    assert.deepEqual(treeOf(spans, ''), ['a', '  find claims', 'b', '  find claims']);
  });

  it('fail where their work throws, and say the kind of the error alone', async () => {
    const work = async () => {
      throw new RangeError('player one of us');
    };
    const spans = await sentOf((t) => assert.rejects(t.inSpan(span('a'), work), /player one/));
    assert.deepEqual(
      spans.map(({ failed, attributes }) => [failed, attributes]),
      [[true, { 'error.type': 'RangeError' }]],
    );
  });

  it('are not begun for what goes on behind a span that has ended', async () => {
    const spans = await sentOf(async (t) => {
      const later = Promise.withResolvers<void>();
      let behind = Promise.resolve();
      await t.inSpan(span('a'), async () => {
        behind = later.promise.then(() => assert.equal(t.beginShared(span('b')), null));
      });
      later.resolve();
      await behind;
    });
    assert.deepEqual(treeOf(spans, ''), ['a']);
  });

  it('are not sent where the caller does not sample, and their IDs go on', async () => {
    const spans = await sentOf((t) =>
      t.inSpan({ ...span('a'), parent: { ...CALLER, isSampled: false } }, async (own) => {
        assert.match(own.traceparent, new RegExp(`^00-${CALLER.traceId}-[0-9a-f]{16}-00$`));
      }),
    );
    assert.deepEqual(spans, []);
  });

  it('are sampled as the environment says', async () => {
    const work = (t: Tracer) => t.inSpan({ ...span('a'), parent: null }, async () => {});
    const none = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: 0 };
    assert.equal((await sentOf(work, none)).length, 0);
    assert.equal((await sentOf(work, { ...none, OTEL_TRACES_SAMPLER_ARG: 1 })).length, 1);
    assert.equal((await sentOf(work, { OTEL_TRACES_SAMPLER: 'always_off' })).length, 0);
  });

  it('of a run get the IDs that its activities know, also after a parking', async () => {
    const traceparent = `00-${CALLER.traceId}-${CALLER.spanId}-01`;
    const first = runSpanOf('clm_a', { traceparent });
    const second = runSpanOf('clm_a', { traceparent, parking: 1 });
    assert.ok(first && second);
    const past = { name: 'run', attributes: {}, startedAt: new Date(0), endedAt: new Date(5) };
    // Whatever the sampler says of new traces: this one was sampled when it began.
    const spans = await sentOf(
      async (t) => {
        t.writePast({ ...first, ...past });
        t.writePast({ ...second, ...past });
      },
      { OTEL_TRACES_SAMPLER: 'parentbased_always_off' },
    );
    const { traceId, spanId } = first.ids;
    assert.deepEqual(
      spans.map(({ traceId, spanId, parentSpanId, links }) => ({
        traceId,
        spanId,
        parentSpanId,
        links,
      })),
      [
        { traceId: CALLER.traceId, spanId, parentSpanId: CALLER.spanId, links: [] },
        {
          traceId: second.ids.traceId,
          spanId: second.ids.spanId,
          parentSpanId: '',
          links: [{ traceId, spanId }],
        },
      ],
    );
    assert.notEqual(second.ids.traceId, traceId);
  });

  it('name the trace of a log line', async () => {
    await sentOf(async (t) => {
      assert.deepEqual(idsForLog(), {});
      await t.inSpan({ ...span('a'), parent: { ...CALLER, isSampled: true } }, async () => {
        assert.equal((idsForLog() as { trace_id: string }).trace_id, CALLER.traceId);
      });
    });
  });
});

describe('a collector that is away', () => {
  it('costs the spans, and nothing else', async () => {
    const gone = await startCollector();
    await gone.close();
    const trouble = Promise.withResolvers<string>();
    // The exporter reads it by itself.
    process.env.OTEL_EXPORTER_OTLP_TIMEOUT = '300';
    const t = await tracing(gone.endpoint, {}, trouble.resolve);
    // More than may wait: the rest is dropped.
    for (let n = 0; n < 10_000; n++) await t.inSpan(span('a'), async () => {});
    assert.match(await trouble.promise, /ECONNREFUSED/);
    const startedAtMs = performance.now();
    await stop();
    assert.ok(performance.now() - startedAtMs < 5_000, 'the process ends in time');
  });
});

/** Prints what was loaded of OpenTelemetry's packages, before and after tracing was turned on. */
const LOADS = `
import { registerHooks } from 'node:module';
const loaded = new Set();
registerHooks({
  load(url, context, next) {
    const [, name] = /node_modules\\/@opentelemetry\\/([^/]+)/.exec(url) ?? [];
    if (name) loaded.add(name);
    return next(url, context);
  },
});
await import('./api/root.ts');
await import('./worker/root.ts');
const { startTracing } = await import('./tracing/start.ts');
const settings = ${JSON.stringify(SETTINGS)};
await startTracing(settings, 'laurel-test', () => {});
const without = [...loaded];
await startTracing({ ...settings, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }, 'x', () => {});
console.log(JSON.stringify({ without, loaded: [...loaded] }));
process.exit(0);
`;

describe('without an endpoint', () => {
  it('nothing of OpenTelemetry is loaded but the interface, which prom-client loads', () => {
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', LOADS], {
      cwd: `${import.meta.dirname}/..`,
      encoding: 'utf8',
    });
    const { without, loaded } = JSON.parse(said.trim().split('\n').at(-1) ?? '');
    assert.deepEqual(without, ['api']);
    assert.ok(loaded.includes('sdk-trace'), 'the test sees what is loaded');
  });
});
