/** Reconciliation: one pass that mends what fell between MongoDB and Temporal. Run by a schedule. */
import { ActivityFailure, proxyActivities } from '@temporalio/workflow';
import type { PassReport, UpkeepActivities } from '../activities/upkeep.ts';
import { NOTHING_MENDED } from '../domain/claims/reconciliation.ts';

/**
 * A pass over everything that is open takes minutes at worst; it heartbeats, so that a worker that
 * died is noticed soon. Two attempts, as the schedule brings the next pass anyway.
 */
const upkeep = proxyActivities<UpkeepActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { maximumAttempts: 2, initialInterval: '2 seconds' },
});

/** A part that broke is counted as a failure and does not keep the others from running. */
async function part<T extends object>(work: () => Promise<T>): Promise<T | { broke: 1 }> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ActivityFailure) return { broke: 1 };
    throw error;
  }
}

/** Answers what the pass did, so that the Web UI shows it as the run's result. */
export async function reconcile(): Promise<PassReport> {
  const startedAt = new Date().toISOString();
  const parts = [
    await part(() => upkeep.tendOpenClaims()),
    await part(() => upkeep.tendOperations()),
    await part(() => upkeep.freeStrays()),
    await part(() => upkeep.checkBooks()),
  ];
  const broke = parts.filter((p) => 'broke' in p).length;
  const found = Object.assign({ ...NOTHING_MENDED, failures: 0, unbalanced: [] }, ...parts);
  const { broke: _, failures, ...rest } = found;
  const report = { ...rest, startedAt, failures: failures + broke };
  await upkeep.report(report);
  return report;
}
