/** Where a page of a newest-first list goes on. */

/** The last item seen. `at` is its time of creation; the ID decides between equal times. */
export interface Position<Id = string> {
  at: Date;
  id: Id;
}

/**
 * The filter for what comes after a position in an order of `{[timeField]: -1, _id: -1}`; empty
 * without one. One range and one `$or`, so that the index on both fields bounds the scan.
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
