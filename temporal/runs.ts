/** Starts, signals and finds the workflow runs of claims. */
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
  traceparent?: string;
}

const EVENT_ID = defineSearchAttributeKey('EventId', 'KEYWORD');
const USER_ID = defineSearchAttributeKey('UserId', 'KEYWORD');

/** How long one call to Temporal may take, in milliseconds. The claim is on record, so nothing is lost if it fails. */
export const TEMPORAL_TIMEOUT_MS = 3_000;

export type ClaimRuns = ReturnType<typeof createClaimRuns>;

/** Each verb throws the SDK's errors, also where Temporal does not answer within `TEMPORAL_TIMEOUT_MS`. */
export function createClaimRuns(client: Client) {
  function optionsFor(claim: RunOf, known?: RunStart) {
    const { _id: claimId, userId, eventId, traceparent } = claim;
    const input = { claimId, userId, eventId, ...known, ...(traceparent && { traceparent }) };
    return {
      workflowId: workflowIdOf(userId, claim.idempotencyKey),
      taskQueue: CLAIM_QUEUE,
      args: [input] as [ClaimInput],
      // They cost nothing here; an upsert later does. Neither names a person.
      typedSearchAttributes: [
        { key: EVENT_ID, value: eventId },
        { key: USER_ID, value: userId },
      ],
      staticSummary: `${claimId} for ${eventId}`,
      // Keeps one busy event from starving the others.
      priority: { fairnessKey: eventId },
      // A failed run is followed by another, which goes on from the record. A running one is kept.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      workflowIdConflictPolicy: 'USE_EXISTING',
    } satisfies WorkflowStartOptions<(input: ClaimInput) => Promise<unknown>>;
  }

  const bounded = <T>(call: () => Promise<T>): Promise<T> =>
    client.withDeadline(Date.now() + TEMPORAL_TIMEOUT_MS, call);

  /** The run's status, or null if Temporal has no such run. */
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
     * Resolves if Temporal serves the namespace. It asks for a run, as `ensure` does: a key for one
     * namespace may not ask for anything else, not even for the server's health.
     * @throws the SDK's error otherwise
     */
    async check(): Promise<void> {
      await statusOf(RECONCILE_WORKFLOW);
    },

    /**
     * Starts the claim's run. Does nothing if one is running or has completed.
     * @param known given only by the request that recorded the claim
     */
    async start(claim: RunOf, known?: RunStart): Promise<void> {
      try {
        await bounded(() => client.workflow.start(CLAIM_WORKFLOW, optionsFor(claim, known)));
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },

    /**
     * Signals the claim's run. Starts one if none is running, so that no signal is lost.
     * @returns false if a run has completed, and takes no signal any more
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
     * Starts a run for an open claim that has none, even if an earlier run has completed: the record
     * says that the claim is open, and the record counts.
     * @returns whether a run was started
     */
    async ensure(claim: RunOf): Promise<boolean> {
      const options = { ...optionsFor(claim), workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const };
      if ((await statusOf(options.workflowId)) === 'RUNNING') return false;
      await bounded(() => client.workflow.start(CLAIM_WORKFLOW, options));
      return true;
    },
  };
}
