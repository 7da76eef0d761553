/** An event's version as an entity tag, and the preconditions that name one (RFC 9110, section 13). */

/** The strong entity tag of a version: `"3"`. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * The versions that `If-Match` allows; undefined where it allows any. A weak tag, or one that is
 * none of ours, allows nothing: the comparison is the strong one.
 */
export function ifMatchVersions(header: string | undefined): number[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  return tagsOf(header)
    .filter(({ weak }) => !weak)
    .map(({ tag }) => Number(tag));
}

/** Whether `If-None-Match` names the version the server has; its comparison is the weak one. */
export function isKnownTo(header: string | undefined, version: number): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || tagsOf(header).some(({ tag }) => tag === String(version));
}

function tagsOf(header: string): { weak: boolean; tag: string }[] {
  return [...header.matchAll(/(W\/)?"([^"]*)"/g)].map(([, weak, tag = '']) => ({
    weak: weak !== undefined,
    tag,
  }));
}
