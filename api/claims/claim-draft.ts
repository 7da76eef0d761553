/** The pure part of accepting a claim: what would be recorded of it, and what refuses it. */

import { wantedEntitlements } from '../../domain/claims/entitlements.ts';
import { isLimited } from '../../domain/claims/holds.ts';
import { REFUSAL_ORDER, type RefusalReason } from '../../domain/claims/refusal-order.ts';
import { claimPeriod, pinCondition, windowOf } from '../../domain/conditions/explanation.ts';
import { DomainError } from '../../domain/errors.ts';
import { isOpenAt, isShownAt } from '../../domain/events/event.ts';
import type { Claim, NewClaim } from '../../store/claims/claim-record.ts';
import type { StoredEvent, StoredReward } from '../../store/events/events.ts';
import type { RewardUnits } from '../../store/stock/stock.ts';
import type { User } from '../../store/users/users.ts';
import { noSuchEvent } from '../not-found.ts';

/** What a player asks for. */
export interface ClaimRequest {
  userId: string;
  eventId: string;
  /** The reward the player chose; null for all of them. */
  rewardId: string | null;
  idempotencyKey: string;
}

/** A draft of a claim, and the event as it was read for it. */
export interface Draft {
  event: StoredEvent;
  claim: NewClaim;
}

/**
 * What will be recorded: all that the claim is judged by to its end, as it stands at `acceptedAt`.
 * @param event null if there is none with this ID
 * @returns the draft, or the refusal `not_found` or `invalid_request`
 */
export function draftOf(
  event: StoredEvent | null,
  request: ClaimRequest,
  acceptedAt: Date,
): Draft | DomainError {
  if (!event || !isShownAt(event, acceptedAt)) return noSuchEvent();
  const rewards = chosenRewards(event, request.rewardId);
  if (rewards instanceof DomainError) return rewards;
  const lines = rewards.map(({ rewardId, kind, name, quantity, buckets }) => {
    return { lineId: rewardId, kind, name, quantity, buckets };
  });
  const { key: periodKey } = claimPeriod(event, acceptedAt);
  const rights = wantedEntitlements(event, periodKey);
  const snapshot = snapshotOf(event, acceptedAt);
  return { event, claim: { ...request, periodKey, rights, acceptedAt, lines, snapshot } };
}

/** The rewards a claim is for; `invalid_request` if it does not fit the selection. */
function chosenRewards(event: StoredEvent, rewardId: string | null): StoredReward[] | DomainError {
  const wrong = (message: string) =>
    new DomainError('invalid_request', 'The body does not fit the event. See `errors`.', {
      errors: [{ pointer: '/rewardId', message }],
    });
  if (event.rewardSelection === 'ALL') {
    if (rewardId === null) return event.rewards;
    return wrong('This event gives all its rewards at once; leave this out.');
  }
  if (rewardId === null) return wrong('This event gives one reward of your choice: name it.');
  const reward = event.rewards.find((r) => r.rewardId === rewardId);
  return reward ? [reward] : wrong('The event has no such reward.');
}

/** What of the event a claim is judged by to its end. */
export function snapshotOf(event: StoredEvent, acceptedAt: Date): Claim['snapshot'] {
  return {
    eventVersion: event.version,
    provider: event.fulfillment.provider,
    ...windowOf(event),
    parkedAfter: event.parkedAfter,
    condition: pinCondition(event, acceptedAt),
  };
}

/** The units that the claim takes of the event's limited rewards. */
export function limitedUnitsOf({ lines }: NewClaim): RewardUnits[] {
  return lines.filter(isLimited).map(({ lineId, quantity }) => ({ rewardId: lineId, quantity }));
}

/** The one that counts, of the refusals that were found; null if there is none. */
export function firstRefusal(
  found: {
    readonly [R in RefusalReason]?: DomainError | null;
  },
): DomainError | null {
  return REFUSAL_ORDER.map((reason) => found[reason]).find((refusal) => refusal) ?? null;
}

/**
 * What refuses a claim whatever the player has had and whatever is left: the player's own record,
 * or the claim window. Null if nothing does.
 */
export function plainRefusal(
  user: Pick<User, 'status'> | null,
  event: StoredEvent,
  acceptedAt: Date,
): DomainError | null {
  return firstRefusal({
    USER_NOT_ACTIVE:
      user?.status === 'ACTIVE'
        ? null
        : new DomainError('user_not_active', 'Your account is not active.'),
    EVENT_NOT_OPEN: isOpenAt(event, acceptedAt)
      ? null
      : new DomainError('event_not_open', 'This event takes no claims now.'),
  });
}
