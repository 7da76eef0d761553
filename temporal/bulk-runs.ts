/** Runs of bulk actions, from the client's side. */
import type { Client } from '@temporalio/client';
import { BULK_WORKFLOW, type BulkInput, UPKEEP_QUEUE } from '../workflows/contract.ts';
import { TEMPORAL_TIMEOUT_MS } from './runs.ts';

export type BulkRuns = ReturnType<typeof createBulkRuns>;

export function createBulkRuns(client: Client) {
  return {
    /** Starts the operation's run; one that runs is left as it is, one that ended is followed. */
    async start(operationId: string): Promise<void> {
      const options = {
        workflowId: `operation/${operationId}`,
        taskQueue: UPKEEP_QUEUE,
        args: [{ operationId }] as [BulkInput],
        staticSummary: `Bulk action ${operationId}`,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
      } as const;
      await client.withDeadline(Date.now() + TEMPORAL_TIMEOUT_MS, () =>
        client.workflow.start(BULK_WORKFLOW, options),
      );
    },
  };
}
