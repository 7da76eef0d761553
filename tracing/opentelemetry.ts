/**
 * The tracer over OpenTelemetry's SDK. `start.ts` loads this file, and only where tracing is on.
 * Nothing is registered as a global of OpenTelemetry: no library adds spans that nobody asked for.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Span as ApiSpan,
  type Tracer as ApiTracer,
  type Context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { TracerProvider } from '@opentelemetry/sdk-trace';
import type { ChosenIds } from './chosen-ids.ts';
import {
  type Caller,
  kindOf,
  type PastSpan,
  type Span,
  type SpanPlan,
  type Tracer,
} from './spans.ts';
import { type SpanIds, traceparentOf } from './traceparent.ts';

/** What is current: a span, or the spans of all that share a batch. */
type Current = [ApiSpan, ...ApiSpan[]];

function contextOf(parent: SpanIds | null): Context {
  if (!parent) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { ...spanContextOf(parent), isRemote: true });
}

const spanContextOf = ({ traceId, spanId, isSampled }: SpanIds) => ({
  traceId,
  spanId,
  traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
});

function idsOf(span: ApiSpan): SpanIds {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
}

function fail(span: ApiSpan, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

const handleOf = (span: ApiSpan): Span => ({
  get traceparent() {
    return traceparentOf(idsOf(span));
  },
  rename: (name) => void span.updateName(name),
  add: (attributes) => void span.setAttributes(attributes),
  fail: (type) => fail(span, type),
});

function begin(
  otel: ApiTracer,
  { name, kind, attributes = {}, startedAtMs }: SpanPlan,
  within: Context,
): ApiSpan {
  const startTime = startedAtMs === undefined ? {} : { startTime: startedAtMs };
  return otel.startSpan(name, { kind: SpanKind[kind], attributes, ...startTime }, within);
}

/** Ends a span. By this clock the SDK counts fractions of a millisecond. */
const end = (span: ApiSpan) => span.end(performance.now());

/** Writes a span that is over, with IDs that are known already. */
function writePast(otel: ApiTracer, chosen: ChosenIds, past: PastSpan): void {
  const { name, ids, attributes } = past;
  if (!ids.isSampled) return;
  const links = past.links.map((link) => ({ context: spanContextOf(link) }));
  const options = { attributes, startTime: past.startedAt, links };
  const span = chosen.with(ids, () => otel.startSpan(name, options, contextOf(past.parent)));
  span.end(past.endedAt);
}

/**
 * The tracer of this process.
 * @param chosen the provider's source of IDs, for spans whose IDs are known already
 */
export function createTracer(provider: TracerProvider, chosen: ChosenIds): Tracer {
  const otel = provider.getTracer('laurel');
  const storage = new AsyncLocalStorage<Current | undefined>();

  function parentOf({ parent }: SpanPlan): Context {
    if (parent !== undefined) return contextOf(parent);
    const [current] = storage.getStore() ?? [];
    return current ? trace.setSpan(ROOT_CONTEXT, current) : ROOT_CONTEXT;
  }

  return {
    async inSpan(plan, work) {
      const span = begin(otel, plan, parentOf(plan));
      try {
        return await storage.run([span], work, handleOf(span));
      } catch (error) {
        fail(span, kindOf(error));
        throw error;
      } finally {
        end(span);
      }
    },

    writePast: (past) => writePast(otel, chosen, past),

    beginShared(plan) {
      // A span that has ended has let go of its work: what goes on behind it is nobody's.
      const open = storage.getStore()?.filter((span) => span.isRecording()) ?? [];
      const spans = open.map((caller) => begin(otel, plan, trace.setSpan(ROOT_CONTEXT, caller)));
      if (spans.length === 0) return null;
      return (failure) => {
        for (const span of spans) {
          if (failure !== undefined) fail(span, failure);
          end(span);
        }
      };
    },

    caller: () => storage.getStore()?.[0],

    onBehalfOf(callers, work) {
      const spans = new Set(callers.filter((caller) => caller !== undefined));
      const [first, ...others] = spans as Set<ApiSpan & Caller>;
      return storage.run(first && [first, ...others], work);
    },

    current() {
      const [span] = storage.getStore() ?? [];
      return span ? idsOf(span) : null;
    },
  };
}
