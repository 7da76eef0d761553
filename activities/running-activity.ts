/** What Temporal says about the activity that is running: its run, its attempt, its start. */
import { activityInfo } from '@temporalio/activity';
import type { Step, StepName, StepOutcome } from '../domain/claims/claim.ts';

/** The ID of the workflow run that called the running activity; null outside of a workflow. */
export function ownRunId(): string | null {
  return activityInfo().workflowExecution?.runId ?? null;
}

/**
 * The running activity as a step on the claim's record, all its attempts included. The step starts
 * when the activity was first scheduled.
 * @param now the step's end
 * @param after the end of the step before it in the same activity, ISO 8601: this one starts then
 */
export function stepNow(
  step: StepName,
  outcome: StepOutcome,
  now: Date,
  detail: string | null = null,
  after?: string,
): Step {
  const { scheduledTimestampMs, attempt } = activityInfo();
  const startMs = Math.max(scheduledTimestampMs, after === undefined ? 0 : Date.parse(after));
  // Temporal's clock may be a little ahead of ours; a step never ends before it starts.
  const startedAt = new Date(Math.min(startMs, now.getTime()));
  return {
    step,
    outcome,
    startedAt: startedAt.toISOString(),
    endedAt: now.toISOString(),
    attempts: attempt,
    detail,
  };
}
