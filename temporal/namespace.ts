/** What a worker needs of its namespace before it polls: search attributes and the schedule. */
import {
  type Client,
  type Connection,
  isGrpcServiceError,
  ScheduleAlreadyRunning,
} from '@temporalio/client';
import proto from '@temporalio/proto';
import { SetupError } from '../domain/errors.ts';
import {
  RECONCILE_SCHEDULE,
  RECONCILE_WORKFLOW,
  SEARCH_ATTRIBUTES,
  UPKEEP_QUEUE,
} from '../workflows/contract.ts';

const KEYWORD = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;

/** Of gRPC: what was asked makes no sense to the server. */
const INVALID_ARGUMENT = 3;

/** Of gRPC: `PERMISSION_DENIED`, `UNIMPLEMENTED`, `UNAUTHENTICATED`. */
const DENIALS = [7, 12, 16];

const isDenied = (error: unknown): boolean =>
  isGrpcServiceError(error) && DENIALS.includes(error.code);

/** Whether runs can be looked for by that attribute: a call of the namespace's own, not an operator's. */
async function isSearchable(connection: Connection, namespace: string, attribute: string) {
  const query = `${attribute} = ""`;
  try {
    await connection.workflowService.countWorkflowExecutions({ namespace, query });
    return true;
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === INVALID_ARGUMENT) return false;
    // Who may not look cannot know. The first claim's run is told where it is missing.
    if (isDenied(error)) return true;
    throw error;
  }
}

/** The search attributes that the namespace lacks. */
async function missingAttributes(connection: Connection, namespace: string): Promise<string[]> {
  try {
    const listed = await connection.operatorService.listSearchAttributes({ namespace });
    return SEARCH_ATTRIBUTES.filter((name) => !(name in (listed.customAttributes ?? {})));
  } catch (error) {
    if (!isDenied(error)) throw error;
  }
  // A key of one namespace, as in Temporal Cloud, does not get at the operator's service.
  const found = await Promise.all(
    SEARCH_ATTRIBUTES.map((name) => isSearchable(connection, namespace, name)),
  );
  return SEARCH_ATTRIBUTES.filter((_, n) => !found[n]);
}

/**
 * Registers the search attributes that are missing. Where the server does not let us (Temporal
 * Cloud has them made in its console), their absence is told by name.
 */
export async function registerSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<void> {
  const missing = await missingAttributes(connection, namespace);
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    // Of two workers that start at once, one comes second.
    if (isGrpcServiceError(error) && /already exists/i.test(error.details)) return;
    throw new SetupError(
      `The namespace ${namespace} lacks the search attributes ${missing.join(', ')} (Keyword), and they could not be registered: ${(error as Error).message}. Register them there, as in Temporal Cloud's console, and start again.`,
      { cause: error },
    );
  }
}

const RECONCILIATION = {
  action: {
    type: 'startWorkflow',
    workflowType: RECONCILE_WORKFLOW,
    workflowId: RECONCILE_WORKFLOW,
    taskQueue: UPKEEP_QUEUE,
    args: [],
  },
} as const;

const rhythm = (intervalMs: number) => ({
  spec: { intervals: [{ every: intervalMs }] },
  policies: { overlap: 'SKIP', catchupWindow: intervalMs } as const,
});

/**
 * Makes the schedule of reconciliation where there is none; one that is there is left as it is.
 * True where it was made, which also starts a pass at once.
 */
export async function ensureReconciliation(client: Client, intervalMs: number): Promise<boolean> {
  const scheduleId = RECONCILE_SCHEDULE;
  const state = { triggerImmediately: true };
  try {
    await client.schedule.create({ scheduleId, ...RECONCILIATION, ...rhythm(intervalMs), state });
    return true;
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw error;
  }
}

/** Makes or updates the schedule of reconciliation; a pass that is still running is not doubled. */
export async function scheduleReconciliation(client: Client, intervalMs: number): Promise<void> {
  if (await ensureReconciliation(client, intervalMs)) return;
  const handle = client.schedule.getHandle(RECONCILE_SCHEDULE);
  await handle.update(({ state }) => ({ state, ...RECONCILIATION, ...rhythm(intervalMs) }));
}
