/**
 * The spans of a claim's run. They are not kept open: a run may outlive its worker. Their IDs are
 * computed from the claim's data, so every activity knows its parent, and the activity that ends the
 * run writes the span.
 */
import { createHash } from 'node:crypto';
import { parseTraceparent, type SpanIds } from './traceparent.ts';

/** What an activity is told about its claim's trace: plain data, as the workflow's code has it. */
interface TraceOfClaim {
  /** The `traceparent` of the request that recorded the claim. */
  traceparent: string;
  /** The parking that came last before; absent until the first one. */
  parking?: number;
}

/** The span of a run, up to the claim's end or to its next parking. */
export interface RunSpan {
  ids: SpanIds;
  parent: SpanIds | null;
  links: SpanIds[];
}

/**
 * The run's span: a child of the request. What comes after a parking may come days later. So it has
 * a trace of its own, which links to the span before the first parking.
 * @returns null if the data are not readable
 */
export function runSpanOf(
  claimId: string,
  { traceparent, parking = 0 }: TraceOfClaim,
): RunSpan | null {
  const request = parseTraceparent(traceparent);
  if (!request) return null;
  const { isSampled } = request;
  const idsAfter = (number: number): SpanIds => {
    const digest = createHash('sha256').update(`${traceparent} ${claimId} ${number}`).digest('hex');
    const traceId = number === 0 ? request.traceId : digest.slice(0, 32);
    return { traceId, spanId: digest.slice(32, 48), isSampled };
  };
  if (parking === 0) return { ids: idsAfter(0), parent: request, links: [] };
  return { ids: idsAfter(parking), parent: null, links: [idsAfter(0)] };
}
