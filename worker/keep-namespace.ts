/**
 * Restores the search attributes and the schedule when they are gone, because Temporal's data were
 * lost or somebody deleted them. Without the search attributes no claim can start. Without the
 * schedule no claim that lost its run is found.
 */
import type { Client, Connection } from '@temporalio/client';
import { ensureReconciliation, registerSearchAttributes } from '../temporal/namespace.ts';
import { TEMPORAL_TIMEOUT_MS } from '../temporal/runs.ts';

interface KeepOptions {
  connection: Connection;
  client: Client;
  namespace: string;
  /** In milliseconds: how often reconciliation runs, and how often its schedule is checked. */
  intervalMs: number;
  /** Called when the schedule was gone and has been created again. */
  onRemade(): void;
  /** Called when the check failed; it is tried again. */
  onFailure(error: unknown): void;
}

/** Checks the namespace every `intervalMs` until the timer is cleared. */
export function keepNamespace(options: KeepOptions): NodeJS.Timeout {
  const { connection, client, namespace, intervalMs, onRemade, onFailure } = options;
  const look = async () => {
    await registerSearchAttributes(connection, namespace);
    if (await ensureReconciliation(client, intervalMs)) onRemade();
  };
  const bounded = () => connection.withDeadline(Date.now() + TEMPORAL_TIMEOUT_MS, look);
  return setInterval(() => void bounded().catch(onFailure), intervalMs);
}
