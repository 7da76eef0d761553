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
import type { FulfillmentPolicy } from '../workflows/contract.ts';

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

const statusIn = (store: Store) => async (userId: string) =>
  (await store.users.get(userId))?.status ?? null;

function policyOf(settings: ActivitySettings): FulfillmentPolicy {
  return {
    timeoutMs: settings.FULFILLMENT_TIMEOUT_MS,
    maxAttempts: settings.FULFILLMENT_MAX_ATTEMPTS,
    initialIntervalMs: settings.FULFILLMENT_INITIAL_INTERVAL_MS,
    pendingTimeoutMs: settings.FULFILLMENT_PENDING_TIMEOUT_MS,
  };
}

/** The providers that have a limit. */
function limitsOf(providers: ActivitySettings['PROVIDERS']): Map<string, ProviderLimit> {
  return new Map(
    Object.entries(providers).flatMap(([name, { limit }]) => (limit ? [[name, limit]] : [])),
  );
}

/** What the activities of claims need. */
export function activityDeps(store: Store, settings: ActivitySettings): ActivityDeps {
  const policy = policyOf(settings);
  const pace = createPace();
  const providers = new Map(
    [...createProviders(settings.PROVIDERS, { timeoutMs: policy.timeoutMs })].map(
      ([name, provider]) => [name, pace.watch(name, provider)] as const,
    ),
  );
  const gameData = createGameDataProviders(settings.PROVIDERS, { timeoutMs: policy.timeoutMs });
  return {
    claims: store.claims,
    stock: store.stock,
    userStatus: statusIn(store),
    provider: (name) => providers.get(name),
    callLimiter: createCallLimiter(store.providerLimits, limitsOf(settings.PROVIDERS), policy),
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
  const userStatus = statusIn(store);
  const stores = { claims, stock, reconciliations, operations };
  return { ...stores, ...running, userStatus, ...listeners, now };
}
