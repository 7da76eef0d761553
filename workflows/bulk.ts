/** A bulk action on parked claims: batch after batch at a bounded rate, until none is left. */
import { continueAsNew, proxyActivities, sleep } from '@temporalio/workflow';
import type { UpkeepActivities } from '../activities/upkeep.ts';
import type { BulkInput } from './contract.ts';

/** Tried without end: what was decided on is counted on the operation's record, so none is lost. */
const upkeep = proxyActivities<UpkeepActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

/** One batch a second, of fifty claims: what they set off must not crowd out the claims of players. */
const PAUSE_MS = 1_000;

/** Batches in one run, some ten history events each. */
const BATCHES_PER_RUN = 500;

export async function bulk({ operationId }: BulkInput): Promise<void> {
  for (let batches = 0; batches < BATCHES_PER_RUN; batches++) {
    if (!(await upkeep.decideBatch(operationId))) return;
    await sleep(PAUSE_MS);
  }
  await continueAsNew<typeof bulk>({ operationId });
}
