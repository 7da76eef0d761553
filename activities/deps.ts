/** What activities are given, so that they can be run against any store, provider or clock. */
import type { FulfillmentProvider } from '../domain/claims/fulfillment.ts';
import type { GameDataProvider } from '../domain/conditions/game-data.ts';
import type { Gauges } from '../domain/conditions/metrics.ts';
import type { ProgressReader } from '../domain/conditions/progress.ts';
import type { UserStatus } from '../domain/user.ts';
import type { CallLimiter } from '../providers/call-limiter.ts';
import type { Pace } from '../providers/pace.ts';
import type { ClaimStore } from '../store/claims/claims.ts';
import type { ConditionFacts } from '../store/player-events/condition-facts.ts';
import type { StockStore } from '../store/stock/stock.ts';
import type { FulfillmentPolicy } from '../workflows/contract.ts';

export interface ActivityDeps {
  claims: ClaimStore;
  stock: StockStore;
  /** Always the user's record, never a cache: this is where a ban takes hold. */
  userStatus(userId: string): Promise<UserStatus | null>;
  /** The provider of that name, or undefined where it is no longer configured. */
  provider(name: string): FulfillmentProvider | undefined;
  /** What every call to a provider passes first. */
  callLimiter: CallLimiter;
  /** Which providers are quick enough for a first try. */
  pace: Pick<Pace, 'enter'>;
  conditionFacts: Pick<ConditionFacts, 'ofPlayer'>;
  progress: ProgressReader;
  /** The provider of that name as a source of conditions, or undefined where it is not configured. */
  gameData(name: string): GameDataProvider | undefined;
  gauges: Gauges;
  /** What an error says of our database: it is away, it is there and refuses, or nothing (null). */
  databaseTrouble(error: unknown): 'AWAY' | 'REFUSES' | null;
  policy: FulfillmentPolicy;
  now(): Date;
}
