/** An event's fields, and the rules for its status and its windows. */
import type { RewardKind } from '../claims/claim.ts';
import type { Condition } from '../conditions/condition.ts';
import { type FieldError, fieldErrors } from '../errors.ts';
import type { Period } from './period.ts';

export const EVENT_STATUSES = ['DRAFT', 'ACTIVE', 'PAUSED', 'ENDED'] as const;
export type EventStatus = (typeof EVENT_STATUSES)[number];

export const REWARD_SELECTIONS = ['ALL', 'PLAYER_CHOICE'] as const;
export type RewardSelection = (typeof REWARD_SELECTIONS)[number];

export const PARKED_ACTIONS = ['RETRY', 'ABORT', 'WAIT'] as const;
/** What happens to a parked claim without a decision after so many hours. `WAIT`: nothing, ever. */
export interface ParkedAfter {
  action: (typeof PARKED_ACTIONS)[number];
  hours: number;
}

export interface Reward {
  rewardId: string;
  kind: RewardKind;
  name: string;
  quantity: number;
  /** How many units are given in all; null for unlimited. */
  stock: number | null;
}

/** Units of one reward or of its stock at most; far from where sums of units lose precision. */
export const MAX_UNITS = 1_000_000_000;

/** Whether a reward has a limited stock. */
export function isLimitedReward<R extends Pick<Reward, 'stock'>>(
  reward: R,
): reward is R & { stock: number } {
  return reward.stock !== null;
}

/** The fields of an event that an operator writes. */
export interface EventFields {
  title: string;
  description: string;
  /** The play window begins: player events count from `startsAt` until before `endsAt`. */
  startsAt: Date;
  endsAt: Date;
  /** When the claim window ends; null if it ends with the play window. See `claimableUntil`. */
  claimUntil: Date | null;
  /** An active event is hidden from players until this moment; null if it is not. */
  listedFrom: Date | null;
  period: Period;
  claimsPerPeriod: number;
  /** How many claims a player has granted over all periods; null for no limit. */
  claimsTotal: number | null;
  /** A player has one granted claim among all events of the same group; null for no group. */
  exclusiveGroup: string | null;
  /** What a player must have done; null if everybody may claim. */
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

/** Whether an operator may change an event's status in this way. Staying is always allowed. */
export function mayMoveEvent(from: EventStatus, to: EventStatus): boolean {
  return from === to || NEXT_STATUS[from].includes(to);
}

/** Claims are accepted until before this moment: `claimUntil` if it is set, else `endsAt`. */
export function claimableUntil({ claimUntil, endsAt }: ClaimWindow): Date {
  return claimUntil ?? endsAt;
}

type ClaimWindow = Pick<EventFields, 'claimUntil' | 'endsAt'>;

/**
 * The moment for which a claim made at `at` is judged: `at` itself during the play window. In the
 * grace after it, the last millisecond of the play window: the grace is for what was earned before.
 */
export function playMoment({ endsAt }: Pick<EventFields, 'endsAt'>, at: Date): Date {
  return at < endsAt ? at : new Date(endsAt.getTime() - 1);
}

/** Whether players can see the event: it is no draft, and is listed. */
export function isShownAt(
  { status, listedFrom }: Pick<EventFields, 'listedFrom'> & { status: EventStatus },
  at: Date,
): boolean {
  return status !== 'DRAFT' && (listedFrom === null || listedFrom <= at);
}

/** Whether an event accepts new claims at this moment, from players who can see it. */
export function isOpenAt(
  event: ClaimWindow & { status: EventStatus; startsAt: Date },
  at: Date,
): boolean {
  return event.status === 'ACTIVE' && event.startsAt <= at && at < claimableUntil(event);
}

/**
 * The contradictions between an event's fields: the order of its windows, two rewards with one ID,
 * a stock too small for a single claim. Empty if there are none. Each field is expected to be
 * valid.
 * @param before the event before the change; of two fields that contradict, the changed one is
 *   named
 */
export function inconsistencies(fields: EventFields, before?: EventFields): FieldError[] {
  return [...windowErrors(fields, before), ...rewardErrors(fields.rewards)];
}

type Moment = 'startsAt' | 'endsAt' | 'claimUntil' | 'listedFrom';

function windowErrors(fields: EventFields, before: EventFields | undefined): FieldError[] {
  const { startsAt, endsAt, claimUntil, listedFrom } = fields;
  const isChanged = (name: Moment) => before?.[name]?.getTime() !== fields[name]?.getTime();
  /** Names the first field that was changed; the first of all if none was. */
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
  const ids = rewards.map(({ rewardId }) => rewardId);
  return rewards.flatMap(({ rewardId, quantity, stock }, i) => {
    // Zero is allowed: it makes the reward sold out.
    const isTooSmall = stock !== null && stock > 0 && stock < quantity;
    return fieldErrors({
      [`/rewards/${i}/rewardId`]:
        ids.indexOf(rewardId) < i && 'Another reward of this event has this ID',
      [`/rewards/${i}/stock`]:
        isTooSmall && `One claim takes ${quantity}: a smaller stock could never be given`,
    });
  });
}
