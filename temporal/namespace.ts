/** What a worker needs in its namespace before it polls: the search attributes and the schedule. */
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

/** gRPC's code `INVALID_ARGUMENT`. */
const INVALID_ARGUMENT = 3;

/** gRPC's codes `PERMISSION_DENIED`, `UNIMPLEMENTED` and `UNAUTHENTICATED`. */
const DENIALS = [7, 12, 16];

const isDenied = (error: unknown): boolean =>
  isGrpcServiceError(error) && DENIALS.includes(error.code);

/** Whether runs can be searched by the attribute. Asks the namespace itself, not the operator service. */
async function isSearchable(connection: Connection, namespace: string, attribute: string) {
  const query = `${attribute} = ""`;
  try {
    await connection.workflowService.countWorkflowExecutions({ namespace, query });
    return true;
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === INVALID_ARGUMENT) return false;
    // Not allowed to look, so it is taken as present. If it is missing, the first claim's run fails and says so.
    if (isDenied(error)) return true;
    throw error;
  }
}

/** The search attributes that are missing in the namespace. */
async function missingAttributes(connection: Connection, namespace: string): Promise<string[]> {
  try {
    const listed = await connection.operatorService.listSearchAttributes({ namespace });
    return SEARCH_ATTRIBUTES.filter((name) => !(name in (listed.customAttributes ?? {})));
  } catch (error) {
    if (!isDenied(error)) throw error;
  }
  // A key for one namespace, as in Temporal Cloud, may not call the operator service.
  const found = await Promise.all(
    SEARCH_ATTRIBUTES.map((name) => isSearchable(connection, namespace, name)),
  );
  return SEARCH_ATTRIBUTES.filter((_, n) => !found[n]);
}

/**
 * Registers the search attributes that are missing.
 * @throws SetupError that names them where the server does not allow it. In Temporal Cloud, a person
 * makes them in its console.
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
    // Two workers started at once, and the other one was first.
    if (isGrpcServiceError(error) && /already exists/i.test(error.details)) return;
    throw new SetupError(
      `The namespace ${namespace} lacks the search attributes ${missing.join(', ')} (Keyword), and they could not be registered: ${(error as Error).message}. Register them there, as in Temporal Cloud's console, and start again.`,
      { cause: error },
    );
  }
}

/** Reconciliation every `intervalMs`. A pass is left out while another one is running. */
const reconciliation = (intervalMs: number) => ({
  action: {
    type: 'startWorkflow',
    workflowType: RECONCILE_WORKFLOW,
    workflowId: RECONCILE_WORKFLOW,
    taskQueue: UPKEEP_QUEUE,
    args: [],
  } as const,
  spec: { intervals: [{ every: intervalMs }] },
  policies: { overlap: 'SKIP', catchupWindow: intervalMs } as const,
});

/**
 * Creates the schedule of reconciliation if there is none, and starts a pass at once.
 * @returns whether it was created
 */
export async function ensureReconciliation(client: Client, intervalMs: number): Promise<boolean> {
  const schedule = { scheduleId: RECONCILE_SCHEDULE, ...reconciliation(intervalMs) };
  try {
    await client.schedule.create({ ...schedule, state: { triggerImmediately: true } });
    return true;
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw error;
  }
}

/** Creates the schedule of reconciliation, or updates the one that exists. */
export async function scheduleReconciliation(client: Client, intervalMs: number): Promise<void> {
  if (await ensureReconciliation(client, intervalMs)) return;
  const handle = client.schedule.getHandle(RECONCILE_SCHEDULE);
  await handle.update(({ state }) => ({ state, ...reconciliation(intervalMs) }));
}
