/**
 * A bulk action on parked claims: one batch after another, at a limited rate, until none is left.
 */
import { continueAsNew, proxyActivities, sleep } from '@temporalio/workflow';
import type { UpkeepActivities } from '../activities/upkeep.ts';
import type { BulkInput } from './contract.ts';

/** Retries have no limit: each decision is counted on the operation's record, so none is lost. */
const upkeep = proxyActivities<UpkeepActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

/** The pause after a batch of fifty claims, in milliseconds: room for the claims of players. */
const PAUSE_MS = 1_000;

/** Batches in one run. Each adds some ten events to the history, which must stay short. */
const BATCHES_PER_RUN = 500;

/** Decides on all claims of a bulk action. Continues as a new run after many batches. */
export async function bulk({ operationId }: BulkInput): Promise<void> {
  for (let batches = 0; batches < BATCHES_PER_RUN; batches++) {
    if (!(await upkeep.decideBatch(operationId))) return;
    await sleep(PAUSE_MS);
  }
  await continueAsNew<typeof bulk>({ operationId });
}
