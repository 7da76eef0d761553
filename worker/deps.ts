/** Makes what activities need from a store and a configuration, for the worker and for tests. */
import type { ActivityDeps } from '../activities/deps.ts';
import type { UpkeepDeps } from '../activities/upkeep.ts';
import type { Gauges } from '../domain/conditions/metrics.ts';
import type { ProviderLimit } from '../domain/provider-limit.ts';
import { createCallLimiter } from '../providers/call-limiter.ts';
import { createGameDataProviders, createProviders } from '../providers/index.ts';
import { createPace } from '../providers/pace.ts';
import type { Store } from '../store/index.ts';
import { databaseTrouble } from '../store/mongodb/connection.ts';
import type { BulkRuns } from '../temporal/bulk-runs.ts';
import type { ClaimRuns } from '../temporal/runs.ts';

/** The part of the configuration that activities go by. Times are in milliseconds. */
export interface ActivitySettings {
  PROVIDERS: Record<string, { baseUrl: string; secret: string; limit?: ProviderLimit | undefined }>;
  GAUGES: Gauges;
  FULFILLMENT_TIMEOUT_MS: number;
  FULFILLMENT_MAX_ATTEMPTS: number;
  FULFILLMENT_INITIAL_INTERVAL_MS: number;
  FULFILLMENT_PENDING_TIMEOUT_MS: number;
}

const now = () => new Date();

/** What the activities of claims need. */
export function activityDeps(store: Store, settings: ActivitySettings): ActivityDeps {
  const policy = {
    timeoutMs: settings.FULFILLMENT_TIMEOUT_MS,
    maxAttempts: settings.FULFILLMENT_MAX_ATTEMPTS,
    initialIntervalMs: settings.FULFILLMENT_INITIAL_INTERVAL_MS,
    pendingTimeoutMs: settings.FULFILLMENT_PENDING_TIMEOUT_MS,
  };
  const { timeoutMs } = policy;
  const pace = createPace();
  const providers = createProviders(settings.PROVIDERS, { timeoutMs });
  for (const [name, provider] of providers) providers.set(name, pace.watch(name, provider));
  const limits = new Map(
    Object.entries(settings.PROVIDERS).map(([name, { limit }]) => [name, limit] as const),
  );
  const gameData = createGameDataProviders(settings.PROVIDERS, { timeoutMs });
  return {
    claims: store.claims,
    stock: store.stock,
    player: store.users.get,
    provider: (name) => providers.get(name),
    callLimiter: createCallLimiter(store.providerLimits, limits, policy),
    pace,
    conditionFacts: store.conditionFacts,
    progress: store.progress,
    gameData: (name) => gameData.get(name),
    gauges: settings.GAUGES,
    databaseTrouble,
    policy,
    now,
  };
}

/** What the activities of reconciliation and of bulk actions need. @param listeners what they report to */
export function upkeepDeps(
  store: Store,
  running: { runs: ClaimRuns; bulkRuns: BulkRuns },
  listeners: Pick<UpkeepDeps, 'onMended' | 'onFailure'>,
): UpkeepDeps {
  const { claims, stock, reconciliations, operations } = store;
  const player = store.users.get;
  const stores = { claims, stock, reconciliations, operations };
  return { ...stores, ...running, player, ...listeners, now };
}
