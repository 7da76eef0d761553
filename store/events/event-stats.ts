/** The numbers of an event: its rewards' units, and its claims by state. */
import type { Connection } from 'mongoose';
import type { ClaimState } from '../../domain/claims/claim.ts';
import { type ClaimCount, createClaimCounts } from '../claims/claim-counts.ts';
import { BY_EVENT, BY_REASON, type Claim } from '../claims/claim-record.ts';
import type { StockLevels, StockStore } from '../stock/stock.ts';
import type { StoredEvent } from './events.ts';

/** A reward's units. `stock` and `available` are null where the reward is unlimited. */
interface RewardStats extends Omit<StockLevels, 'stock' | 'available'> {
  stock: number | null;
  available: number | null;
}

export interface EventStats {
  rewards: RewardStats[];
  /** How many claims are in each state. States without claims are left out. */
  claims: { [S in ClaimState]?: number };
}

/** The states of open claims in which some lines may be granted and others not. */
const PARTLY_GRANTED: readonly ClaimState[] = ['FULFILLING', 'COMPENSATING', 'NEEDS_ATTENTION'];

export type EventStatsStore = ReturnType<typeof createEventStats>;

/** @param stock where the levels of limited rewards are read */
export function createEventStats(
  connection: Connection,
  stock: Pick<StockStore, 'levels'>,
  now: () => Date = () => new Date(),
) {
  const claimCounts = createClaimCounts(connection, now);
  const claims = connection.collection<Claim>('claims');

  /** How many lines of those claims are granted, by reward. */
  async function countGrants(of: object, hint: string): Promise<Map<string, number>> {
    const stages = [
      { $match: { ...of, 'lines.state': 'GRANTED' } },
      { $unwind: '$lines' },
      { $match: { 'lines.state': 'GRANTED' } },
      { $group: { _id: '$lines.lineId', count: { $sum: 1 } } },
    ];
    // Without the hint MongoDB may walk through all granted claims.
    const found = claims.aggregate<{ _id: string; count: number }>(stages, { hint });
    return new Map((await found.toArray()).map(({ _id, count }) => [_id, count]));
  }

  /** Granted lines of claims that are not `GRANTED`; there are few such claims. */
  async function countStrayGrants(eventId: string): Promise<(rewardId: string) => number> {
    const isKept = [{ reason: 'COMPENSATION_FAILED' }, { reason: { $type: 'string' } }];
    const [open, ended] = await Promise.all([
      countGrants({ eventId, state: { $in: PARTLY_GRANTED } }, BY_EVENT),
      countGrants({ eventId, state: 'FAILED', $and: isKept }, BY_REASON),
    ]);
    return (rewardId) => (open.get(rewardId) ?? 0) + (ended.get(rewardId) ?? 0);
  }

  return {
    /**
     * The levels of every reward, in the event's order, and its claims by state. Units of a reward
     * without a stock are not counted one by one: its `granted` is the units of its granted lines.
     */
    async of(event: StoredEvent): Promise<EventStats> {
      const { eventId, rewards } = event;
      const [levels, counts, strays] = await Promise.all([
        stock.levels(eventId),
        claimCounts.of(eventId),
        countStrayGrants(eventId),
      ]);
      const granted = (rewardId: string) =>
        sum(counts.filter((c) => c.state === 'GRANTED' && [null, rewardId].includes(c.rewardId))) +
        strays(rewardId);
      return {
        rewards: rewards.map(({ rewardId, quantity }) => {
          const own = levels.find((b) => b.rewardId === rewardId);
          if (own) return own;
          const units = granted(rewardId) * quantity;
          return { rewardId, stock: null, available: null, held: 0, granted: units };
        }),
        claims: byState(counts),
      };
    },
  };
}

function sum(counts: readonly ClaimCount[]): number {
  return counts.reduce((total, { count }) => total + count, 0);
}

function byState(counts: readonly ClaimCount[]): EventStats['claims'] {
  const totals: EventStats['claims'] = {};
  for (const { state, count } of counts) totals[state] = (totals[state] ?? 0) + count;
  return totals;
}
