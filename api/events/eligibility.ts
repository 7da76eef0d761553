/** Eligibility: may this player claim now, and if not, why not. */

import { type RefusalReason, refusalsAmong } from '../../domain/claims/claim.ts';
import { wantedEntitlements } from '../../domain/claims/entitlements.ts';
import { ProviderError } from '../../domain/claims/fulfillment.ts';
import { type Explained, explain } from '../../domain/conditions/condition.ts';
import { readFacts } from '../../domain/conditions/condition-facts.ts';
import {
  claimPeriod,
  judgementOf,
  pinCondition,
  type RewardLeft,
  type Surroundings,
  surroundingsOf,
  windowOf,
} from '../../domain/conditions/explanation.ts';
import type { AskedPlayer, GameData, GameDataProvider } from '../../domain/conditions/game-data.ts';
import type { Gauges } from '../../domain/conditions/metrics.ts';
import type { ProgressReader } from '../../domain/conditions/progress.ts';
import { isLimitedReward, isOpenAt } from '../../domain/events/event.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import type { StoredEvent } from '../../store/events/events.ts';
import type { ConditionFacts } from '../../store/player-events/condition-facts.ts';
import type { StockStore } from '../../store/stock/stock.ts';

export interface EligibilityDeps {
  store: {
    conditionFacts: Pick<ConditionFacts, 'ofPlayer'>;
    claims: Pick<ClaimStore, 'isUsedUp'>;
    progress: ProgressReader;
    stock: Pick<StockStore, 'levels' | 'soldOut'>;
  };
  /** The provider of that name, or undefined where it is not configured. */
  gameData(name: string): GameDataProvider | undefined;
  gauges: Gauges;
}

interface Eligibility extends Surroundings {
  /** Null if it depends on a provider that does not answer now: a claim would wait for it. */
  eligible: boolean | null;
  /**
   * Everything that would refuse a claim now. The first is what a claim is refused for. One
   * exception: where units are gone, it is refused as `SOLD_OUT` before its condition is judged.
   */
  reasons: RefusalReason[];
  condition: Explained | null;
}

/** What is left of each reward, and whether that is too little for one more claim. */
async function stockOf({ store }: EligibilityDeps, event: StoredEvent) {
  const limited = event.rewards.filter(isLimitedReward);
  const read = () =>
    Promise.all([store.stock.levels(event.eventId), store.stock.soldOut(event.eventId, limited)]);
  const [levels, gone] = limited.length === 0 ? [[], []] : await read();
  const left = event.rewards.map(({ rewardId, stock }): RewardLeft => {
    const available = levels.find((level) => level.rewardId === rewardId)?.available ?? 0;
    return { rewardId, available: stock === null ? null : available };
  });
  const isSoldOut =
    event.rewardSelection === 'ALL' ? gone.length > 0 : gone.length === event.rewards.length;
  return { left, isSoldOut };
}

/** Asks a provider once; null if it is not configured, or does not answer. */
async function ask(
  provider: GameDataProvider | undefined,
  player: AskedPlayer,
  names: string[],
): Promise<GameData | null> {
  try {
    return (await provider?.metrics(player, names)) ?? null;
  } catch (error) {
    if (error instanceof ProviderError) return null;
    throw error;
  }
}

/**
 * The explanation of the event's condition for this player; null without a condition, or if there is
 * no such player.
 */
async function conditionOf(
  deps: EligibilityDeps,
  event: StoredEvent,
  userId: string,
  at: Date,
): Promise<Explained | null> {
  const pinned = pinCondition(event, at);
  const account = pinned && (await deps.store.conditionFacts.ofPlayer(userId, pinned.tree));
  if (!account) return null;
  const player = { userId, externalId: account.externalId };
  const facts = await readFacts(pinned.tree, judgementOf(pinned, windowOf(event), at), {
    userId,
    account,
    gauges: deps.gauges,
    progress: deps.store.progress,
    askProvider: (name, names) => ask(deps.gameData(name), player, names),
  });
  return explain(pinned.tree, facts);
}

/** What a claim of the event by this player would meet at this moment. Changes nothing. */
export async function eligibilityOf(
  deps: EligibilityDeps,
  event: StoredEvent,
  userId: string,
  at: Date,
): Promise<Eligibility> {
  const wanted = wantedEntitlements(event, claimPeriod(event, at).key);
  const [isUsedUp, { left, isSoldOut }, condition] = await Promise.all([
    deps.store.claims.isUsedUp(userId, wanted),
    stockOf(deps, event),
    conditionOf(deps, event, userId, at),
  ]);
  const reasons = refusalsAmong({
    EVENT_NOT_OPEN: !isOpenAt(event, at),
    ALREADY_CLAIMED: isUsedUp,
    CONDITION_NOT_MET: condition?.met === false,
    SOLD_OUT: isSoldOut,
  });
  const isOpenQuestion = reasons.length === 0 && condition?.met === null;
  return {
    eligible: isOpenQuestion ? null : reasons.length === 0,
    reasons,
    condition,
    ...surroundingsOf(event, at, left),
  };
}
