/** One batch of a bulk action: each claim decided on as an admin's own click would. Safe to repeat. */
import { Context } from '@temporalio/activity';
import type { ClaimStore } from '../store/claims.ts';
import type { Operation, OperationStore, Parked } from '../store/operations.ts';
import type { ClaimRuns } from '../temporal/runs.ts';
import { SIGNALS } from '../workflows/contract.ts';

export interface DecideBatchDeps {
  claims: ClaimStore;
  operations: OperationStore;
  runs: Pick<ClaimRuns, 'wake'>;
}

const BATCH = 50;

/** Whether the claim was decided as asked for: now, by an earlier try of this batch, or by somebody. */
async function isDecided(
  deps: DecideBatchDeps,
  operation: Operation,
  { claimId, number }: Parked,
): Promise<boolean> {
  const { action, note, actor, requestId } = operation;
  const staff = { actor, requestId };
  const decided = await deps.claims.decide(staff, claimId, number, { action, note });
  const claim = decided ?? (await deps.claims.get(claimId));
  const parking = claim?.parking;
  if (!claim || !parking) return false;
  if (parking.number === number && parking.decision?.action !== action) return false;
  // Where the signal is lost, reconciliation sends it.
  if (claim.state === 'NEEDS_ATTENTION') {
    await deps.runs.wake(claim, SIGNALS.decided).catch(() => {});
  }
  return true;
}

/** Decides on the next batch; false where the operation is at its end. */
export async function decideBatch(deps: DecideBatchDeps, operationId: string): Promise<boolean> {
  const { operations } = deps;
  const known = await operations.get(operationId);
  if (known?.state !== 'RUNNING') return false;
  const operation = await operations.takeBatch(known, BATCH);
  if (operation.batch.length === 0) {
    await operations.finish(operationId);
    return false;
  }
  let done = 0;
  for (const parked of operation.batch) {
    if (await isDecided(deps, operation, parked)) done += 1;
    Context.current().heartbeat();
  }
  await operations.countBatch(operation, done, operation.batch.length - done);
  return true;
}
