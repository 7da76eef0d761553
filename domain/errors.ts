/** The codes of all refusals. `api/problem.ts` maps each to its HTTP status. */

export const ERROR_CODES = [
  'invalid_request',
  'idempotency_key_missing',
  'idempotency_key_invalid',
  'unauthenticated',
  'invalid_credentials',
  'token_expired',
  'mfa_required',
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

/** One wrong field of a request's body. `pointer` is a JSON pointer (RFC 6901). */
export interface FieldError {
  pointer: string;
  message: string;
}

/**
 * The errors of a body, or of a part of it.
 * @param faults what is wrong with each field, by its pointer; false if nothing is
 */
export function fieldErrors(faults: Readonly<Record<string, string | false>>): FieldError[] {
  return Object.entries(faults).flatMap(([pointer, message]) =>
    message === false ? [] : [{ pointer, message }],
  );
}

/**
 * A refusal that the caller may see as it is. `detail` is one sentence for a person and never
 * contains an internal message.
 */
export class DomainError extends Error {
  readonly code: ErrorCode;
  readonly errors: FieldError[] | undefined;
  /** After how many seconds the caller may try again; becomes `Retry-After`. */
  readonly retryAfterS: number | undefined;
  /** Members of the problem beyond the usual ones (RFC 9457, section 3.2). */
  readonly members: Readonly<Record<string, string>> | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    more: {
      errors?: FieldError[];
      retryAfterS?: number;
      members?: Readonly<Record<string, string>>;
      cause?: unknown;
    } = {},
  ) {
    super(detail, { cause: more.cause });
    this.name = 'DomainError';
    this.code = code;
    this.errors = more.errors;
    this.retryAfterS = more.retryAfterS;
    this.members = more.members;
  }
}

/**
 * Laurel's configuration cannot be used: nothing answers at an address, or two settings contradict
 * each other. The message tells the person who set it up what to do.
 */
export class SetupError extends Error {}
