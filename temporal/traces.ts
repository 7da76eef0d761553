/** Spans for the calls to Temporal that start or wake a claim's run. */
import type { ClientInterceptors } from '@temporalio/client';
import { type Attributes, tracer } from '../tracing/spans.ts';
import type { ClaimInput } from '../workflows/contract.ts';

/**
 * The IDs in a workflow's input. The workflow's own ID is left out, as the player's idempotency key
 * is in it.
 */
function attributesOf([input]: readonly unknown[]): Attributes {
  const { claimId, eventId } = (input ?? {}) as Partial<ClaimInput>;
  return {
    ...(claimId !== undefined && { 'laurel.claim.id': claimId }),
    ...(eventId !== undefined && { 'laurel.event.id': eventId }),
  };
}

/** Does the call in a span, where tracing is on. */
async function inCallSpan<T>(
  name: string,
  args: readonly unknown[],
  call: () => Promise<T>,
): Promise<T> {
  const tracing = tracer();
  if (!tracing) return await call();
  return await tracing.inSpan({ name, kind: 'CLIENT', attributes: attributesOf(args) }, call);
}

/** The interceptors for a Temporal client. Span names are those of Temporal's own SDKs. */
export const TRACED_CALLS: ClientInterceptors = {
  workflow: [
    {
      startWithDetails: (input, next) =>
        inCallSpan(`StartWorkflow:${input.workflowType}`, input.options.args, () => next(input)),
      signalWithStart: (input, next) =>
        inCallSpan(`SignalWithStartWorkflow:${input.workflowType}`, input.options.args, () =>
          next(input),
        ),
    },
  ],
};
