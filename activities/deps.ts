/** What activities depend on: tests give them another store, provider or clock. */
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

/** What activities need to know of a player. */
export interface Player {
  status: UserStatus;
  /** For providers: the ID that a trusted issuer knows the player by; null for all others. */
  externalId: string | null;
}

export interface ActivityDeps {
  claims: ClaimStore;
  stock: StockStore;
  /** The player; null if there is no such user. Never from a cache: a ban must take effect. */
  player(userId: string): Promise<Player | null>;
  /** The provider with that name; undefined if it is not configured any more. */
  provider(name: string): FulfillmentProvider | undefined;
  /** Holds each provider's limit. Every call to a provider goes through it. */
  callLimiter: CallLimiter;
  /** Knows which providers are quick enough for a first try. */
  pace: Pick<Pace, 'enter'>;
  conditionFacts: Pick<ConditionFacts, 'ofPlayer'>;
  progress: ProgressReader;
  /** The provider with that name, as a source of game data; undefined if it is not configured. */
  gameData(name: string): GameDataProvider | undefined;
  gauges: Gauges;
  /** Whether an error means that our database is away, or that it refuses; null if neither. */
  databaseTrouble(error: unknown): 'AWAY' | 'REFUSES' | null;
  policy: FulfillmentPolicy;
  now(): Date;
}
