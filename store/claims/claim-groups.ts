/** Groups of claims with equal fields, and their counts. */
import type { PipelineStage } from 'mongoose';

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
