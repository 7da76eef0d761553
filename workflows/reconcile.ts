/** Reconciliation: one pass that mends what fell between MongoDB and Temporal. Run by a schedule. */
import { proxyActivities } from '@temporalio/workflow';
import type { UpkeepActivities } from '../activities/upkeep.ts';

/**
 * A pass over everything that is open takes minutes at worst; it heartbeats, so that a worker that
 * died is noticed soon. Two attempts, as the schedule brings the next pass anyway.
 */
const upkeep = proxyActivities<UpkeepActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { maximumAttempts: 2, initialInterval: '2 seconds' },
});

export async function reconcile(): Promise<void> {
  const startedAt = new Date().toISOString();
  const claims = await upkeep.tendOpenClaims();
  const strays = await upkeep.freeStrays();
  const books = await upkeep.checkBooks();
  await upkeep.report({ startedAt, ...claims, ...strays, ...books });
}
