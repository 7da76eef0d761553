/** A condition as a claim keeps it, and the explanation for a player who does not meet it. */
import { claimableUntil, type EventFields, playMoment } from '../events/event.ts';
import { type DayStart, dayStartOf, periodBounds, periodKey } from '../events/period.ts';
import type { Condition, Explained } from './condition.ts';
import { chainedEvents, type Judgement, providersOf } from './condition-facts.ts';

/** An event's condition as of the claim's acceptance, with what is needed to judge it. */
export interface PinnedCondition extends DayStart {
  tree: Condition;
  /** The IDs of the other events that the tree names. */
  chained: string[];
  /** The names of the providers that the tree asks. */
  providers: string[];
  period: ClaimPeriod;
}

/** The period that a claim is in. */
interface ClaimPeriod {
  key: string;
  /** Null for `ONCE`, which has no bounds. */
  startsAt: Date | null;
  /** When the next period begins; null for `ONCE` and for the last period of the play window. */
  endsAt: Date | null;
}

/** The play window, and the end of the claim window. */
export interface EventWindow {
  startsAt: Date;
  endsAt: Date;
  claimableUntil: Date;
}

/** How many units of one reward are left; null if it is unlimited. */
export interface RewardLeft {
  rewardId: string;
  available: number | null;
}

/** What is shown with a condition: the event's windows, the claim's period, the rewards left. */
export interface Surroundings {
  window: EventWindow;
  period: ClaimPeriod;
  rewards: RewardLeft[];
}

/** Why a condition is met or not: the tree with the player's numbers, and what is shown with it. */
export interface Explanation extends Surroundings {
  condition: Explained;
  /** The moment for which it was judged: the claim's acceptance. */
  judgedFor: Date;
}

/** The fields of an event by which its condition is judged. */
export type ConditionedEvent = Pick<
  EventFields,
  'condition' | 'startsAt' | 'endsAt' | 'claimUntil' | 'period'
>;

/**
 * The period of a claim accepted at that moment. In the grace it is the last of the play window.
 */
export function claimPeriod({ period, endsAt }: ConditionedEvent, acceptedAt: Date): ClaimPeriod {
  const at = playMoment({ endsAt }, acceptedAt);
  const bounds = periodBounds(period, at);
  return {
    key: periodKey(period, at),
    startsAt: bounds?.start ?? null,
    endsAt: bounds && bounds.end < endsAt ? bounds.end : null,
  };
}

/** An event's windows as they are now. */
export function windowOf(event: ConditionedEvent): EventWindow {
  const { startsAt, endsAt } = event;
  return { startsAt, endsAt, claimableUntil: claimableUntil(event) };
}

/** The event's condition for a claim accepted at that moment; null if it has none. */
export function pinCondition(event: ConditionedEvent, acceptedAt: Date): PinnedCondition | null {
  const { condition: tree, period } = event;
  if (tree === null) return null;
  return {
    tree,
    chained: chainedEvents(tree),
    providers: providersOf(tree),
    ...dayStartOf(period),
    period: claimPeriod(event, acceptedAt),
  };
}

/** The moment and the windows for judging a claim's condition. */
export function judgementOf(pinned: PinnedCondition, window: EventWindow, at: Date): Judgement {
  const { startsAt } = window;
  return {
    at,
    playedUntil: playMoment(window, at),
    startsAt,
    // A `ONCE` event has no period, and the first period of another event may begin before the
    // event.
    periodStartsAt: new Date(Math.max(startsAt.getTime(), pinned.period.startsAt?.getTime() ?? 0)),
    ...dayStartOf(pinned),
  };
}

/** What is shown with an event's condition at that moment. */
export function surroundingsOf(
  event: ConditionedEvent,
  at: Date,
  rewards: RewardLeft[],
): Surroundings {
  return { window: windowOf(event), period: claimPeriod(event, at), rewards };
}
