/** What differs between two pieces of plain JSON, field by field. */

export interface Difference {
  /** The field's path, such as `rewards.0.stock`; empty for the whole. */
  path: string;
  /** Undefined where there was nothing. */
  before: unknown;
  /** Undefined where there is nothing any more. */
  after: unknown;
}

/** The fields that differ, in the order in which they stand. Null at the top means: nothing there. */
export function differences(before: unknown, after: unknown): Difference[] {
  return between('', before ?? undefined, after ?? undefined);
}

function between(path: string, before: unknown, after: unknown): Difference[] {
  if (!isBranch(before) && !isBranch(after)) {
    return before === after ? [] : [{ path, before, after }];
  }
  // Something simple that became an object, or the other way round, is shown as a whole.
  if (isLeaf(before) || isLeaf(after)) return [{ path, before, after }];
  const old = (before ?? {}) as Record<string, unknown>;
  const now = (after ?? {}) as Record<string, unknown>;
  const names = new Set([...Object.keys(old), ...Object.keys(now)]);
  return [...names].flatMap((name) =>
    between(path ? `${path}.${name}` : name, old[name], now[name]),
  );
}

function isBranch(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isLeaf(value: unknown): boolean {
  return value !== undefined && !isBranch(value);
}
