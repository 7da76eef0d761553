/** The header `traceparent` of W3C Trace Context: a span's place in its trace. */

/** A span's IDs, in lower-case hexadecimal digits. */
export interface SpanIds {
  /** 32 digits. */
  traceId: string;
  /** 16 digits. */
  spanId: string;
  /** Whether the trace is recorded. If not, its IDs are only passed on. */
  isSampled: boolean;
}

/** Version, trace ID, span ID, flags. A later version may have more behind them. */
const FORM = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/** The flag `sampled`; the other bits say nothing here. */
const SAMPLED = 1;

/**
 * Reads the header.
 * @returns null where it is missing or not as the standard has it: such a header counts as missing
 */
export function parseTraceparent(header: string | undefined): SpanIds | null {
  const [, version, traceId = '', spanId = '', flags = '', rest] = FORM.exec(header ?? '') ?? [];
  if (version === undefined || version === 'ff') return null;
  if (version === '00' && rest !== undefined) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 };
}

/** Writes the header. */
export function traceparentOf({ traceId, spanId, isSampled }: SpanIds): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}
