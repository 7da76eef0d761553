/** Changing an event: the result of a partial update, and what is frozen after the first claim. */
import { isDeepStrictEqual } from 'node:util';
import { DomainError, type FieldError } from '../errors.ts';
import {
  type EventFields,
  type EventStatus,
  inconsistencies,
  isLimitedReward,
  mayMoveEvent,
  type ParkedAfter,
  type Reward,
} from './event.ts';
import { isSameZone, type Period } from './period.ts';

type Partly<T> = { [K in keyof T]?: T[K] | undefined };

/** A reward in an update. Without a `stock` it keeps the one that it has. */
type RewardPatch = Omit<Reward, 'stock'> & { stock?: number | null | undefined };

type Nested = 'period' | 'fulfillment' | 'parkedAfter' | 'rewards';

/**
 * A partial update. A field that is absent stays as it is, also inside `period`, `fulfillment` and
 * `parkedAfter`. `rewards` replaces the whole list.
 */
export interface EventPatch extends Partly<Omit<EventFields, Nested>> {
  period?: Partly<Period> | undefined;
  fulfillment?: Partly<EventFields['fulfillment']> | undefined;
  parkedAfter?: Partly<ParkedAfter> | undefined;
  rewards?: RewardPatch[] | undefined;
  status?: EventStatus | undefined;
}

/** The fields of an event after a partial update. They are not checked yet. */
export function patched(event: EventFields, patch: EventPatch): EventFields {
  return {
    title: patch.title ?? event.title,
    description: patch.description ?? event.description,
    startsAt: patch.startsAt ?? event.startsAt,
    endsAt: patch.endsAt ?? event.endsAt,
    claimUntil: given(patch.claimUntil, event.claimUntil),
    listedFrom: given(patch.listedFrom, event.listedFrom),
    period: {
      kind: patch.period?.kind ?? event.period.kind,
      timeZone: patch.period?.timeZone ?? event.period.timeZone,
      resetHour: patch.period?.resetHour ?? event.period.resetHour,
      resetMinute: patch.period?.resetMinute ?? event.period.resetMinute,
      resetDay: patch.period?.resetDay ?? event.period.resetDay,
    },
    claimsPerPeriod: patch.claimsPerPeriod ?? event.claimsPerPeriod,
    claimsTotal: given(patch.claimsTotal, event.claimsTotal),
    exclusiveGroup: given(patch.exclusiveGroup, event.exclusiveGroup),
    condition: given(patch.condition, event.condition),
    rewardSelection: patch.rewardSelection ?? event.rewardSelection,
    rewards: (patch.rewards ?? event.rewards).map((reward) => withStock(reward, event.rewards)),
    fulfillment: { provider: patch.fulfillment?.provider ?? event.fulfillment.provider },
    parkedAfter: {
      action: patch.parkedAfter?.action ?? event.parkedAfter.action,
      hours: patch.parkedAfter?.hours ?? event.parkedAfter.hours,
    },
  };
}

/** The new value of a field that may be null; the old one if it is absent. */
function given<T>(value: T | undefined, before: T): T {
  return value === undefined ? before : value;
}

function withStock(reward: RewardPatch, before: readonly Reward[]): Reward {
  const { rewardId, kind, name, quantity } = reward;
  const known = before.find((other) => other.rewardId === rewardId);
  const stock = given(reward.stock, known?.stock ?? null);
  return { rewardId, kind, name, quantity, stock };
}

/** @throws DomainError `invalid_request` if the fields of an event contradict each other */
export function assertConsistent(fields: EventFields, before?: EventFields): void {
  const errors = inconsistencies(fields, before);
  if (errors.length === 0) return;
  const detail = 'The event does not fit together. See `errors`.';
  throw new DomainError('invalid_request', detail, { errors });
}

/**
 * Checks a change of an event.
 * @throws DomainError `invalid_request` if fields contradict each other, `invalid_transition` for
 *   the status, `conflict` for a frozen field
 */
export function assertMayBecome(
  before: EventFields & { status: EventStatus; claimed: boolean },
  fields: EventFields,
  status: EventStatus,
): void {
  assertConsistent(fields, before);
  if (!mayMoveEvent(before.status, status)) {
    const detail = `An event cannot go from ${before.status} to ${status}.`;
    throw new DomainError('invalid_transition', detail);
  }
  const errors = before.claimed ? frozenChanges(before, fields) : [];
  if (errors.length === 0) return;
  const names = errors.map(({ pointer }) => pointer.slice(1).replace('/', '.')).join(', ');
  const detail = `Since its first claim these are frozen: ${names}.`;
  throw new DomainError('conflict', detail, { errors });
}

/**
 * The changed fields that are frozen after an event's first claim; empty if there are none. The
 * names of rewards, their order and the size of a stock may change.
 */
export function frozenChanges(before: EventFields, after: EventFields): FieldError[] {
  const changed: { readonly [pointer: string]: boolean } = {
    // Progress counts from the start. With another start, other player events would count.
    '/startsAt': before.startsAt.getTime() !== after.startsAt.getTime(),
    '/rewards': !sameSet(before.rewards.map(identity), after.rewards.map(identity)),
    '/rewardSelection': before.rewardSelection !== after.rewardSelection,
    '/period': !samePeriod(before.period, after.period),
    '/claimsPerPeriod': before.claimsPerPeriod !== after.claimsPerPeriod,
    '/claimsTotal': before.claimsTotal !== after.claimsTotal,
    '/exclusiveGroup': before.exclusiveGroup !== after.exclusiveGroup,
    '/condition': !isDeepStrictEqual(before.condition, after.condition),
    '/fulfillment/provider': before.fulfillment.provider !== after.fulfillment.provider,
  };
  const message = 'This is frozen since the first claim';
  return Object.entries(changed).flatMap(([pointer, is]) => (is ? [{ pointer, message }] : []));
}

/**
 * What must not change of a reward. Also whether it is limited: units that were given while it was
 * unlimited were not counted.
 */
function identity(reward: Reward): string {
  const { rewardId, kind, quantity } = reward;
  return `${rewardId} ${kind} ${quantity} ${isLimitedReward(reward) ? 'limited' : 'unlimited'}`;
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item));
}

function samePeriod(a: Period, b: Period): boolean {
  const { timeZone } = a;
  return isSameZone(timeZone, b.timeZone) && isDeepStrictEqual(a, { ...b, timeZone });
}
