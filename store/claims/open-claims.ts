/** Counts the claims that are not final, for metrics. */
import type { Model } from 'mongoose';
import { CLAIM_STATES, type ClaimState, isFinal, type Reason } from '../../domain/claims/claim.ts';
import { isAnswer, TIME_IS_UP } from '../mongodb/connection.ts';
import { BY_STATE, type Claim } from './claim-record.ts';

/** Open claims that have these fields in common. */
export interface OpenClaims {
  state: ClaimState;
  /** Why they are parked or undone; null in all other states, and where it was not counted. */
  reason: Reason | null;
  /** Their provider; null in states without a reason, and where it was not counted. */
  provider: string | null;
  count: number;
  /** When the oldest of the parked ones was parked; null for others. */
  parkedSince: Date | null;
}

/** States of claims that may have a reason. */
const WITH_REASON: readonly ClaimState[] = ['COMPENSATING', 'NEEDS_ATTENTION'];

const WITHOUT_REASON = CLAIM_STATES.filter((of) => !isFinal(of) && !WITH_REASON.includes(of));

/** How long the database may read claims for their reasons, in milliseconds. */
const WITHIN_MS = 1_500;

/**
 * Counts open claims by state and, where they have one, by reason and provider. Claims without a
 * reason are counted from the index alone, however many of them a flash event brings. Where those
 * with a reason are too many to be read in time, only their states are counted.
 * @param model the claims' collection
 */
export async function countOpenClaims(model: Model<Claim>): Promise<OpenClaims[]> {
  const byState = async (states: readonly ClaimState[]): Promise<OpenClaims[]> => {
    const found = await model.collection
      .aggregate<{ _id: ClaimState; count: number }>(
        [{ $match: { state: { $in: states } } }, { $group: { _id: '$state', count: { $sum: 1 } } }],
        { hint: BY_STATE },
      )
      .toArray();
    const unknown = { reason: null, provider: null, parkedSince: null };
    return found.map(({ _id: state, count }) => ({ state, count, ...unknown }));
  };
  const byReason = async (): Promise<OpenClaims[]> =>
    await model.collection
      .aggregate<OpenClaims>(
        [
          { $match: { state: { $in: WITH_REASON } } },
          {
            $group: {
              _id: { state: '$state', reason: '$reason', provider: '$snapshot.provider' },
              count: { $sum: 1 },
              parkedAt: { $min: '$parking.at' },
            },
          },
          {
            $project: {
              _id: 0,
              state: '$_id.state',
              reason: '$_id.reason',
              provider: '$_id.provider',
              count: 1,
              // A claim that is being undone keeps the record of its last parking.
              parkedSince: {
                $cond: [{ $eq: ['$_id.state', 'NEEDS_ATTENTION'] }, '$parkedAt', null],
              },
            },
          },
        ],
        { hint: BY_STATE, maxTimeMS: WITHIN_MS },
      )
      .toArray();
  const withReason = await byReason().catch(async (error: unknown) => {
    if (isAnswer(error, TIME_IS_UP)) return await byState(WITH_REASON);
    throw error;
  });
  return [...withReason, ...(await byState(WITHOUT_REASON))];
}
