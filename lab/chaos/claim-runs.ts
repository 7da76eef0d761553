/** Claims' workflow runs: cancels, terminates and resets them, as an operator could with Temporal's CLI. */
import { randomUUID } from 'node:crypto';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import type { Claim } from '../../store/claims/claim-record.ts';
import { workflowIdOf } from '../../temporal/workflow-id.ts';
import { CLAIM_WORKFLOW } from '../../workflows/contract.ts';

const NAMESPACE = 'default';
/** Timeout of one call to Temporal, in milliseconds. */
const TIMEOUT_MS = 3_000;
const RUNNING = `WorkflowType = '${CLAIM_WORKFLOW}' AND ExecutionStatus = 'Running'`;

type RunOf = Pick<Claim, 'userId' | 'idempotencyKey'>;

export type Runs = ReturnType<typeof createRuns>;

/** @param address of Temporal itself, not of a wire */
export function createRuns(address: string) {
  const connection = Connection.lazy({ address });
  const client = new Client({ connection, namespace: NAMESPACE });
  const bounded = <T>(call: () => Promise<T>) => client.withDeadline(Date.now() + TIMEOUT_MS, call);
  const handleOf = ({ userId, idempotencyKey }: RunOf) =>
    client.workflow.getHandle(workflowIdOf(userId, idempotencyKey));

  /** Like `temporal workflow reset --type FirstWorkflowTask`. False if no workflow task has ended yet. */
  async function reset(claim: RunOf): Promise<boolean> {
    const handle = handleOf(claim);
    const { runId } = await handle.describe();
    const { events } = await handle.fetchHistory();
    const first = events?.find((event) => event.workflowTaskCompletedEventAttributes);
    if (!first?.eventId) return false;
    await client.workflowService.resetWorkflowExecution({
      namespace: NAMESPACE,
      workflowExecution: { workflowId: handle.workflowId, runId },
      reason: 'chaos',
      workflowTaskFinishEventId: first.eventId,
      requestId: randomUUID(),
    });
    return true;
  }

  return {
    /** Cancels, terminates or resets a run. False if it cannot be reset yet. @throws Temporal's errors */
    async meddle(what: 'cancel' | 'terminate' | 'reset', claim: RunOf): Promise<boolean> {
      return await bounded(async () => {
        if (what === 'reset') return await reset(claim);
        if (what === 'cancel') await handleOf(claim).cancel();
        else await handleOf(claim).terminate('chaos');
        return true;
      });
    },

    /** IDs of claims' workflows that run. Temporal's list may lag by a second or so. */
    async running(): Promise<string[]> {
      return await bounded(async () => {
        const found: string[] = [];
        for await (const run of client.workflow.list({ query: RUNNING })) {
          found.push(run.workflowId);
        }
        return found;
      });
    },

    /** The status of the claim's latest run, such as `COMPLETED`. `NONE` if there never was one. */
    async statusOf(claim: RunOf): Promise<string> {
      try {
        return (await bounded(() => handleOf(claim).describe())).status.name;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'NONE';
        throw error;
      }
    },

    close: () => connection.close(),
  };
}
