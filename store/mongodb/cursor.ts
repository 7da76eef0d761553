/** The position in a newest-first list where a page begins. */

/** The last item seen. `at` is when it was created; the ID decides between equal times. */
export interface Position<Id = string> {
  at: Date;
  id: Id;
}

/** The filters of a time range: from `since` on, before `until`. None for a bound that is not given. */
export function inTime(
  timeField: string,
  { since, until }: { since?: Date | undefined; until?: Date | undefined },
): Record<string, { $gte: Date } | { $lt: Date }>[] {
  return [
    ...(since ? [{ [timeField]: { $gte: since } }] : []),
    ...(until ? [{ [timeField]: { $lt: until } }] : []),
  ];
}

/**
 * The filter for the items behind a position, in the order `{[timeField]: -1, _id: -1}`; empty
 * without a position. It is one range and one `$or`, so that an index on both fields bounds the
 * scan.
 */
export function after<Id>(
  timeField: string,
  position: Position<Id> | undefined,
): Record<string, unknown> {
  if (!position) return {};
  return {
    [timeField]: { $lte: position.at },
    $or: [{ [timeField]: { $lt: position.at } }, { _id: { $lt: position.id } }],
  };
}
