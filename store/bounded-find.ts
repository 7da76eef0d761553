/** One page of a list, of which an index may serve only a part of the filter. */
import type { Model, PipelineStage } from 'mongoose';

/**
 * Records that one page looks at, at most, where no index serves its whole filter. A page that finds
 * fewer than it may show goes on with the next one from where it stopped looking.
 */
export const LOOKED_AT = 1_000;

export interface Question {
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
  const stages: PipelineStage[] = [
    { $match: range },
    { $sort: sort },
    { $limit: LOOKED_AT },
    { $match: rest },
    { $limit: limit + 1 },
  ];
  const found = await model.aggregate<T>(stages, hint ? { hint } : {});
  if (found.length > limit) return { found, lookedTo: null };
  const fields = Object.fromEntries(Object.keys(sort).map((field) => [field, 1]));
  const lookedTo = await model
    .findOne(range, fields)
    .sort(sort)
    .skip(LOOKED_AT - 1)
    .setOptions(hint ? { hint } : {})
    .lean<T>();
  return { found, lookedTo };
}

/** Those of the fields that are named. */
export function named(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
