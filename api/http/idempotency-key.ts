/** The `Idempotency-Key` header, as the IETF draft of that name has it: a structured string, or bare. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { DomainError } from '../../domain/errors.ts';
import type { ApiEnv } from '../api-env.ts';

/** 1–255 characters of printable ASCII. */
const KEY = /^[\x20-\x7e]{1,255}$/;

/** A structured string (RFC 8941, section 3.3.3): in quotes, with `\"` and `\\` for `"` and `\`. */
function unquoted(value: string): string {
  const inner = /^"((?:[^"\\]|\\["\\])*)"$/.exec(value)?.[1];
  return inner === undefined ? value : inner.replace(/\\(["\\])/g, '$1');
}

/** Two structured strings or more: what a proxy makes of two headers. */
const LIST = /^("(?:[^"\\]|\\["\\])*")(?:\s*,\s*"(?:[^"\\]|\\["\\])*")+$/;

/** The values of a header by its name, one for each time it was sent. */
type HeaderLines = (name: string) => readonly string[];

/**
 * The headers of a request, line by line. `Headers` joins those of one name with a comma, which may
 * as well be part of a key.
 */
export function headerLines(c: Context<ApiEnv>): HeaderLines {
  const raw = c.env?.incoming?.rawHeaders;
  return (name) => {
    const joined = c.req.header(name);
    if (!raw) return joined === undefined ? [] : [joined];
    return raw.filter((_, i) => i % 2 === 1 && raw[i - 1]?.toLowerCase() === name);
  };
}

/** The key that was sent; undefined where no header was. */
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

/** The same where the header may be left out. */
export function optionalIdempotencyKeyOf(lines: HeaderLines): string | undefined {
  return sentKey(lines) === undefined ? undefined : idempotencyKeyOf(lines);
}

/**
 * The header, for a route's description. It is required there alone: whether it is missing is for
 * `idempotencyKeyOf` to say, as that has a code of its own and the other name may be used.
 */
export function idempotencyKeyHeader({ required }: { required: boolean }) {
  const description =
    '1–255 printable ASCII characters; a quoted string (RFC 8941) is unquoted. ' +
    '`X-Idempotency-Key` means the same, and may be sent instead.';
  return z.string().optional().openapi({
    description,
    minLength: 1,
    maxLength: 255,
    // One character at least that is neither a blank nor a quote.
    pattern: '^[ -~]*[!#-~][ -~]*$',
    param: { required },
  });
}
