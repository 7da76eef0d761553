/** The claims' filters, as they stand in the address and in the API's query. */
import type { paths } from '../../../client/index.ts';

type Query = NonNullable<paths['/api/event-claims']['get']['parameters']['query']>;
export type ClaimFilter = Omit<Query, 'cursor' | 'limit'>;

const NAMES = [
  'state',
  'reason',
  'eventId',
  'userId',
  'provider',
  'rewardId',
  'periodKey',
  'idempotencyKey',
  'from',
  'to',
] as const satisfies readonly (keyof ClaimFilter)[];

/** The filters that a bulk action knows. */
const BULK_NAMES = ['reason', 'eventId', 'provider'] as const;

/** The filter in an address. The API refuses values that it does not know, and says so. */
export function claimFilter(query: URLSearchParams): ClaimFilter {
  const given = NAMES.filter((name) => query.get(name));
  return Object.fromEntries(given.map((name) => [name, query.get(name)]));
}

/**
 * Which parked claims a bulk action is for, as its body says it.
 * @returns null where the list is filtered by what a bulk action does not know
 */
export function bulkFilter(filter: ClaimFilter) {
  const { state: _, reason, eventId, provider, ...others } = filter;
  if (Object.keys(others).length > 0) return null;
  const isNarrow = BULK_NAMES.some((name) => filter[name] !== undefined);
  return {
    ...(reason && { reason }),
    ...(eventId && { eventId }),
    ...(provider && { provider }),
    ...(!isNarrow && { all: true }),
  };
}
