/** May this player claim now, and why not: what a claim made now would be judged by, as far as known. */
import type { Reason } from '../../domain/claims/claim.ts';
import { wantedEntitlements } from '../../domain/claims/entitlements.ts';
import { ProviderError } from '../../domain/claims/fulfillment.ts';
import { type Condition, type Explained, explain } from '../../domain/conditions/condition.ts';
import { type Account, readFacts } from '../../domain/conditions/condition-facts.ts';
import {
  claimPeriod,
  judgementOf,
  pinCondition,
  type RewardLeft,
  type Surroundings,
  surroundingsOf,
  windowOf,
} from '../../domain/conditions/explanation.ts';
import type { GameData, GameDataProvider } from '../../domain/conditions/game-data.ts';
import type { Gauges } from '../../domain/conditions/metrics.ts';
import type { ProgressReader } from '../../domain/conditions/progress.ts';
import { isOpenAt } from '../../domain/events/event.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import type { StoredEvent } from '../../store/events/events.ts';
import type { ConditionFacts } from '../../store/player-events/condition-facts.ts';
import type { StockStore } from '../../store/stock/stock.ts';

export interface EligibilityDeps {
  store: {
    conditionFacts: Pick<ConditionFacts, 'ofPlayer'>;
    claims: Pick<ClaimStore, 'isUsedUp'>;
    progress: ProgressReader;
    stock: Pick<StockStore, 'books' | 'soldOut'>;
  };
  /** The provider of that name, or undefined where it is not configured. */
  gameData(name: string): GameDataProvider | undefined;
  gauges: Gauges;
}

interface Eligibility extends Surroundings {
  /** Null where it hangs on a provider that has no answer now: a claim would wait for it. */
  eligible: boolean | null;
  /** Everything that would refuse a claim now, in the order in which it would. */
  reasons: Reason[];
  condition: Explained | null;
}

/** What of a limited reward is left, and whether that is enough for one claim more. */
async function stockOf({ store }: EligibilityDeps, event: StoredEvent) {
  const limited = event.rewards.filter((reward) => reward.stock !== null);
  if (limited.length === 0) return { left: event.rewards.map(unlimited), isSoldOut: false };
  const [books, gone] = await Promise.all([
    store.stock.books(event.eventId),
    store.stock.soldOut(event.eventId, limited),
  ]);
  const left = event.rewards.map(({ rewardId, stock }): RewardLeft => {
    const available = books.find((b) => b.rewardId === rewardId)?.available ?? 0;
    return { rewardId, available: stock === null ? null : available };
  });
  const isSoldOut =
    event.rewardSelection === 'ALL' ? gone.length > 0 : gone.length === event.rewards.length;
  return { left, isSoldOut };
}

const unlimited = ({ rewardId }: { rewardId: string }): RewardLeft => {
  return { rewardId, available: null };
};

/** Asks once: where a provider has no answer, that is an answer here. */
async function ask(
  provider: GameDataProvider | undefined,
  userId: string,
  names: string[],
): Promise<GameData | null> {
  try {
    return (await provider?.metrics(userId, names)) ?? null;
  } catch (error) {
    if (error instanceof ProviderError) return null;
    throw error;
  }
}

async function explainFor(
  deps: EligibilityDeps,
  event: StoredEvent & { condition: Condition },
  player: { userId: string; account: Account },
  at: Date,
): Promise<Explained | null> {
  const pinned = pinCondition(event, at);
  if (!pinned) return null;
  const facts = await readFacts(pinned.tree, judgementOf(pinned, windowOf(event), at), {
    ...player,
    gauges: deps.gauges,
    progress: deps.store.progress,
    askProvider: (name, names) => ask(deps.gameData(name), player.userId, names),
  });
  return explain(pinned.tree, facts);
}

async function conditionOf(
  deps: EligibilityDeps,
  event: StoredEvent,
  userId: string,
  at: Date,
): Promise<Explained | null> {
  const { condition } = event;
  if (!condition) return null;
  const account = await deps.store.conditionFacts.ofPlayer(userId, condition);
  return account && (await explainFor(deps, { ...event, condition }, { userId, account }, at));
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
  const refusals: [Reason, boolean][] = [
    ['EVENT_NOT_OPEN', !isOpenAt(event, at)],
    ['ALREADY_CLAIMED', isUsedUp],
    ['CONDITION_NOT_MET', condition?.met === false],
    ['SOLD_OUT', isSoldOut],
  ];
  const reasons = refusals.filter(([, holds]) => holds).map(([reason]) => reason);
  const isOpenQuestion = reasons.length === 0 && condition?.met === null;
  return {
    eligible: isOpenQuestion ? null : reasons.length === 0,
    reasons,
    condition,
    ...surroundingsOf(event, at, left),
  };
}
