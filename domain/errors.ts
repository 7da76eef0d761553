/** Every refusal the domain can utter: one union of codes; `api/problem.ts` maps it to HTTP. */

export const ERROR_CODES = [
  'invalid_request',
  'idempotency_key_missing',
  'idempotency_key_invalid',
  'unauthenticated',
  'invalid_credentials',
  'token_expired',
  'forbidden',
  'user_not_active',
  'not_found',
  'event_not_open',
  'sold_out',
  'already_claimed',
  'username_taken',
  'conflict',
  'invalid_transition',
  'version_mismatch',
  'payload_too_large',
  'unsupported_media_type',
  'idempotency_key_reused',
  'rate_limited',
  'unavailable',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** One wrong place in a request's body; `pointer` is a JSON pointer (RFC 6901). */
export interface FieldError {
  pointer: string;
  message: string;
}

/**
 * A refusal that may be shown to the caller as it is: `detail` is one sentence for a person and
 * never holds an internal message.
 */
export class DomainError extends Error {
  readonly code: ErrorCode;
  readonly errors: FieldError[] | undefined;
  /** When the caller may try again, in seconds; becomes `Retry-After`. */
  readonly retryAfterS: number | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    more: { errors?: FieldError[]; retryAfterS?: number; cause?: unknown } = {},
  ) {
    super(detail, { cause: more.cause });
    this.name = 'DomainError';
    this.code = code;
    this.errors = more.errors;
    this.retryAfterS = more.retryAfterS;
  }
}

/**
 * What Laurel was set up with cannot be used: an address where nobody answers, a setting that
 * contradicts another. The message is for the person who set it up: it says what to do.
 */
export class SetupError extends Error {}
