/** OpenTelemetry's SDK as this process uses it: what is sampled, and where spans are sent. */
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { createChosenIds } from './chosen-ids.ts';
import { createTracer } from './opentelemetry.ts';
import type { Tracer } from './spans.ts';

/**
 * Spans that may wait to be sent; more are dropped. Each takes about a KiB, and at a thousand claims
 * a second a process makes some thousands a second.
 */
const MOST_WAITING = 8_192;

/** Spans in one message: few enough that writing it does not hold up the event loop for long. */
const MOST_AT_ONCE = 512;

/** How often spans are sent, in milliseconds, where fewer wait than fill a message. */
const EVERY_MS = 2_000;

/** One complaint of the exporter is logged in this time, in milliseconds: it has one for each message. */
const COMPLAINTS_EVERY_MS = 60_000;

/** How long a process that stops waits for its last spans to be taken, in milliseconds. */
const LAST_SPANS_MS = 2_000;

/** What goes before the name of a sampler that follows the caller's decision. */
const PARENT_BASED = 'parentbased_';

/** A sampler by its name in `OTEL_TRACES_SAMPLER`. @param ratio from 0 to 1 */
function samplerOf(name: string, ratio: number): Sampler {
  if (name.startsWith(PARENT_BASED)) {
    return new ParentBasedSampler({ root: samplerOf(name.slice(PARENT_BASED.length), ratio) });
  }
  if (name === 'traceidratio') return new TraceIdRatioBasedSampler(ratio);
  return name === 'always_off' ? new AlwaysOffSampler() : new AlwaysOnSampler();
}

/** Hands the exporter's complaints on, one in a while. */
function heedComplaints(onTrouble: (detail: string) => void): void {
  let quietUntilMs = 0;
  const complain = (message: string) => {
    if (performance.now() < quietUntilMs) return;
    quietUntilMs = performance.now() + COMPLAINTS_EVERY_MS;
    onTrouble(message);
  };
  const nothing = () => {};
  const logger = {
    error: complain,
    warn: complain,
    info: nothing,
    debug: nothing,
    verbose: nothing,
  };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

interface ExporterSettings {
  /** The collector's address; `/v1/traces` is appended. */
  endpoint: string;
  serviceName: string;
  OTEL_SERVICE_NAME?: string | undefined;
  OTEL_TRACES_SAMPLER: string;
  OTEL_TRACES_SAMPLER_ARG: number;
  onTrouble: (detail: string) => void;
}

/**
 * A tracer that sends its spans by OTLP over HTTP. It waits for nobody: while the collector is away,
 * spans are dropped.
 * @returns the tracer, and what sends the last spans within two seconds
 */
export function createExportingTracer(settings: ExporterSettings): {
  tracer: Tracer;
  stop(): Promise<void>;
} {
  heedComplaints(settings.onTrouble);
  const ids = createChosenIds(
    samplerOf(settings.OTEL_TRACES_SAMPLER, settings.OTEL_TRACES_SAMPLER_ARG),
  );
  const service = { 'service.name': settings.OTEL_SERVICE_NAME ?? settings.serviceName };
  const provider = new TracerProvider({
    idGenerator: ids,
    sampler: ids.sampler,
    resource: defaultResource()
      .merge(detectResources({ detectors: [resourceAttributesEnvDetector] }))
      .merge(resourceFromAttributes(service)),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({
          url: `${settings.endpoint.replace(/\/+$/, '')}/v1/traces`,
        }),
        maxQueueSize: MOST_WAITING,
        maxExportBatchSize: MOST_AT_ONCE,
        scheduledDelayMillis: EVERY_MS,
      }),
    ],
  });
  return {
    tracer: createTracer(provider, ids),
    async stop() {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, LAST_SPANS_MS);
      // It rejects where the collector is away.
      await Promise.race([provider.shutdown().catch(() => {}), late.promise]);
      clearTimeout(timer);
    },
  };
}
