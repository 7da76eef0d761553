/** What became of an event's rewards and claims, in numbers. */
import type { Connection } from 'mongoose';
import type { ClaimState } from '../domain/claim.ts';
import type { StoredEvent } from './events.ts';
import type { StockStore } from './stock.ts';

/** A reward's units. `stock` and `available` are null where it is unlimited. */
export interface RewardStats {
  rewardId: string;
  stock: number | null;
  available: number | null;
  held: number;
  granted: number;
}

export interface EventStats {
  rewards: RewardStats[];
  /** How many claims are in each state; states of none are left out. */
  claims: { [S in ClaimState]?: number };
}

/** States in which some lines of a claim may be granted and others not. */
const PARTLY_GRANTED: readonly ClaimState[] = [
  'FULFILLING',
  'COMPENSATING',
  'NEEDS_ATTENTION',
  'FAILED',
];

interface ClaimCount {
  state: ClaimState;
  /** The reward chosen; null where the claims are for all. */
  rewardId: string | null;
  count: number;
}

interface ClaimDocument {
  eventId: string;
  state: ClaimState;
  rewardId: string | null;
  lines: { lineId: string; state: string }[];
}

export type EventStatsStore = ReturnType<typeof createEventStats>;

export function createEventStats(connection: Connection, stock: Pick<StockStore, 'books'>) {
  const claims = connection.collection<ClaimDocument>('claims');

  async function countClaims(eventId: string): Promise<ClaimCount[]> {
    return await claims
      .aggregate<ClaimCount>([
        { $match: { eventId } },
        {
          $group: { _id: { state: '$state', rewardId: '$rewardId' }, count: { $sum: 1 } },
        },
        { $project: { _id: 0, state: '$_id.state', rewardId: '$_id.rewardId', count: 1 } },
      ])
      .toArray();
  }

  /** Lines granted of claims that are not `GRANTED`, by reward: few, as such claims are. */
  async function countStrayGrants(eventId: string): Promise<Map<string, number>> {
    const found = await claims
      .aggregate<{ _id: string; count: number }>([
        { $match: { eventId, state: { $in: PARTLY_GRANTED }, 'lines.state': 'GRANTED' } },
        { $unwind: '$lines' },
        { $match: { 'lines.state': 'GRANTED' } },
        { $group: { _id: '$lines.lineId', count: { $sum: 1 } } },
      ])
      .toArray();
    return new Map(found.map(({ _id, count }) => [_id, count]));
  }

  return {
    /**
     * The books of every reward, in the event's order, and its claims by state. Units of a reward
     * without a stock are not counted one by one: its `granted` is the units of the lines granted.
     */
    async of(event: StoredEvent): Promise<EventStats> {
      const { eventId, rewards } = event;
      const [books, counts, strays] = await Promise.all([
        stock.books(eventId),
        countClaims(eventId),
        countStrayGrants(eventId),
      ]);
      const granted = (rewardId: string) =>
        sum(counts.filter((c) => c.state === 'GRANTED' && [null, rewardId].includes(c.rewardId))) +
        (strays.get(rewardId) ?? 0);
      return {
        rewards: rewards.map(({ rewardId, quantity }) => {
          const own = books.find((b) => b.rewardId === rewardId);
          if (!own) {
            const units = granted(rewardId) * quantity;
            return { rewardId, stock: null, available: null, held: 0, granted: units };
          }
          const { stock, available, held } = own;
          return { rewardId, stock, available, held, granted: own.granted };
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
