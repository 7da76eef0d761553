/** The `Idempotency-Key` header, as the IETF draft of that name has it: a structured string, or bare. */
import { DomainError } from '../domain/errors.ts';

/** 1–255 characters of printable ASCII. */
const KEY = /^[\x20-\x7e]{1,255}$/;

/** A structured string (RFC 8941, section 3.3.3): in quotes, with `\"` and `\\` for `"` and `\`. */
function unquoted(value: string): string {
  const inner = /^"((?:[^"\\]|\\["\\])*)"$/.exec(value)?.[1];
  return inner === undefined ? value : inner.replace(/\\(["\\])/g, '$1');
}

/**
 * The key of a request; `X-Idempotency-Key` means the same.
 * @throws DomainError `idempotency_key_missing` (also for an empty one), `idempotency_key_invalid`
 */
export function idempotencyKeyOf(header: (name: string) => string | undefined): string {
  const sent = header('idempotency-key') ?? header('x-idempotency-key') ?? '';
  const key = unquoted(sent.trim());
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
export function optionalIdempotencyKeyOf(
  header: (name: string) => string | undefined,
): string | undefined {
  const isSent = (header('idempotency-key') ?? header('x-idempotency-key')) !== undefined;
  return isSent ? idempotencyKeyOf(header) : undefined;
}
