/**
 * What a worker made in its namespace is made again where it is gone: with Temporal's data, or by
 * a mistaken hand. Without it no claim could start and none that lost its run be found.
 */
import type { Client, Connection } from '@temporalio/client';
import { ensureReconciliation, registerSearchAttributes } from '../temporal/namespace.ts';
import { TEMPORAL_TIMEOUT_MS } from '../temporal/runs.ts';

export interface KeepOptions {
  connection: Connection;
  client: Client;
  namespace: string;
  /** Of reconciliation, and of looking whether it is still scheduled. In milliseconds. */
  intervalMs: number;
  /** Told when the schedule was gone. */
  onRemade(): void;
  /** Told when it could not be looked at; it is tried again. */
  onFailure(error: unknown): void;
}

/** Looks after the namespace until the timer is cleared. */
export function keepNamespace(options: KeepOptions): NodeJS.Timeout {
  const { connection, client, namespace, intervalMs, onRemade, onFailure } = options;
  const look = async () => {
    await registerSearchAttributes(connection, namespace);
    if (await ensureReconciliation(client, intervalMs)) onRemade();
  };
  const bounded = () => connection.withDeadline(Date.now() + TEMPORAL_TIMEOUT_MS, look);
  return setInterval(() => void bounded().catch(onFailure), intervalMs);
}
