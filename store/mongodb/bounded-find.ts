/** One page of a list, of which an index may serve only a part of the filter. */
import type { Model, PipelineStage } from 'mongoose';

/**
 * Records that one page looks at, at most, where no index serves its whole filter. A page that finds
 * fewer than it may show goes on with the next one from where it stopped looking.
 */
export const LOOKED_AT = 1_000;

interface Question {
  /** What an index leads to, in the order of `sort`, from where the page begins. */
  range: object;
  /** What is asked of each record besides. */
  rest: object;
  sort: Readonly<Record<string, 1 | -1>>;
  /** The index by its name, where MongoDB would often try another first. */
  hint?: string | undefined;
  limit: number;
}

/** Up to `limit + 1` records, so that the caller sees whether there are more. */
export interface Found<T> {
  found: T[];
  /** The last record looked at, where looking was stopped; only its fields of the order are known. */
  lookedTo: T | null;
}

export async function findBounded<T>(
  model: Model<T>,
  { range, rest, sort, hint, limit }: Question,
): Promise<Found<T>> {
  if (Object.keys(rest).length === 0) {
    const found = await model
      .find(range)
      .sort(sort)
      .limit(limit + 1)
      .setOptions(hint ? { hint } : {})
      .lean<T[]>();
    return { found, lookedTo: null };
  }
  // Where looking stops is read first, and what lies before it after that: however the records change
  // in between, what fits and stays is on this page or on a later one.
  const fields = Object.fromEntries(Object.keys(sort).map((field) => [field, 1]));
  const lookedTo = await model
    .findOne(range, fields)
    .sort(sort)
    .skip(LOOKED_AT - 1)
    .setOptions(hint ? { hint } : {})
    .lean<T>();
  const stages: PipelineStage[] = [
    { $match: lookedTo ? { $and: [range, upTo(lookedTo, sort)] } : range },
    { $sort: sort },
    { $match: rest },
    { $limit: limit + 1 },
  ];
  const found = await model.aggregate<T>(stages, hint ? { hint } : {});
  return { found, lookedTo: found.length > limit ? null : lookedTo };
}

/**
 * The filter for what comes no later than a record, itself included. Where the first field is the
 * same, the second decides; said so that the server does not go through the index once for each case.
 */
function upTo<T>(last: T, sort: Question['sort']): object {
  const [first, second] = Object.entries(sort).map(([field, order]) => {
    const value = last[field as keyof T];
    const [from, beyond] = order === 1 ? ['$lte', '$gt'] : ['$gte', '$lt'];
    return { field, value, from, beyond };
  });
  if (!first) return {};
  const range = { [first.field]: { [first.from as string]: first.value } };
  if (!second) return range;
  const later = { [second.field]: { [second.beyond as string]: second.value } };
  return { ...range, $nor: [{ [first.field]: first.value, ...later }] };
}

/** Those of the fields that are named. */
export function named(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
