/** A condition pinned to a claim, and the answer to a player whom it keeps out. */

import { claimableUntil, type EventFields, playMoment } from '../events/event.ts';
import { type DayStart, periodBounds, periodKey } from '../events/period.ts';
import type { Condition, Explained } from './condition.ts';
import { chainedEvents, type Judgement, providersOf } from './condition-facts.ts';

/** A condition with what else of its event it is judged by, as it stood when the claim was accepted. */
export interface PinnedCondition extends DayStart {
  tree: Condition;
  /** The other events that the tree asks about. */
  chained: string[];
  /** The providers that it asks. */
  providers: string[];
  period: ClaimPeriod;
}

/** The period that a claim is in. */
interface ClaimPeriod {
  key: string;
  /** Null for `ONCE`, which has no bounds. */
  startsAt: Date | null;
  /** When the next one begins; null where none does: for `ONCE`, and the last of the play window. */
  endsAt: Date | null;
}

/** The play window, and the end of the claim window. */
export interface EventWindow {
  startsAt: Date;
  endsAt: Date;
  claimableUntil: Date;
}

/** What is left of one reward; null where it is unlimited. */
export interface RewardLeft {
  rewardId: string;
  available: number | null;
}

/** What is around a condition: the event's windows, the period of the claim, what is left. */
export interface Surroundings {
  window: EventWindow;
  period: ClaimPeriod;
  rewards: RewardLeft[];
}

/** The tree with what the player had, and the windows around it. */
export interface Explanation extends Surroundings {
  condition: Explained;
  /** The moment it was judged for: the claim's acceptance. */
  judgedFor: Date;
}

/** The part of an event that its condition depends on. */
type ConditionedEvent = Pick<
  EventFields,
  'condition' | 'startsAt' | 'endsAt' | 'claimUntil' | 'period'
>;

/** The period of a claim accepted at that moment: in the grace, the last one of the play window. */
export function claimPeriod({ period, endsAt }: ConditionedEvent, acceptedAt: Date): ClaimPeriod {
  const at = playMoment({ endsAt }, acceptedAt);
  const bounds = periodBounds(period, at);
  return {
    key: periodKey(period, at),
    startsAt: bounds?.start ?? null,
    endsAt: bounds && bounds.end < endsAt ? bounds.end : null,
  };
}

/** The windows of an event as they stand. */
export function windowOf(event: ConditionedEvent): EventWindow {
  const { startsAt, endsAt } = event;
  return { startsAt, endsAt, claimableUntil: claimableUntil(event) };
}

/** What of the event's condition a claim accepted now is judged by; null where there is none. */
export function pinCondition(event: ConditionedEvent, acceptedAt: Date): PinnedCondition | null {
  const { condition: tree, period } = event;
  if (tree === null) return null;
  return {
    tree,
    chained: chainedEvents(tree),
    providers: providersOf(tree),
    timeZone: period.timeZone,
    resetHour: period.resetHour,
    resetMinute: period.resetMinute,
    period: claimPeriod(event, acceptedAt),
  };
}

/** The moment and the windows to judge a pinned condition in. */
export function judgementOf(pinned: PinnedCondition, window: EventWindow, at: Date): Judgement {
  const { timeZone, resetHour, resetMinute, period } = pinned;
  const { startsAt } = window;
  return {
    at,
    playedUntil: playMoment(window, at),
    startsAt,
    // The one period of a `ONCE` event is the event, and the first of any begins with it.
    periodStartsAt: new Date(Math.max(startsAt.getTime(), period.startsAt?.getTime() ?? 0)),
    timeZone,
    resetHour,
    resetMinute,
  };
}

/** What is around an event's condition at a moment. */
export function surroundingsOf(
  event: ConditionedEvent,
  at: Date,
  rewards: RewardLeft[],
): Surroundings {
  return { window: windowOf(event), period: claimPeriod(event, at), rewards };
}
