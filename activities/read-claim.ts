/** Reading a claim's record and telling a step's story: what every activity does first and last. */
import { activityInfo } from '@temporalio/activity';
import { isFinal, type Step, type StepName, type StepOutcome } from '../domain/claims/claim.ts';
import type { UserStatus } from '../domain/user.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import type { ClaimStore } from '../store/claims/claims.ts';
import type { ClaimOutcome, ClaimRef } from '../workflows/contract.ts';
import type { ActivityDeps } from './deps.ts';
import { broken } from './failures.ts';

/** How a claim ended, and its story in short. */
export type Ended = Pick<ClaimOutcome, 'state' | 'reason' | 'steps'>;

/** The end of a claim that is final. */
export function endOf({ state, reason, steps }: Pick<Claim, 'state' | 'reason' | 'steps'>): Ended {
  if (!isFinal(state)) throw broken(`A claim that is ${state} has no end.`);
  const told = steps.map(({ step, outcome, startedAt, endedAt }) => {
    return { step, outcome, startedAt, endedAt };
  });
  return { state, reason, steps: told };
}

/** The claim's record. @throws ApplicationFailure (not retried) where there is none. */
export async function recordOf(
  claims: ClaimStore,
  { claimId, userId }: Pick<ClaimRef, 'claimId' | 'userId'>,
): Promise<Claim> {
  const claim = await claims.get(claimId, userId);
  if (!claim) throw broken(`There is no record of claim ${claimId}.`);
  return claim;
}

/** The claim as it stands and its player's state, read at once. @throws as `recordOf` */
export async function claimAndPlayer(
  deps: Pick<ActivityDeps, 'claims' | 'userStatus'>,
  request: Pick<ClaimRef, 'claimId' | 'userId'>,
): Promise<[Claim, UserStatus | null]> {
  return await Promise.all([recordOf(deps.claims, request), deps.userStatus(request.userId)]);
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
