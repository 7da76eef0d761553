/** An event's shape and the rules on its status and windows. */
import type { RewardKind } from '../claims/claim.ts';
import type { Condition } from '../conditions/condition.ts';
import type { FieldError } from '../errors.ts';
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
  /** The play window: what players do from `startsAt` until before `endsAt` counts. */
  startsAt: Date;
  endsAt: Date;
  /** Where the claim window ends, if not with the play window; see `claimableUntil`. */
  claimUntil: Date | null;
  /** An active event is hidden from players until this moment; null where it never was. */
  listedFrom: Date | null;
  period: Period;
  claimsPerPeriod: number;
  /** A player's grants over all periods; null for no limit. */
  claimsTotal: number | null;
  /** A player has one grant among all events that name the same group; null for none. */
  exclusiveGroup: string | null;
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

/** Claims are taken until before this moment: `claimUntil` where it is set, else `endsAt`. */
export function claimableUntil({ claimUntil, endsAt }: ClaimWindow): Date {
  return claimUntil ?? endsAt;
}

type ClaimWindow = Pick<EventFields, 'claimUntil' | 'endsAt'>;

/**
 * The moment that a claim made at `at` is judged in: `at` itself while the event is played. In the
 * grace after it, the last moment of the play window, as grace collects what was earned before.
 */
export function playMoment({ endsAt }: Pick<EventFields, 'endsAt'>, at: Date): Date {
  return at < endsAt ? at : new Date(endsAt.getTime() - 1);
}

/** Whether there is such an event for players: no draft, and listed. */
export function isShownAt(
  { status, listedFrom }: Pick<EventFields, 'listedFrom'> & { status: EventStatus },
  at: Date,
): boolean {
  return status !== 'DRAFT' && (listedFrom === null || listedFrom <= at);
}

/** Whether an event takes a new claim at this moment, from whoever is shown it. */
export function isOpenAt(
  event: ClaimWindow & { status: EventStatus; startsAt: Date },
  at: Date,
): boolean {
  return event.status === 'ACTIVE' && event.startsAt <= at && at < claimableUntil(event);
}

/**
 * What does not fit together in an event whose fields are each well-formed by themselves: the order
 * of its windows, rewards with one ID, a stock too small for a single claim. Empty where all fits.
 * @param before the event as it was; where two fields do not fit, the one that changed is named
 */
export function inconsistencies(fields: EventFields, before?: EventFields): FieldError[] {
  return [...windowErrors(fields, before), ...rewardErrors(fields.rewards)];
}

type Moment = 'startsAt' | 'endsAt' | 'claimUntil' | 'listedFrom';

function windowErrors(fields: EventFields, before: EventFields | undefined): FieldError[] {
  const { startsAt, endsAt, claimUntil, listedFrom } = fields;
  const isChanged = (name: Moment) => before?.[name]?.getTime() !== fields[name]?.getTime();
  /** The later field of the pair is named, unless only the other one was sent. */
  const error = (of: Moment[], message: string): FieldError => {
    return { pointer: `/${of.find(isChanged) ?? of[0]}`, message };
  };
  const errors: FieldError[] = [];
  if (endsAt <= startsAt) {
    errors.push(error(['endsAt', 'startsAt'], 'endsAt must be later than startsAt'));
  }
  if (claimUntil !== null && claimUntil < endsAt) {
    const message = 'claimUntil must not be earlier than endsAt';
    errors.push(error(['claimUntil', 'endsAt'], message));
  }
  if (listedFrom !== null && claimableUntil(fields) <= listedFrom) {
    const message = 'listedFrom must be earlier than the end of the claim window';
    errors.push(error(['listedFrom', 'claimUntil', 'endsAt'], message));
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
