/** Turns tracing on in a process. Without `OTEL_EXPORTER_OTLP_ENDPOINT` nothing is loaded. */
import { useTracer } from './spans.ts';

/** The part of the configuration that tracing goes by. */
export interface TracingSettings {
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  OTEL_SERVICE_NAME?: string | undefined;
  OTEL_TRACES_SAMPLER: string;
  OTEL_TRACES_SAMPLER_ARG: number;
}

/** Sends what waits, and turns tracing off. Never rejects. */
export type StopTracing = () => Promise<void>;

/**
 * Turns tracing on if there is an endpoint.
 * @param serviceName the process's name in traces, unless the environment gives another
 * @param onTrouble called now and then while spans cannot be delivered; they are dropped then
 */
export async function startTracing(
  settings: TracingSettings,
  serviceName: string,
  onTrouble: (detail: string) => void,
): Promise<StopTracing> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = settings;
  if (endpoint === undefined) return async () => {};
  const { createExportingTracer } = await import('./exporter.ts');
  const { tracer, stop } = createExportingTracer({ ...settings, endpoint, serviceName, onTrouble });
  useTracer(tracer);
  return async () => {
    useTracer(undefined);
    await stop();
  };
}
