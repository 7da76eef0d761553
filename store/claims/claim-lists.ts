/** Lists of claims, page by page. */
import type { Model } from 'mongoose';
import { CLAIM_STATES, type ClaimState, type Reason } from '../../domain/claims/claim.ts';
import { type Found, findBounded, named } from '../mongodb/bounded-find.ts';
import { after, inTime, type Position } from '../mongodb/cursor.ts';
import {
  BY_EVENT,
  BY_GRANT,
  BY_GRANT_OF_EVENT,
  BY_KEY,
  BY_PLAYER,
  BY_REASON,
  BY_STATE,
  type Claim,
} from './claim-record.ts';

/** Claims that match every given field. */
export interface ClaimFilter {
  userId?: string | undefined;
  eventId?: string | undefined;
  state?: ClaimState | undefined;
  reason?: Reason | undefined;
  provider?: string | undefined;
  /** Claims with a line of this reward. */
  rewardId?: string | undefined;
  periodKey?: string | undefined;
  idempotencyKey?: string | undefined;
  /** Created at or after this time. */
  since?: Date | undefined;
  /** Created before this time. */
  until?: Date | undefined;
}

/** Claims with a granted line that match every given field. The times are of that line's grant. */
export type GrantFilter = Pick<ClaimFilter, 'userId' | 'eventId' | 'since' | 'until'>;

/** How far the clocks of two workers may differ, in milliseconds; generous. */
const CLOCK_SKEW_MS = 5 * 60_000;

const NEWEST = { createdAt: -1, _id: -1 } as const;

/**
 * Divides a filter into the part that an index serves and the rest. The most selective field goes
 * first: the claims of a player or a key are few.
 */
export function split({ since, until, ...filter }: ClaimFilter) {
  const { userId, idempotencyKey, eventId, state, reason, provider, rewardId, ...others } = filter;
  const times = inTime('createdAt', { since, until });
  const places = { 'snapshot.provider': provider, 'lines.lineId': rewardId };
  const more = { idempotencyKey, reason, ...places, ...others };
  const isOfReason = { $and: [{ reason }, { reason: { $type: 'string' } }] };
  const by = (hint: string, first: object, rest: object) => {
    return { hint, range: [first, ...times], rest: named(rest) };
  };
  if (userId !== undefined) return by(BY_PLAYER, { userId }, { eventId, state, ...more });
  if (idempotencyKey !== undefined) {
    return by(BY_KEY, { idempotencyKey }, { ...more, idempotencyKey: undefined, eventId, state });
  }
  // Both indexes below have the state before the time, so without one all are named.
  const states = state ?? { $in: [...CLAIM_STATES] };
  if (eventId !== undefined) return by(BY_EVENT, { eventId, state: states }, more);
  // The filter repeats the partial index's own: MongoDB does not use the index otherwise.
  const isForReason = state === undefined && reason !== undefined;
  if (isForReason) return by(BY_REASON, isOfReason, { ...more, reason: undefined });
  return by(BY_STATE, { state: states }, more);
}

/** @param model the claims' collection */
export function createClaimLists(model: Model<Claim>) {
  return {
    /** A page of claims, newest first. */
    async page(
      filter: ClaimFilter,
      from: Position | undefined,
      limit: number,
    ): Promise<Found<Claim>> {
      const { range, ...question } = split(filter);
      const next = { $and: [...range, after('createdAt', from)] };
      return await findBounded(model, { ...question, range: next, sort: NEWEST, limit });
    },

    /** A page of claims that ended with a granted line, the latest end first. */
    async pageWithGrants(
      { userId, eventId, since, until }: GrantFilter,
      from: Position | undefined,
      limit: number,
    ): Promise<Found<Claim>> {
      const grantedAt = { ...(since && { $gte: since }), ...(until && { $lt: until }) };
      const line = { state: 'GRANTED', grantedAt };
      const range = {
        'lines.state': 'GRANTED',
        ...(userId !== undefined ? { userId } : named({ eventId })),
        $and: [
          { endedAt: { $type: 'date' } },
          // A line is granted before its claim ends. By two workers' clocks it may look later.
          ...(since ? [{ endedAt: { $gte: new Date(since.getTime() - CLOCK_SKEW_MS) } }] : []),
          after('endedAt', from),
        ],
      };
      const rest = {
        ...(userId !== undefined && named({ eventId })),
        ...((since || until) && { lines: { $elemMatch: line } }),
      };
      const sort = { endedAt: -1, _id: -1 } as const;
      // One player's claims are few, and the server sorts them. Other indexes have the order.
      const hint =
        userId !== undefined ? BY_PLAYER : eventId !== undefined ? BY_GRANT_OF_EVENT : BY_GRANT;
      return await findBounded(model, { range, rest, sort, hint, limit });
    },
  };
}
