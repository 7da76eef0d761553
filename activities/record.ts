/** Reading a claim's record and telling a step's story: what every activity does first and last. */
import { activityInfo } from '@temporalio/activity';
import type { Step, StepName, StepOutcome } from '../domain/claim.ts';
import type { Claim, ClaimStore } from '../store/claims.ts';
import { broken } from './failures.ts';

/** The claim's record. @throws ApplicationFailure (not retried) where there is none. */
export async function recordOf(claims: ClaimStore, claimId: string): Promise<Claim> {
  const claim = await claims.get(claimId);
  if (!claim) throw broken(`There is no record of claim ${claimId}.`);
  return claim;
}

/** Temporal's ID of the run that the running activity is for. */
export function ownRunId(): string | null {
  return activityInfo().workflowExecution?.runId ?? null;
}

/**
 * The running activity as a step: from when it was first scheduled, or from `after` where other steps
 * came first in it, with all its attempts.
 */
export function stepNow(
  step: StepName,
  outcome: StepOutcome,
  now: Date,
  detail: string | null = null,
  after?: string,
): Step {
  const { scheduledTimestampMs, attempt } = activityInfo();
  const began = Math.max(scheduledTimestampMs, after === undefined ? 0 : Date.parse(after));
  // Temporal's clock and ours may differ by a little; a step never ends before it starts.
  const startedAt = new Date(Math.min(began, now.getTime()));
  return {
    step,
    outcome,
    startedAt: startedAt.toISOString(),
    endedAt: now.toISOString(),
    attempts: attempt,
    detail,
  };
}
