/** What differs between two JSON values, place by place. */

/** One place, as a JSON pointer (RFC 6901). Null where there is nothing before or after. */
export interface JsonDifference {
  pointer: string;
  before: unknown;
  after: unknown;
}

/**
 * The places where two JSON values differ. Objects are compared field by field, and lists of the
 * same length item by item. A list of another length is one difference, as a whole.
 */
export function jsonDifferences(before: unknown, after: unknown, pointer = ''): JsonDifference[] {
  const [old, young] = [partsOf(before), partsOf(after)];
  if (
    !old ||
    !young ||
    Array.isArray(before) !== Array.isArray(after) ||
    !sameLength(before, after)
  ) {
    return JSON.stringify(before) === JSON.stringify(after)
      ? []
      : [{ pointer, before: before ?? null, after: after ?? null }];
  }
  const names = new Set([...old.keys(), ...young.keys()]);
  return [...names].flatMap((name) =>
    jsonDifferences(old.get(name), young.get(name), `${pointer}/${escaped(name)}`),
  );
}

/** The fields of an object, or the items of a list; undefined for anything else. */
function partsOf(value: unknown): Map<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return new Map(Object.entries(value));
}

function sameLength(a: unknown, b: unknown): boolean {
  return !Array.isArray(a) || !Array.isArray(b) || a.length === b.length;
}

const escaped = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1');
