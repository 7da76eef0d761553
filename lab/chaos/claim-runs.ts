/** Claims' runs, as somebody with Temporal's command line meddles with them. */
import { randomUUID } from 'node:crypto';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import type { Claim } from '../../store/claims/claim-record.ts';
import { workflowIdOf } from '../../temporal/workflow-id.ts';
import { CLAIM_WORKFLOW } from '../../workflows/contract.ts';

const NAMESPACE = 'default';
const TIMEOUT_MS = 3_000;
const RUNNING = `WorkflowType = '${CLAIM_WORKFLOW}' AND ExecutionStatus = 'Running'`;

type RunOf = Pick<Claim, 'userId' | 'idempotencyKey'>;

export type Runs = ReturnType<typeof createRuns>;

/** @param address of Temporal itself, past every wire */
export function createRuns(address: string) {
  const connection = Connection.lazy({ address });
  const client = new Client({ connection, namespace: NAMESPACE });
  const bounded = <T>(call: () => Promise<T>) => client.withDeadline(Date.now() + TIMEOUT_MS, call);
  const handleOf = ({ userId, idempotencyKey }: RunOf) =>
    client.workflow.getHandle(workflowIdOf(userId, idempotencyKey));

  /** As `temporal workflow reset --type FirstWorkflowTask`; false before there was one. */
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
    /** What somebody may do to a run. @throws what Temporal says, where there is none or it is away */
    async meddle(what: 'cancel' | 'terminate' | 'reset', claim: RunOf): Promise<boolean> {
      return await bounded(async () => {
        if (what === 'reset') return await reset(claim);
        if (what === 'cancel') await handleOf(claim).cancel();
        else await handleOf(claim).terminate('chaos');
        return true;
      });
    },

    /** The IDs of claims' workflows that run, by Temporal's own list, which lags a little. */
    async running(): Promise<string[]> {
      return await bounded(async () => {
        const found: string[] = [];
        for await (const run of client.workflow.list({ query: RUNNING })) {
          found.push(run.workflowId);
        }
        return found;
      });
    },

    /** How the claim's latest run stands, such as `COMPLETED`; `NONE` where there never was one. */
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
