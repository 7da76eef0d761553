/** Runs the workers and their timers, over connections that the process's root has made. */
import type { Client, Connection } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities } from '../activities/index.ts';
import { createUpkeepActivities } from '../activities/upkeep.ts';
import type { WorkerConfig } from '../process/config.ts';
import { startHeartbeat } from '../process/heartbeat.ts';
import type { Store } from '../store/index.ts';
import { levelOf } from '../store/mongodb/connection.ts';
import type { PlayerEventRules } from '../store/player-events/player-event-shape.ts';
import { createBulkRuns } from '../temporal/bulk-runs.ts';
import { registerSearchAttributes, scheduleReconciliation } from '../temporal/namespace.ts';
import { createClaimRuns } from '../temporal/runs.ts';
import { workflowBundle } from './bundle.ts';
import { activityDeps, upkeepDeps } from './deps.ts';
import { keepFolding } from './folding.ts';
import { keepNamespace } from './keep-namespace.ts';
import { createWorkers } from './workers.ts';

interface WorkerParts {
  config: WorkerConfig;
  log: Logger;
  store: Store;
  playerEventRules: PlayerEventRules;
  temporal: Connection;
  client: Client;
  native: NativeConnection;
}

interface RunningWorkers {
  /** Resolves once all workers have stopped; rejects if one failed. */
  ended: Promise<void>;
  /** Takes no new work. Work under way gets its time (see `worker/workers.ts`). */
  stop(): void;
}

/** Prepares the namespace, and starts the workers and their timers. @throws SetupError if it cannot */
export async function runWorkers(parts: WorkerParts): Promise<RunningWorkers> {
  const { config, log, store, playerEventRules, temporal, client, native } = parts;
  const namespace = config.TEMPORAL_NAMESPACE;
  const intervalMs = config.RECONCILE_INTERVAL_MS;
  await registerSearchAttributes(temporal, namespace);

  const running = { runs: createClaimRuns(client), bulkRuns: createBulkRuns(client) };
  const upkeep = upkeepDeps(store, running, {
    onMended: (kind, id) => log.warn({ kind, id }, 'reconciliation mended something'),
    onFailure: (claimId, err) =>
      log.error({ claimId, err }, 'reconciliation could not tend a claim'),
  });
  const workers = await createWorkers({
    connection: native,
    namespace,
    workflowBundle: await workflowBundle(),
    activities: createActivities(activityDeps(store, config)),
    upkeep: createUpkeepActivities(upkeep),
    providers: new Map(Object.entries(config.PROVIDERS).map(([name, { limit }]) => [name, limit])),
  });

  await scheduleReconciliation(client, intervalMs);
  const keeping = keepNamespace({
    connection: temporal,
    client,
    namespace,
    intervalMs,
    onRemade: () => log.warn('the schedule of reconciliation was gone, and was made again'),
    onFailure: (err) => log.warn({ err }, 'the schedule of reconciliation could not be looked at'),
  });
  const folding = keepFolding(config.MONGODB_URI, playerEventRules, (err) => {
    log[levelOf(err)]({ err }, 'days of activities are not folded yet');
  });
  const heartbeat = config.WORKER_HEARTBEAT_FILE;
  // This comes last, and nothing is awaited after it, so that the caller can stop the workers in order.
  const ran = Promise.all(workers.map((worker) => worker.run()));
  const isRunning = () => workers.every((worker) => worker.getState() === 'RUNNING');
  const beating = heartbeat ? startHeartbeat(heartbeat, isRunning) : undefined;

  return {
    ended: ran
      .then(() => {})
      .finally(() => {
        for (const timer of [keeping, folding, beating]) clearInterval(timer);
      }),
    stop() {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    },
  };
}
