/** Claims' runs in Temporal, from the client's side: started, woken, looked for. */
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type WorkflowStartOptions,
} from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import {
  CLAIM_QUEUE,
  CLAIM_WORKFLOW,
  type ClaimInput,
  type ClaimSignal,
  RECONCILE_WORKFLOW,
  type RunStart,
} from '../workflows/contract.ts';
import { workflowIdOf } from './workflow-id.ts';

/** The part of a claim's record that names its run. */
export interface RunOf {
  _id: string;
  userId: string;
  idempotencyKey: string;
  eventId: string;
}

const EVENT_ID = defineSearchAttributeKey('EventId', 'KEYWORD');
const USER_ID = defineSearchAttributeKey('UserId', 'KEYWORD');

/** How long one call to Temporal may take, in milliseconds; what it was for is on the record anyway. */
export const TEMPORAL_TIMEOUT_MS = 3_000;

const inputOf = ({ _id, userId, eventId }: RunOf): ClaimInput => {
  return { claimId: _id, userId, eventId };
};

export type ClaimRuns = ReturnType<typeof createClaimRuns>;

export function createClaimRuns(client: Client) {
  function optionsFor(claim: RunOf) {
    return {
      workflowId: workflowIdOf(claim.userId, claim.idempotencyKey),
      taskQueue: CLAIM_QUEUE,
      args: [inputOf(claim)] as [ClaimInput],
      // Free at the start, as against upserts; neither names a person.
      typedSearchAttributes: [
        { key: EVENT_ID, value: claim.eventId },
        { key: USER_ID, value: claim.userId },
      ],
      staticSummary: `${claim._id} for ${claim.eventId}`,
      // One hot event must not starve the others.
      priority: { fairnessKey: claim.eventId },
      // A run that failed is followed by another, which goes on from the record; one that runs is kept.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      workflowIdConflictPolicy: 'USE_EXISTING',
    } satisfies WorkflowStartOptions<(input: ClaimInput) => Promise<unknown>>;
  }

  const bounded = <T>(call: () => Promise<T>): Promise<T> =>
    client.withDeadline(Date.now() + TEMPORAL_TIMEOUT_MS, call);

  /** The run's status, or null where Temporal knows of none. */
  async function statusOf(workflowId: string): Promise<string | null> {
    try {
      const handle = client.workflow.getHandle(workflowId);
      return (await bounded(() => handle.describe())).status.name;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  }

  return {
    /**
     * Resolves where Temporal serves the namespace. It asks for a run, as `ensure` does: whoever may
     * not ask that cannot work here, and a key of one namespace gets nothing else answered, not even
     * the server's health. @throws what Temporal says otherwise
     */
    async check(): Promise<void> {
      await statusOf(RECONCILE_WORKFLOW);
    },

    /**
     * Starts the claim's run; one that runs, or ran to its end, is left as it is.
     * @param known given by the request that recorded the claim, and by no other
     */
    async start(claim: RunOf, known?: RunStart): Promise<void> {
      try {
        const args: [ClaimInput] = [{ ...inputOf(claim), ...known }];
        const start = { ...optionsFor(claim), args };
        await bounded(() => client.workflow.start(CLAIM_WORKFLOW, start));
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },

    /**
     * Signals the claim's run, and starts one where none runs: a signal is never lost for lack of
     * one. False where a run came to its end by itself, which takes no signal any more.
     */
    async wake(claim: RunOf, signal: ClaimSignal): Promise<boolean> {
      const options = { ...optionsFor(claim), signal, signalArgs: [] };
      try {
        await bounded(() => client.workflow.signalWithStart(CLAIM_WORKFLOW, options));
        return true;
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
        throw error;
      }
    },

    /**
     * Starts a run for an open claim that has none, whatever became of an earlier one. True where
     * one was started. Even a run that completed is followed by another: the record is what counts.
     */
    async ensure(claim: RunOf): Promise<boolean> {
      const workflowId = workflowIdOf(claim.userId, claim.idempotencyKey);
      if ((await statusOf(workflowId)) === 'RUNNING') return false;
      const options = {
        ...optionsFor(claim),
        workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
      };
      await bounded(() => client.workflow.start(CLAIM_WORKFLOW, options));
      return true;
    },
  };
}
