/** Entity tags, such as an event's version, and the preconditions that name one (RFC 9110, section 13). */
import { DomainError } from '../../domain/errors.ts';
import { wholeNumber } from '../../domain/whole-number.ts';

/** One entity tag (RFC 9110, section 8.8.3), and the comma or the end behind it. */
const ENTITY_TAG = /\s*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)/y;

/** What `If-Match` is, for a description. */
export const IF_MATCH_PATTERN = '^(\\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$';

interface EntityTag {
  isWeak: boolean;
  opaque: string;
}

/** The strong entity tag of a version: `"3"`. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * The versions that `If-Match` allows; undefined where it allows any. A weak tag, or one that is
 * none of ours, such as `"03"`, allows nothing: the comparison is the strong one, byte by byte.
 * @throws DomainError `invalid_request` where it is neither a star nor a list of entity tags: taken
 *   for no condition, it would let a change through that was meant to be guarded
 */
export function ifMatchVersions(header: string | undefined): number[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const tags = tagsOf(header);
  if (tags === undefined) {
    throw new DomainError('invalid_request', '`If-Match` is `*` or a list of tags such as `"3"`.');
  }
  return tags.filter(({ isWeak }) => !isWeak).flatMap(({ opaque }) => wholeNumber(opaque) ?? []);
}

/**
 * Whether `If-None-Match` names what the server has; its comparison is the weak one. What is no list
 * of tags names none: the whole answer is always right.
 * @param current what stands in its tag: a version, or else a text
 */
export function isKnownTo(header: string | undefined, current: number | string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return (tagsOf(header) ?? []).some(({ opaque }) => opaque === String(current));
}

/** Undefined where the header is no list of entity tags. */
function tagsOf(header: string): EntityTag[] | undefined {
  const tags: EntityTag[] = [];
  ENTITY_TAG.lastIndex = 0;
  while (ENTITY_TAG.lastIndex < header.length) {
    const [found, weak, opaque = ''] = ENTITY_TAG.exec(header) ?? [];
    if (found === undefined) return undefined;
    tags.push({ isWeak: weak !== undefined, opaque });
  }
  return tags.length > 0 ? tags : undefined;
}
