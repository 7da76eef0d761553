/** Changing an event: what a partial update makes of it, and what is frozen after its first claim. */
import { isDeepStrictEqual } from 'node:util';
import { DomainError, type FieldError } from '../errors.ts';
import {
  type EventFields,
  type EventStatus,
  inconsistencies,
  mayMoveEvent,
  type ParkedAfter,
  type Reward,
} from './event.ts';
import { isSameZone, type Period } from './period.ts';

type Partly<T> = { [K in keyof T]?: T[K] | undefined };

/** A reward as an update names it. */
type RewardPatch = Omit<Reward, 'stock'> & { stock?: number | null | undefined };

type Nested = 'period' | 'fulfillment' | 'parkedAfter' | 'rewards';

/**
 * A partial update. What is left out stays as it is, inside `period`, `fulfillment` and
 * `parkedAfter` too. `rewards` replaces the list; a reward that was in it before and comes without
 * a `stock` keeps the one it has.
 */
export interface EventPatch extends Partly<Omit<EventFields, Nested>> {
  period?: Partly<Period> | undefined;
  fulfillment?: Partly<EventFields['fulfillment']> | undefined;
  parkedAfter?: Partly<ParkedAfter> | undefined;
  rewards?: RewardPatch[] | undefined;
  status?: EventStatus | undefined;
}

/** The fields of an event after a partial update, not yet checked against each other. */
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

/** Of a field that may be null: only what is left out stays. */
function given<T>(value: T | undefined, before: T): T {
  return value === undefined ? before : value;
}

function withStock(reward: RewardPatch, before: readonly Reward[]): Reward {
  const { rewardId, kind, name, quantity } = reward;
  const known = before.find((other) => other.rewardId === rewardId);
  const stock = given(reward.stock, known?.stock ?? null);
  return { rewardId, kind, name, quantity, stock };
}

/** @throws DomainError `invalid_request` where the fields of an event do not fit together */
export function assertConsistent(fields: EventFields, before?: EventFields): void {
  const errors = inconsistencies(fields, before);
  if (errors.length === 0) return;
  const detail = 'The event does not fit together. See `errors`.';
  throw new DomainError('invalid_request', detail, { errors });
}

/**
 * @throws DomainError where an event may not become what a change makes of it: `invalid_request`
 *   for fields that do not fit together, `invalid_transition`, `conflict` for what is frozen
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
  throw new DomainError('conflict', `Since its first claim these are frozen: ${names}.`, {
    errors,
  });
}

/**
 * What of a change touches fields that are frozen once an event has had its first claim. The names
 * of rewards, their order and the amount of a stock may change; empty where nothing else does.
 */
export function frozenChanges(before: EventFields, after: EventFields): FieldError[] {
  const changed: { readonly [pointer: string]: boolean } = {
    // A claim is made after the start: to move it then would move what has been counted.
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

/** Whether a reward has a stock belongs to it: units given without one were never counted. */
function identity({ rewardId, kind, quantity, stock }: Reward): string {
  return `${rewardId} ${kind} ${quantity} ${stock === null ? 'unlimited' : 'limited'}`;
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item));
}

function samePeriod(a: Period, b: Period): boolean {
  const { timeZone } = a;
  return isSameZone(timeZone, b.timeZone) && isDeepStrictEqual(a, { ...b, timeZone });
}
