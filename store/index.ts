/** All stores over one connection, with the indexes that they need. */
import type { Connection } from 'mongoose';
import { createAuditChecks } from './audit-checks.ts';
import { createAuditLog } from './audit-log.ts';
import { endedIndex } from './claims/claim-slimming.ts';
import { type ClaimStore, createClaimStore } from './claims/claims.ts';
import { createRecentClaims } from './claims/recent-claims.ts';
import { createEventStats } from './events/event-stats.ts';
import { createEventStore } from './events/events.ts';
import { createServerClock } from './mongodb/clock.ts';
import {
  type BuildOptions,
  buildIndexes,
  type EnsureOptions,
  ensureIndexes,
  indexesOfModels,
  missingIndexes,
  type WantedIndex,
} from './mongodb/indexes.ts';
import { createOperationStore } from './operations.ts';
import { createConditionFacts } from './player-events/condition-facts.ts';
import type { PlayerEventRules } from './player-events/player-event-shape.ts';
import { createProgressStore } from './player-events/progress.ts';
import { createErasureStore } from './privacy/erasures.ts';
import { createPersonalData } from './privacy/personal-data.ts';
import { createReadLogStore } from './privacy/read-log.ts';
import { createProviderLimitStore } from './provider-limits.ts';
import { createReconciliationStore } from './reconciliations.ts';
import { createStockStore } from './stock/stock.ts';
import { createGuessStore } from './users/guesses.ts';
import { createMfaChallengeStore } from './users/mfa-challenges.ts';
import { createPasswordStore } from './users/passwords.ts';
import { createRefreshTokenStore } from './users/refresh-tokens.ts';
import { createServiceAccounts } from './users/service-accounts.ts';
import { createServiceKeyStore } from './users/service-keys.ts';
import { createTotpStore } from './users/totp.ts';
import { createUserStore } from './users/users.ts';

export type Store = ReturnType<typeof createStores>;

/** The stores. None may be used before its indexes exist. */
function createStores(
  connection: Connection,
  now: () => Date,
  playerEventRules?: PlayerEventRules,
) {
  const clock = createServerClock(connection);
  const stock = createStockStore(connection, clock);
  const claims = createClaimStore(connection, clock, now);
  const privacy = createPrivacyStores(connection, claims, now, playerEventRules);
  return {
    ...privacy,
    auditChecks: createAuditChecks(connection, now),
    users: createUserStore(connection),
    refreshTokens: createRefreshTokenStore(connection),
    passwords: createPasswordStore(connection),
    guesses: createGuessStore(connection),
    totp: createTotpStore(connection),
    mfaChallenges: createMfaChallengeStore(connection),
    serviceAccounts: createServiceAccounts(connection),
    serviceKeys: createServiceKeyStore(connection),
    events: createEventStore(connection, now),
    eventStats: createEventStats(connection, stock, now),
    stock,
    claims,
    recentClaims: createRecentClaims(claims.model),
    conditionFacts: createConditionFacts(connection),
    operations: createOperationStore(connection, now),
    providerLimits: createProviderLimitStore(connection),
    reconciliations: createReconciliationStore(connection),
  };
}

/** The stores that hold a user's personal data beside their record, and what is over all of them. */
function createPrivacyStores(
  connection: Connection,
  claims: ClaimStore,
  now: () => Date,
  playerEventRules?: PlayerEventRules,
) {
  const stores = {
    auditLog: createAuditLog(connection, now),
    refreshTokens: createRefreshTokenStore(connection),
    progress: createProgressStore(connection, playerEventRules, now),
    erasures: createErasureStore(connection, now),
    readLog: createReadLogStore(connection),
  };
  return { ...stores, personalData: createPersonalData(connection, { ...stores, claims }) };
}

/**
 * Opens the stores and builds their indexes first. Nothing may be accepted before, as identity,
 * entitlements and holds depend on unique indexes.
 * @param now our clock; the machine's unless given
 * @param playerEventRules the defaults unless given
 */
export async function openStore(
  connection: Connection,
  now: () => Date = () => new Date(),
  playerEventRules?: PlayerEventRules,
): Promise<Store> {
  const store = createStores(connection, now, playerEventRules);
  await Promise.all(Object.values(connection.models).map((model) => model.createIndexes()));
  return await opened(store);
}

/** The stores for a command, over a database whose indexes exist. Nothing is built or set. */
export function storeOfCommand(connection: Connection): Store {
  return createStores(connection, () => new Date());
}

interface StoreOptions {
  /** Whether claims are made small after some days, which needs an index of its own. */
  slimsClaims?: boolean;
}

/**
 * As `openStore`, for a database of any size: missing indexes are built over a connection of their
 * own, or are waited for.
 * @throws SetupError where an index cannot be built
 */
export async function openStoreOfProcess(
  connection: Connection,
  playerEventRules: PlayerEventRules,
  options: EnsureOptions & StoreOptions,
): Promise<Store> {
  const store = createStores(connection, () => new Date(), playerEventRules);
  await ensureIndexes(connection, wantedIndexes(connection, store, options), options);
  return await opened(store);
}

/** Builds every missing index and reports the progress. @throws SetupError where one cannot */
export async function migrate(
  connection: Connection,
  playerEventRules: PlayerEventRules,
  options: BuildOptions & StoreOptions,
): Promise<void> {
  const store = createStores(connection, () => new Date(), playerEventRules);
  const wanted = wantedIndexes(connection, store, options);
  const missing = await missingIndexes(connection, wanted);
  if (missing.length > 0) await buildIndexes(missing, options);
  options.log.info(`${wanted.length} indexes are there, ${missing.length} of them are new`);
}

function wantedIndexes(
  connection: Connection,
  { progress }: Store,
  { slimsClaims = false }: StoreOptions,
): WantedIndex[] {
  return [
    ...indexesOfModels(connection),
    progress.playerEvents.expiryIndex(progress.keptS),
    ...(slimsClaims ? [endedIndex] : []),
  ];
}

async function opened(store: Store): Promise<Store> {
  await store.auditLog.open();
  await store.progress.open();
  return store;
}
