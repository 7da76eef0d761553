/** A condition pinned to a claim, and the answer to a player whom it keeps out. */
import type { Condition, Explained } from './condition.ts';
import { chainedEvents, type Judgement, providersOf } from './condition-facts.ts';
import { type Period, periodBounds, periodKey } from './period.ts';

/** A condition with what else of its event it is judged by, as it stood when the claim was accepted. */
export interface PinnedCondition {
  tree: Condition;
  /** The other events that the tree asks about. */
  chained: string[];
  /** The providers that it asks. */
  providers: string[];
  timeZone: string;
  resetHour: number;
  periodStartsAt: Date;
  /** When the period turns over; null for `ONCE`, which does not. */
  periodEndsAt: Date | null;
}

/** What is left of one reward; null where it is unlimited. */
export interface RewardLeft {
  rewardId: string;
  available: number | null;
}

/** The windows around a condition: when the event is open, when its period turns over, what is left. */
export interface Surroundings {
  window: { startsAt: Date; claimUntil: Date };
  /** Without bounds for `ONCE`. */
  period: { key: string; startsAt: Date | null; endsAt: Date | null };
  rewards: RewardLeft[];
}

/** The tree with what the player had, and the windows around it. */
export interface Explanation extends Surroundings {
  condition: Explained;
  /** The moment it was judged for: the claim's acceptance. */
  judgedFor: Date;
}

/** The part of an event that its condition depends on. */
export interface ConditionedEvent {
  condition: Condition | null;
  startsAt: Date;
  claimUntil: Date;
  period: Period;
}

/** What of the event's condition a claim accepted now is judged by; null where there is none. */
export function pinCondition(event: ConditionedEvent, acceptedAt: Date): PinnedCondition | null {
  const { condition: tree, startsAt, period } = event;
  if (tree === null) return null;
  const bounds = periodBounds(period, acceptedAt);
  return {
    tree,
    chained: chainedEvents(tree),
    providers: providersOf(tree),
    timeZone: period.timeZone,
    resetHour: period.resetHour,
    // The one period of a `ONCE` event is the event.
    periodStartsAt: bounds?.start ?? startsAt,
    periodEndsAt: bounds?.end ?? null,
  };
}

/** The moment and the windows to judge a pinned condition in. */
export function judgementOf(pinned: PinnedCondition, startsAt: Date, at: Date): Judgement {
  const { timeZone, resetHour, periodStartsAt } = pinned;
  return { at, startsAt, periodStartsAt, timeZone, resetHour };
}

/** The windows around an event at a moment. */
export function surroundingsOf(
  event: ConditionedEvent,
  at: Date,
  rewards: RewardLeft[],
): Surroundings {
  const { startsAt, claimUntil, period } = event;
  const bounds = periodBounds(period, at);
  return {
    window: { startsAt, claimUntil },
    period: {
      key: periodKey(period, at),
      startsAt: bounds?.start ?? null,
      endsAt: bounds?.end ?? null,
    },
    rewards,
  };
}
