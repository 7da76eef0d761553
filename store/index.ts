/** All collections over one connection, with the indexes they cannot do without. */
import type { Connection } from 'mongoose';
import type { ActivityRules } from './activity-shape.ts';
import { createAuditLog } from './audit-log.ts';
import { createClaimStore } from './claims.ts';
import { createServerClock } from './clock.ts';
import { createConditionFacts } from './condition-facts.ts';
import { createEntitlementStore } from './entitlements.ts';
import { createEventStats } from './event-stats.ts';
import { createEventStore } from './events.ts';
import { createMailbox } from './mailbox.ts';
import { createOperationStore } from './operations.ts';
import { createProgressStore } from './progress.ts';
import { createProviderLimitStore } from './provider-limits.ts';
import { createReconciliationStore } from './reconciliations.ts';
import { createRefreshTokenStore } from './refresh-tokens.ts';
import { createStockStore } from './stock.ts';
import { createUserStore } from './users.ts';

export type Store = Awaited<ReturnType<typeof openStore>>;

/**
 * The stores, once every index exists: nothing may be accepted before, as identity, entitlements
 * and holds rest on unique ones.
 */
export async function openStore(
  connection: Connection,
  now: () => Date = () => new Date(),
  activityRules?: ActivityRules,
) {
  const stock = createStockStore(connection, createServerClock(connection));
  const store = {
    auditLog: createAuditLog(connection, now),
    users: createUserStore(connection),
    refreshTokens: createRefreshTokenStore(connection),
    events: createEventStore(connection, now),
    eventStats: createEventStats(connection, stock, now),
    stock,
    claims: createClaimStore(connection, now),
    conditionFacts: createConditionFacts(connection),
    entitlements: createEntitlementStore(connection),
    mailbox: createMailbox(connection, now),
    operations: createOperationStore(connection, now),
    providerLimits: createProviderLimitStore(connection),
    reconciliations: createReconciliationStore(connection),
    progress: createProgressStore(connection, activityRules, now),
  };
  await Promise.all(Object.values(connection.models).map((model) => model.createIndexes()));
  await store.auditLog.open();
  await store.progress.open();
  return store;
}
