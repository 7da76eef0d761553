/**
 * The collection `claim_counts`: how many claims of an event are in each state, of those that are
 * final for good. Only newer claims are counted again. So an event's numbers cost the same after a
 * million claims as on its first day.
 */
import type { Connection } from 'mongoose';
import { CLAIM_STATES, type ClaimState, isFinal } from '../../domain/claims/claim.ts';
import { DAY_MS, dayOf } from '../../domain/conditions/player-event.ts';
import { isDuplicateKey } from '../mongodb/connection.ts';
import { BY_EVENT } from './claim-record.ts';

export interface ClaimCount {
  state: ClaimState;
  /** The reward that the player chose; null where the claims are for all rewards. */
  rewardId: string | null;
  count: number;
}

interface Summed {
  /** The event's ID. */
  _id: string;
  /** Claims created before this time are in the counts. All of them are final. */
  until: Date;
  counts: ClaimCount[];
}

/**
 * How long after its end a day's claims are added to the sums, in milliseconds. A record that is
 * written late, or by a slow clock, is there by then.
 */
const SUM_AFTER_MS = DAY_MS;

/** With more newer claims than this, it is checked whether they can be added to the sums. */
const FEW = 20;

const OPEN_STATES = CLAIM_STATES.filter((state) => !isFinal(state));

export type ClaimCounts = ReturnType<typeof createClaimCounts>;

/** The counts, over the collection `claim_counts`. @param now our clock */
export function createClaimCounts(connection: Connection, now: () => Date = () => new Date()) {
  const sums = connection.collection<Summed>('claim_counts');
  const claims = connection.collection<{ eventId: string; state: ClaimState; createdAt: Date }>(
    'claims',
  );

  /**
   * Counts from the keys of one index. All states are named, so that MongoDB goes straight to the
   * time range in each.
   */
  async function count(eventId: string, since: Date, until?: Date): Promise<ClaimCount[]> {
    const createdAt = { $gte: since, ...(until && { $lt: until }) };
    return await claims
      .aggregate<ClaimCount>([
        { $match: { eventId, state: { $in: [...CLAIM_STATES] }, createdAt } },
        { $group: { _id: { state: '$state', rewardId: '$rewardId' }, count: { $sum: 1 } } },
        { $project: { _id: 0, state: '$_id.state', rewardId: '$_id.rewardId', count: 1 } },
      ])
      .toArray();
  }

  /** When the first of the event's claims in those states was created since then; null for none. */
  async function first(
    eventId: string,
    since: Date,
    states: readonly ClaimState[],
  ): Promise<Date | null> {
    const found = await claims.findOne(
      { eventId, state: { $in: [...states] }, createdAt: { $gte: since } },
      // Without the hint MongoDB may walk through the claims of all events.
      { sort: { createdAt: 1 }, hint: BY_EVENT, projection: { _id: 0, createdAt: 1 } },
    );
    return found?.createdAt ?? null;
  }

  /** The time before which all claims are final, and none will be added. */
  async function settledUntil(eventId: string, since: Date): Promise<Date> {
    const over = new Date(dayOf(now().getTime() - SUM_AFTER_MS) * DAY_MS);
    const open = await first(eventId, since, OPEN_STATES);
    return open && open < over ? open : over;
  }

  /** Replaces the old sums by the new ones. False where another process has done so. */
  async function replace(old: Summed, next: Summed): Promise<boolean> {
    try {
      const guard = { _id: next._id, until: old.until };
      const { upsertedCount, matchedCount } = await sums.replaceOne(guard, next, { upsert: true });
      return upsertedCount + matchedCount === 1;
    } catch (error) {
      if (isDuplicateKey(error, sums)) return false;
      throw error;
    }
  }

  async function read(eventId: string): Promise<Summed> {
    return (await sums.findOne({ _id: eventId })) ?? nothingOf(eventId);
  }

  /** Adds up day by day, so that each step is small even after months without a read. */
  async function broughtUpToDate(eventId: string): Promise<Summed> {
    let summed = await read(eventId);
    const settled = await settledUntil(eventId, summed.until);
    while (summed.until < settled) {
      const next = await first(eventId, summed.until, CLAIM_STATES);
      if (!next || next >= settled) break;
      const dayEnd = new Date((dayOf(next.getTime()) + 1) * DAY_MS);
      const until = dayEnd < settled ? dayEnd : settled;
      const added = await count(eventId, summed.until, until);
      const sum = { _id: eventId, until, counts: merged([...summed.counts, ...added]) };
      summed = (await replace(summed, sum)) ? sum : await read(eventId);
    }
    return summed;
  }

  return {
    sums,

    /** How many of the event's claims are in each state, by chosen reward. */
    async of(eventId: string): Promise<ClaimCount[]> {
      const { counts, until } = await broughtUpToDate(eventId);
      return merged([...counts, ...(await count(eventId, until))]);
    },

    /** The same for several events. An event with few newer claims costs one query. */
    async ofMany(eventIds: readonly string[]): Promise<Map<string, ClaimCount[]>> {
      const summed = await sums.find({ _id: { $in: [...eventIds] } }).toArray();
      const known = new Map(summed.map((of) => [of._id, of]));
      const counted = eventIds.map(async (eventId) => {
        const { until, counts } = known.get(eventId) ?? nothingOf(eventId);
        const news = await count(eventId, until);
        const claims = news.reduce((sum, { count }) => sum + count, 0);
        const all = claims > FEW ? await this.of(eventId) : merged([...counts, ...news]);
        return [eventId, all] as const;
      });
      return new Map(await Promise.all(counted));
    },
  };
}

const nothingOf = (eventId: string): Summed => ({ _id: eventId, until: new Date(0), counts: [] });

function merged(counts: readonly ClaimCount[]): ClaimCount[] {
  const byKey = new Map<string, ClaimCount>();
  for (const { state, rewardId, count } of counts) {
    const key = `${state} ${rewardId ?? ''}`;
    byKey.set(key, { state, rewardId, count: (byKey.get(key)?.count ?? 0) + count });
  }
  return [...byKey.values()];
}
