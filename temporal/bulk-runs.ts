/** Starts the workflow runs of bulk actions. */
import type { Client } from '@temporalio/client';
import { BULK_WORKFLOW, type BulkInput, UPKEEP_QUEUE } from '../workflows/contract.ts';
import { TEMPORAL_TIMEOUT_MS } from './runs.ts';

export type BulkRuns = ReturnType<typeof createBulkRuns>;

/** @throws from `start`: the SDK's errors, also where Temporal does not answer in time */
export function createBulkRuns(client: Client) {
  return {
    /** Starts a run for the operation. Does nothing if one is running; one that ended is followed by another. */
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
