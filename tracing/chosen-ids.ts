/** The SDK's source of IDs and its sampler, which let one span have IDs that are known already. */
import {
  type IdGenerator,
  RandomIdGenerator,
  type Sampler,
  SamplingDecision,
} from '@opentelemetry/sdk-trace';
import type { SpanIds } from './traceparent.ts';

export interface ChosenIds extends IdGenerator {
  /** The sampler around the process's own: a span with chosen IDs is kept. */
  sampler: Sampler;
  /** Whatever span begins in this call gets these IDs. */
  with<T>(ids: SpanIds, begin: () => T): T;
}

/** @param sampler decides for all other spans */
export function createChosenIds(sampler: Sampler): ChosenIds {
  const random = new RandomIdGenerator();
  let chosen: SpanIds | undefined;
  return {
    generateTraceId: () => chosen?.traceId ?? random.generateTraceId(),
    generateSpanId: () => chosen?.spanId ?? random.generateSpanId(),
    sampler: {
      // Whether the trace is sampled was decided when it began.
      shouldSample: (...of) =>
        chosen ? { decision: SamplingDecision.RECORD_AND_SAMPLED } : sampler.shouldSample(...of),
      toString: () => sampler.toString(),
    },
    with(ids, begin) {
      chosen = ids;
      try {
        return begin();
      } finally {
        chosen = undefined;
      }
    },
  };
}
