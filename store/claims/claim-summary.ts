/** Counts claims in groups, by the fields that they have in common. */
import type { Model, PipelineStage } from 'mongoose';
import { CLAIM_STATES } from '../../domain/claims/claim.ts';
import { DomainError } from '../../domain/errors.ts';
import { named } from '../mongodb/bounded-find.ts';
import { isAnswer, TIME_IS_UP } from '../mongodb/connection.ts';
import type { ClaimCounts } from './claim-counts.ts';
import { type ClaimFilter, split } from './claim-lists.ts';
import { BY_EVENT, BY_STATE, type Claim } from './claim-record.ts';

/** The fields that claims can be grouped by, and where the record has them. */
const PLACES = {
  state: '$state',
  reason: '$reason',
  eventId: '$eventId',
  provider: '$snapshot.provider',
} as const;
export type GroupField = keyof typeof PLACES;
/** The names of those fields. */
export const GROUP_FIELDS = Object.keys(PLACES) as GroupField[];

/** The equal fields of a group, how many claims it has, and when the first one was created. */
export type ClaimGroup<F extends GroupField = GroupField> = { [K in F]: string | null } & {
  count: number;
  oldestAt: Date;
};

/** Pipeline stages that make `ClaimGroup`s: the largest first, of equal ones the oldest first. */
export function groupStages(by: readonly GroupField[]): PipelineStage.FacetPipelineStage[] {
  const _id = Object.fromEntries(by.map((field) => [field, PLACES[field]]));
  return [
    { $group: { _id, count: { $sum: 1 }, oldestAt: { $min: '$createdAt' } } },
    { $sort: { count: -1, oldestAt: 1, _id: 1 } },
    { $replaceWith: { $mergeObjects: ['$_id', { count: '$count', oldestAt: '$oldestAt' }] } },
  ];
}

/** The order of `groupStages`, for groups made without it. */
export function largestFirst(a: ClaimGroup, b: ClaimGroup): number {
  const byTime = a.oldestAt.getTime() - b.oldestAt.getTime();
  return b.count - a.count || byTime || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
}

/**
 * How long the database may count for one summary, in milliseconds. It is less than a call waits
 * for its answer (`DATABASE_TIMEOUT_MS`), so that the count has ended on the server too.
 */
const SUMMED_FOR_MS = 2_500;

/** When to try again, in seconds. The filter stays as slow unless the database was busy. */
const RETRY_AFTER_S = 10;

/** Events or groups that are read in parallel: a part of the connections that all share. */
const AT_ONCE = 20;

/** The fields whose numbers `claim-counts.ts` has without reading each claim. */
const COUNTED = new Set(['state', 'eventId']);

/**
 * @param model the claims' collection
 * @param counts the counts by event and state
 */
export function createClaimSummary(model: Model<Claim>, counts: ClaimCounts) {
  /** When the first claim with those fields was created; null where there is none any more. */
  async function oldestOf(fields: object): Promise<Date | null> {
    const states = { state: { $in: [...CLAIM_STATES] } };
    const first = await model
      .findOne({ ...states, ...fields }, { _id: 0, createdAt: 1 })
      .sort({ createdAt: 1, _id: 1 })
      .hint('eventId' in fields ? BY_EVENT : BY_STATE)
      .lean<Pick<Claim, 'createdAt'>>();
    return first?.createdAt ?? null;
  }

  async function counted(filter: ClaimFilter, by: readonly GroupField[]): Promise<ClaimGroup[]> {
    const { eventId, state } = filter;
    const eventIds = eventId === undefined ? await model.distinct('eventId') : [eventId];
    const totals = new Map<string, number>();
    for (const ids of chunks(eventIds)) {
      for (const [id, found] of await counts.ofMany(ids)) {
        for (const { count, ...of } of found) {
          if (state !== undefined && of.state !== state) continue;
          const fields = { state: of.state, eventId: id } as Record<string, string>;
          const key = JSON.stringify(Object.fromEntries(by.map((field) => [field, fields[field]])));
          totals.set(key, (totals.get(key) ?? 0) + count);
        }
      }
    }
    const groups: ClaimGroup[] = [];
    for (const some of chunks([...totals])) {
      const found = some.map(async ([key, count]) => {
        const fields = JSON.parse(key);
        const oldestAt = await oldestOf({ ...named({ eventId, state }), ...fields });
        // Claims that were counted as open may have moved on since.
        return oldestAt ? [{ ...fields, count, oldestAt } as ClaimGroup] : [];
      });
      groups.push(...(await Promise.all(found)).flat());
    }
    return groups.toSorted(largestFirst);
  }

  return {
    /**
     * The matching claims, counted by the fields in `by`, the largest group first. By event and
     * state it costs the same for any number of claims. By other fields each matching claim is
     * read.
     * @param withinMs how long the database may count, in milliseconds
     * @throws DomainError `unavailable` where that time is over
     */
    async summary(
      filter: ClaimFilter,
      by: readonly GroupField[],
      withinMs = SUMMED_FOR_MS,
    ): Promise<ClaimGroup[]> {
      const asked = [...Object.keys(named(filter)), ...by];
      if (asked.every((field) => COUNTED.has(field))) return await counted(filter, by);
      const { range, rest, hint } = split(filter);
      const stages = [{ $match: { $and: range } }, { $match: rest }, ...groupStages(by)];
      const options = { maxTimeMS: withinMs, hint };
      return await model.aggregate<ClaimGroup>(stages, options).catch((cause) => {
        if (!isAnswer(cause, TIME_IS_UP)) throw cause;
        const detail =
          'There are too many such claims to count them in time. ' +
          'Narrow the filter, by `from` for example.';
        throw new DomainError('unavailable', detail, { cause, retryAfterS: RETRY_AFTER_S });
      });
    },
  };
}

function chunks<T>(items: readonly T[]): T[][] {
  const starts = items.flatMap((_, i) => (i % AT_ONCE === 0 ? [i] : []));
  return starts.map((start) => items.slice(start, start + AT_ONCE));
}
