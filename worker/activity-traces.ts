/** Spans for activities, and the span of the run for the activity that ends it. */
import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import { runSpanOf } from '../tracing/claim-trace.ts';
import { type Attributes, idsForLog, type Tracer, tracer } from '../tracing/spans.ts';
import { CLAIM_WORKFLOW, type ClaimRef } from '../workflows/contract.ts';

/** How a run ended for now: the claim's state, and its reason where it has one. */
interface RunEnd {
  state: string;
  reason?: string | null;
}

/** What an activity's result says about the end of the run; null if the run goes on. */
function runEndOf(activity: string, request: object, result: unknown): RunEnd | null {
  switch (activity) {
    case 'advance':
      return (result as { end: RunEnd | null }).end;
    case 'settle':
    case 'finishUndo':
      return result as RunEnd | null;
    case 'park':
      return result === true
        ? { state: 'NEEDS_ATTENTION', reason: (request as { reason?: string }).reason ?? null }
        : null;
    default:
      return null;
  }
}

/** Writes the span of the claim's run, up to its end or its parking. */
function writeRun(tracing: Tracer, { claimId, eventId, trace }: ClaimRef, end: RunEnd): void {
  const span = trace && runSpanOf(claimId, trace);
  if (!span) return;
  tracing.writePast({
    ...span,
    name: `RunWorkflow:${CLAIM_WORKFLOW}`,
    attributes: {
      'laurel.claim.id': claimId,
      'laurel.event.id': eventId,
      'laurel.claim.state': end.state,
      ...(end.reason && { 'laurel.claim.reason': end.reason }),
    },
    startedAt: new Date(trace.beganAtMs),
    endedAt: new Date(),
  });
}

/** What the span of one attempt says. */
function attributesOf({ info }: Context, { claimId, eventId }: Partial<ClaimRef>): Attributes {
  const waitedMs = Math.max(0, Date.now() - info.currentAttemptScheduledTimestampMs);
  return {
    'laurel.activity.attempt': info.attempt,
    'laurel.activity.local': info.isLocal,
    'laurel.activity.waited_ms': waitedMs,
    ...(claimId !== undefined && { 'laurel.claim.id': claimId }),
    ...(eventId !== undefined && { 'laurel.event.id': eventId }),
  };
}

/** Makes a span of each attempt at an activity, where tracing is on, and names it in its log lines. */
export function traceActivity(context: Context): ActivityInterceptors {
  const { activityType } = context.info;
  return {
    inbound: {
      async execute(input, next) {
        const tracing = tracer();
        if (!tracing) return await next(input);
        const request = (input.args[0] ?? {}) as ClaimRef;
        const { claimId, trace } = request;
        const plan = {
          name: `RunActivity:${activityType}`,
          kind: 'INTERNAL',
          parent: (trace && runSpanOf(claimId, trace)?.ids) ?? null,
          attributes: attributesOf(context, request),
        } as const;
        const result = await tracing.inSpan(plan, () => next(input));
        const end = runEndOf(activityType, request, result);
        if (end) writeRun(tracing, request, end);
        return result;
      },
    },
    // The SDK writes log lines later, outside of the activity. So each gets its IDs here.
    outbound: { getLogAttributes: (input, next) => ({ ...next(input), ...idsForLog() }) },
  };
}
