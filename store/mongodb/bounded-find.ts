/** Reads one page of a list where an index serves only a part of the filter. */
import type { Model, PipelineStage } from 'mongoose';

/**
 * How many records one page looks at where no index serves the whole filter. A page that finds
 * fewer than it may show ends where it stopped looking, and the next page goes on there.
 */
export const LOOKED_AT = 1_000;

/** A page to read. */
export interface Question {
  /** The part of the filter that an index serves, from where the page begins. */
  range: object;
  /** The part of the filter that each record is checked against. */
  rest: object;
  sort: Readonly<Record<string, 1 | -1>>;
  /** The index by its name, for queries where MongoDB often tries another one first. */
  hint?: string | undefined;
  limit: number;
}

/** Up to `limit + 1` records, so that the caller sees whether there are more. */
export interface Found<T> {
  found: T[];
  /** The last record looked at, where the search stopped early. Only its sort fields are known. */
  lookedTo: T | null;
}

/** Reads one page, and at most `LOOKED_AT` records for it. */
export async function findBounded<T>(
  model: Model<T>,
  { range, rest, sort, hint, limit }: Question,
): Promise<Found<T>> {
  const byIndex = { sort, ...(hint !== undefined && { hint }) };
  if (Object.keys(rest).length === 0) {
    const found = await model.find(range, null, { ...byIndex, limit: limit + 1 }).lean<T[]>();
    return { found, lookedTo: null };
  }
  // The last record to look at is read first, and the page after it. However records change in
  // between, one that fits and stays is on this page or on a later one.
  const fields = Object.fromEntries(Object.keys(sort).map((field) => [field, 1]));
  const last = { ...byIndex, skip: LOOKED_AT - 1 };
  const lookedTo = await model.findOne(range, fields, last).lean<T>();
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
 * The filter for records up to and including `last`. Where the first sort field is equal, the
 * second decides. With `$nor` the server scans the index once, and not once for each case.
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

/** The fields that have a value. */
export function named(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
