/** One batch of a bulk action. Each claim is decided on as an admin would do it. Safe to repeat. */
import { Context } from '@temporalio/activity';
import type { Claim } from '../store/claims/claim-record.ts';
import type { ClaimStore } from '../store/claims/claims.ts';
import type { Operation, OperationStore, Parked } from '../store/operations.ts';
import type { ClaimRuns } from '../temporal/runs.ts';
import { SIGNALS } from '../workflows/contract.ts';

interface DecideBatchDeps {
  claims: ClaimStore;
  operations: OperationStore;
  runs: Pick<ClaimRuns, 'wake'>;
}

/** Claims in one batch: few enough that a stopped operation ends soon. */
const BATCH = 50;

/**
 * Decides on one claim, and counts it in the same transaction. A claim that is decided already
 * counts as done if the decision was the same, whoever made it.
 * @returns false if it was not counted: it was counted before, or the operation was stopped
 */
async function decideOn(
  { claims, operations, runs }: DecideBatchDeps,
  { _id, action, note, actor, requestId }: Operation,
  { claimId, userId, number }: Parked,
): Promise<boolean> {
  const staff = { actor, requestId };
  const of = { _id: claimId, userId };
  const decided = await claims.decide(staff, of, number, { action, note }, (session) =>
    operations.count(_id, claimId, 'done', session),
  );
  const claim = decided ?? (await claims.get(claimId, userId));
  const isDone = claim !== null && wasDecided(claim, number, action);
  const isCounted =
    decided !== null || (await operations.count(_id, claimId, isDone ? 'done' : 'failed'));
  // Also for a claim that an earlier attempt counted. If the signal is lost, reconciliation sends
  // it.
  if (isDone && claim.state === 'NEEDS_ATTENTION') {
    await runs.wake(claim, SIGNALS.decided).catch(() => {});
  }
  return isCounted;
}

/**
 * Whether that parking was decided in this way. A later parking shows that the earlier one was
 * retried.
 */
function wasDecided({ parking }: Claim, number: number, action: Operation['action']): boolean {
  if (!parking) return false;
  return parking.number === number ? parking.decision?.action === action : action === 'RETRY';
}

/** Decides on the next batch. False if the operation has ended or was stopped. */
export async function decideBatch(deps: DecideBatchDeps, operationId: string): Promise<boolean> {
  const { operations } = deps;
  const running = async () => {
    const known = await operations.get(operationId);
    return known?.state === 'RUNNING' ? known : null;
  };
  const known = await running();
  if (!known) return false;
  const operation = await operations.takeBatch(known, BATCH);
  if (operation.batch.length === 0) {
    await operations.finish(operation);
    return false;
  }
  for (const parked of operation.batch) {
    if (!(await decideOn(deps, operation, parked)) && !(await running())) return false;
    Context.current().heartbeat();
  }
  await operations.endBatch(operation);
  return true;
}
