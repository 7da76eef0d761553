/**
 * Reconciliation: one pass that repairs what MongoDB and Temporal disagree on. Started by a
 * schedule.
 */
import { ActivityFailure, patched, proxyActivities } from '@temporalio/workflow';
import type { PassReport, UpkeepActivities } from '../activities/upkeep.ts';
import { NOTHING_MENDED } from '../domain/claims/reconciliation.ts';

/**
 * A pass over all open claims takes some minutes at most. Heartbeats show soon if its worker died.
 * Two attempts are enough, as the schedule starts the next pass.
 */
const upkeep = proxyActivities<UpkeepActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { maximumAttempts: 2, initialInterval: '2 seconds' },
});

/** Runs one part of the pass. A part that fails is counted, and the others still run. */
async function part<T extends object>(work: () => Promise<T>): Promise<T | { broke: 1 }> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ActivityFailure) return { broke: 1 };
    throw error;
  }
}

/** One pass. @returns what it did, which the Web UI shows as the run's result */
export async function reconcile(): Promise<PassReport> {
  const startedAt = new Date().toISOString();
  const parts = [
    await part(() => upkeep.tendOpenClaims()),
    await part(() => upkeep.tendOperations()),
    await part(() => upkeep.freeStrays()),
    await part(() => upkeep.checkBooks()),
    // Passes that began under older code have no such part.
    ...(patched('slim-claims') ? [await part(() => upkeep.slimClaims())] : []),
  ];
  const broke = parts.filter((p) => 'broke' in p).length;
  const found = Object.assign({ ...NOTHING_MENDED, failures: 0, unbalanced: [] }, ...parts);
  const { broke: _, failures, ...rest } = found;
  const report = { ...rest, startedAt, failures: failures + broke };
  await upkeep.report(report);
  return report;
}
