/** Entity tags, and the preconditions `If-Match` and `If-None-Match` (RFC 9110, section 13). */
import { DomainError } from '../../domain/errors.ts';
import { wholeNumber } from '../../domain/whole-number.ts';

/** One entity tag (RFC 9110, section 8.8.3), with the comma or the end after it. */
const ENTITY_TAG = /\s*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)/y;

/** The pattern of `If-Match`, for the OpenAPI document. */
export const IF_MATCH_PATTERN = '^(\\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$';

/** The strong entity tag of a version: `"3"`. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * The versions that `If-Match` allows; undefined if it allows any. A weak tag, or one that we never
 * send, such as `"03"`, allows nothing: the comparison is the strong one, byte by byte.
 * @throws DomainError `invalid_request` if it is neither `*` nor a list of entity tags. Ignored, it
 *   would let a change through that was meant to be guarded
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
 * Whether `If-None-Match` names what the server has, by the weak comparison. A header that is not
 * valid names nothing: the whole answer is always right.
 * @param current the opaque part of the server's tag: a version, or a text
 */
export function isKnownTo(header: string | undefined, current: number | string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return (tagsOf(header) ?? []).some(({ opaque }) => opaque === String(current));
}

/** The tags of a header; undefined if it is not a list of entity tags. */
function tagsOf(header: string) {
  const tags: { isWeak: boolean; opaque: string }[] = [];
  ENTITY_TAG.lastIndex = 0;
  while (ENTITY_TAG.lastIndex < header.length) {
    const [found, weak, opaque = ''] = ENTITY_TAG.exec(header) ?? [];
    if (found === undefined) return undefined;
    tags.push({ isWeak: weak !== undefined, opaque });
  }
  return tags.length > 0 ? tags : undefined;
}
