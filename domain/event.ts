/** An event's shape and the rules on its status and windows. */
import type { RewardKind } from './claim.ts';
import type { Condition } from './condition.ts';
import type { FieldError } from './errors.ts';
import type { Period } from './period.ts';

export const EVENT_STATUSES = ['DRAFT', 'ACTIVE', 'PAUSED', 'ENDED'] as const;
export type EventStatus = (typeof EVENT_STATUSES)[number];

export const REWARD_SELECTIONS = ['ALL', 'PLAYER_CHOICE'] as const;
export type RewardSelection = (typeof REWARD_SELECTIONS)[number];

export const PARKED_ACTIONS = ['RETRY', 'ABORT', 'WAIT'] as const;
/** What becomes of a parked claim nobody touched for so many hours; `WAIT` waits on whatever they are. */
export interface ParkedAfter {
  action: (typeof PARKED_ACTIONS)[number];
  hours: number;
}

export interface Reward {
  rewardId: string;
  kind: RewardKind;
  name: string;
  quantity: number;
  /** Units to give in all, null for unlimited. */
  stock: number | null;
}

/** What an operator writes: the event less what the system keeps about it. */
export interface EventFields {
  title: string;
  description: string;
  startsAt: Date;
  endsAt: Date;
  /** Claims are taken from `startsAt` until before this moment. */
  claimUntil: Date;
  period: Period;
  claimsPerPeriod: number;
  /** What a player must have done; null where everybody may claim. */
  condition: Condition | null;
  rewardSelection: RewardSelection;
  rewards: Reward[];
  fulfillment: { provider: string };
  parkedAfter: ParkedAfter;
}

const NEXT_STATUS: { readonly [S in EventStatus]: readonly EventStatus[] } = {
  DRAFT: ['ACTIVE'],
  ACTIVE: ['PAUSED', 'ENDED'],
  PAUSED: ['ACTIVE', 'ENDED'],
  ENDED: [],
};

/** Whether an operator may move an event from one status to the other. Staying is always allowed. */
export function mayMoveEvent(from: EventStatus, to: EventStatus): boolean {
  return from === to || NEXT_STATUS[from].includes(to);
}

/** Whether an event takes a new claim at this moment. */
export function isOpenAt(
  event: { status: EventStatus; startsAt: Date; claimUntil: Date },
  at: Date,
): boolean {
  return event.status === 'ACTIVE' && event.startsAt <= at && at < event.claimUntil;
}

/**
 * What does not fit together in an event whose fields are each well-formed by themselves: the order
 * of its windows, rewards with one ID, a stock too small for a single claim. Empty where all fits.
 */
export function inconsistencies(fields: EventFields): FieldError[] {
  return [...windowErrors(fields), ...rewardErrors(fields.rewards)];
}

function windowErrors({ startsAt, endsAt, claimUntil }: EventFields): FieldError[] {
  const errors: FieldError[] = [];
  if (endsAt <= startsAt) {
    errors.push({ pointer: '/endsAt', message: 'endsAt must be later than startsAt' });
  }
  if (claimUntil < endsAt) {
    errors.push({ pointer: '/claimUntil', message: 'claimUntil must not be earlier than endsAt' });
  }
  return errors;
}

function rewardErrors(rewards: readonly Reward[]): FieldError[] {
  const seen = new Set<string>();
  return rewards.flatMap(({ rewardId, quantity, stock }, i) => {
    const errors: FieldError[] = [];
    if (seen.has(rewardId)) {
      const message = 'Another reward of this event has this ID';
      errors.push({ pointer: `/rewards/${i}/rewardId`, message });
    }
    seen.add(rewardId);
    // Zero is allowed: it sells a reward out.
    if (stock !== null && stock > 0 && stock < quantity) {
      const message = `One claim takes ${quantity}: a smaller stock could never be given`;
      errors.push({ pointer: `/rewards/${i}/stock`, message });
    }
    return errors;
  });
}
