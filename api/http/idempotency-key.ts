/** The `Idempotency-Key` header: a structured string, as in its IETF draft, or a bare text. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { DomainError } from '../../domain/errors.ts';
import type { ApiEnv } from '../api-env.ts';

/** 1–255 characters of printable ASCII. */
const KEY = /^[\x20-\x7e]{1,255}$/;

/** Unquotes a structured string (RFC 8941, section 3.3.3); any other text stays as it is. */
function unquoted(value: string): string {
  const inner = /^"((?:[^"\\]|\\["\\])*)"$/.exec(value)?.[1];
  return inner === undefined ? value : inner.replace(/\\(["\\])/g, '$1');
}

/** A list of structured strings: a proxy makes it of two headers. */
const LIST = /^("(?:[^"\\]|\\["\\])*")(?:\s*,\s*"(?:[^"\\]|\\["\\])*")+$/;

/** The values of a header, one for each time it was sent; the name is in lower case. */
type HeaderLines = (name: string) => readonly string[];

/**
 * The headers of a request, one by one. `Headers` joins headers of one name with a comma, which may
 * also be part of a key.
 */
export function headerLines(c: Context<ApiEnv>): HeaderLines {
  const raw = c.env?.incoming?.rawHeaders;
  return (name) => {
    const joined = c.req.header(name);
    if (!raw) return joined === undefined ? [] : [joined];
    return raw.filter((_, i) => i % 2 === 1 && raw[i - 1]?.toLowerCase() === name);
  };
}

/**
 * The key as it was sent; undefined if no header was.
 * @throws DomainError `idempotency_key_invalid` for more than one key
 */
function sentKey(lines: HeaderLines): string | undefined {
  const [standard, other] = [lines('idempotency-key'), lines('x-idempotency-key')];
  const keys = [...standard, ...other].map((value) => value.trim());
  const isOne = standard.length < 2 && other.length < 2 && new Set(keys.map(unquoted)).size < 2;
  if (isOne && !keys.some((key) => LIST.test(key))) return keys[0];
  const detail = 'Send one idempotency key. Which of several would count, only we would know.';
  throw new DomainError('idempotency_key_invalid', detail);
}

/**
 * The key of a request; `X-Idempotency-Key` means the same.
 * @param lines the request's headers, as `headerLines` gives them
 * @throws DomainError `idempotency_key_missing` (also for an empty one); `idempotency_key_invalid`,
 *   also for more than one header, unless both names hold the same key
 */
export function idempotencyKeyOf(lines: HeaderLines): string {
  const key = unquoted(sentKey(lines) ?? '');
  if (key === '') {
    throw new DomainError('idempotency_key_missing', 'Send an `Idempotency-Key` header.');
  }
  if (!KEY.test(key)) {
    const detail = 'An idempotency key has 1 to 255 characters of printable ASCII.';
    throw new DomainError('idempotency_key_invalid', detail);
  }
  return key;
}

/** The same for routes where the header is optional: undefined without it. */
export function optionalIdempotencyKeyOf(lines: HeaderLines): string | undefined {
  return sentKey(lines) === undefined ? undefined : idempotencyKeyOf(lines);
}

/**
 * The header, for a route's description. Only the description requires it: `idempotencyKeyOf`
 * refuses a missing key, with a code of its own and after it has looked for the other name.
 */
export function idempotencyKeyHeader({ required }: { required: boolean }) {
  const description =
    '1–255 printable ASCII characters; a quoted string (RFC 8941) is unquoted. ' +
    '`X-Idempotency-Key` means the same, and may be sent instead. A key is no place for personal ' +
    'data: it is kept for good, also after an erasure, and it is part of the name of a workflow.';
  return z.string().optional().openapi({
    description,
    minLength: 1,
    maxLength: 255,
    // At least one character that is neither a blank nor a quote.
    pattern: '^[ -~]*[!#-~][ -~]*$',
    param: { required },
  });
}
