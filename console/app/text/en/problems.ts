import type { ProblemCode } from '../../types.ts';

/** What went wrong, by the API's code. */
export const problems = {
  title: {
    invalid_request: 'The request was not accepted.',
    idempotency_key_missing: 'The idempotency key is missing.',
    idempotency_key_invalid: 'The idempotency key is not valid.',
    unauthenticated: 'Sign in first.',
    invalid_credentials: 'No user has this name and password.',
    token_expired: 'Your sign-in has expired. Sign in again.',
    mfa_required: 'This sign-in needs a second step',
    forbidden: 'Your role does not allow this.',
    user_not_active: 'The account is not active.',
    not_found: 'It was not found.',
    event_not_open: 'The event takes no claims now.',
    sold_out: 'The reward is sold out.',
    already_claimed: 'It is already claimed.',
    username_taken: 'The username is taken.',
    conflict: 'It does not fit what stands now.',
    invalid_transition: 'This is not possible in the current state.',
    version_mismatch: 'Somebody has changed it meanwhile. Load it again and repeat this.',
    payload_too_large: 'What was sent is too large.',
    unsupported_media_type: 'The server does not take this format.',
    idempotency_key_reused: 'This idempotency key belongs to another request.',
    rate_limited: 'There were too many requests.',
    unavailable: 'The service is not available for now.',
    method_not_allowed: 'The server does not take this request.',
    internal: 'The server failed.',
    unreachable: 'The API does not answer.',
  } satisfies Record<ProblemCode, string>,
  /** For a code that this console does not know yet. */
  unknown: 'That did not work.',
  serverSaid: 'The server said:',
  /** Before the server's message about a field, which is English. */
  field: '',
  retryAfter: (seconds: string) => `Try again in ${seconds} s.`,
};
