/** From an error to its HTTP answer, as RFC 9457 problem details: one table for all. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { DomainError, ERROR_CODES, type ErrorCode, type FieldError } from '../domain/errors.ts';
import { isOfDatabase } from '../store/mongodb/connection.ts';

/** A refusal below the application, which has no error to throw there. */
export interface Refusal {
  code: ProblemCode;
  detail: string;
  /** For a refusal with an HTTP status of its own; the status of the code unless given. */
  status?: ContentfulStatusCode;
}

/** Codes that only the API itself uses, and no rule of the domain. */
const EDGE_CODES = ['method_not_allowed', 'internal'] as const;
export type ProblemCode = ErrorCode | (typeof EDGE_CODES)[number];

const TABLE = {
  invalid_request: [400, 'The request is not valid'],
  idempotency_key_missing: [400, 'The idempotency key is missing'],
  idempotency_key_invalid: [400, 'The idempotency key is not valid'],
  unauthenticated: [401, 'Sign in first'],
  invalid_credentials: [401, 'The username or the password is wrong'],
  token_expired: [401, 'The access token has expired'],
  mfa_required: [401, 'A second factor is needed'],
  forbidden: [403, 'Your role does not allow this'],
  user_not_active: [403, 'The user is not active'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'The method is not allowed here'],
  event_not_open: [409, 'The event takes no claims now'],
  sold_out: [409, 'The reward is sold out'],
  already_claimed: [409, 'Already claimed'],
  username_taken: [409, 'The username is taken'],
  conflict: [409, 'The request conflicts with what stands'],
  invalid_transition: [409, 'The state does not allow this'],
  version_mismatch: [412, 'The version has changed'],
  payload_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The media type is not supported'],
  idempotency_key_reused: [422, 'The idempotency key belongs to another request'],
  rate_limited: [429, 'Too many requests'],
  internal: [500, 'Something went wrong'],
  unavailable: [503, 'Not available for now'],
} as const satisfies { [C in ProblemCode]: readonly [ContentfulStatusCode, string] };
type Table = typeof TABLE;

/** `Retry-After` while MongoDB does not answer, in seconds: about as long as an election. */
const OUTAGE_RETRY_AFTER_S = 2;

const ProblemSchema = z
  .object({
    type: z.string().openapi({ example: 'urn:laurel:problem:not_found' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum([...ERROR_CODES, ...EDGE_CODES]),
    instance: z.string(),
    errors: z
      .array(z.object({ pointer: z.string(), message: z.string() }))
      .optional()
      .openapi({ description: 'What is wrong where: JSON pointers into the body (RFC 6901).' }),
    mfaToken: z.string().optional().openapi({
      description: 'With `mfa_required`: goes on with the sign-in. Valid for ten minutes.',
    }),
    mfa: z
      .enum(['CODE', 'ENROL'])
      .optional()
      .openapi({
        description:
          'With `mfa_required`: whether a code is needed, or a second factor must be set up first, ' +
          'with the `mfaToken` as the bearer token of `POST /api/auth/totp`.',
      }),
  })
  .openapi('Problem');
type Problem = z.infer<typeof ProblemSchema>;

/** A problem and the headers that go with it. */
export interface ProblemAnswer {
  problem: Problem;
  status: ContentfulStatusCode;
  headers: Record<string, string>;
}

/** The HTTP status of a code. */
function statusOf(code: ProblemCode): ContentfulStatusCode {
  return TABLE[code][0];
}

/**
 * The answer to any error.
 * @param requestId shown if the cause is ours, so that the log line can be found
 * @param instance the request's path
 */
export function toProblem(error: unknown, requestId: string, instance: string): ProblemAnswer {
  if (error instanceof DomainError) return ofDomainError(error, instance);
  if (error instanceof HTTPException) return ofHttpException(error, requestId, instance);
  if (isOfDatabase(error)) {
    const retryAfterS = OUTAGE_RETRY_AFTER_S;
    const detail = 'The service is not available. Try again shortly.';
    return ofDomainError(new DomainError('unavailable', detail, { retryAfterS }), instance);
  }
  return internal(requestId, instance);
}

/** Sends an answer as `application/problem+json`. */
export function sendProblem(c: Context, answer: ProblemAnswer): Response {
  return c.body(JSON.stringify(answer.problem), answer.status, {
    'Content-Type': 'application/problem+json',
    ...answer.headers,
  });
}

/** The answer for a code. @param detail one sentence for a person */
export function problemOf(
  code: ProblemCode,
  detail: string,
  instance: string,
  errors?: FieldError[],
): ProblemAnswer {
  const [status, title] = TABLE[code];
  const problem = { type: `urn:laurel:problem:${code}`, title, status, detail, code, instance };
  return { problem: errors ? { ...problem, errors } : problem, status, headers: {} };
}

/** The answer to a request that was refused below the application. */
export function problemOfRefusal(refusal: Refusal, instance: string): ProblemAnswer {
  const answer = problemOf(refusal.code, refusal.detail, instance);
  const { status = answer.status } = refusal;
  return { ...answer, status, problem: { ...answer.problem, status } };
}

const CONTENT = { 'application/problem+json': { schema: ProblemSchema } };

type StatusOf<P> = P extends ProblemCode ? Table[P][0] : P;

/**
 * The error responses of a route, for its description. A status stands for all its codes. Any route
 * may answer 500 and 503, so these are added.
 * @example
 * responses: { 200: …, ...problems(401, 'username_taken') }
 */
export function problems<const P extends readonly (ContentfulStatusCode | ProblemCode)[]>(
  ...which: P
) {
  const codes = (Object.keys(TABLE) as ProblemCode[]).filter((code) =>
    [...which, 'internal', 'unavailable'].some((p) => p === code || p === statusOf(code)),
  );
  const byStatus = Map.groupBy(codes, statusOf);
  const responses = [...byStatus].map(([status, of]) => {
    const description = of.map((code) => `\`${code}\`: ${TABLE[code][1]}`).join('; ');
    return [status, { description, content: CONTENT }];
  });
  return Object.fromEntries(responses) as {
    [S in StatusOf<P[number] | 'internal' | 'unavailable'>]: {
      description: string;
      content: typeof CONTENT;
    };
  };
}

function ofDomainError(error: DomainError, instance: string): ProblemAnswer {
  const answer = problemOf(error.code, error.message, instance, error.errors);
  if (answer.status === 401) answer.headers['WWW-Authenticate'] = challenge(error.code);
  if (error.retryAfterS !== undefined) answer.headers['Retry-After'] = String(error.retryAfterS);
  // Only a member with a token in it needs this; RFC 6749, section 5.1.
  if (error.members) {
    Object.assign(answer.problem, error.members);
    answer.headers['Cache-Control'] = 'no-store';
  }
  return answer;
}

/** The `WWW-Authenticate` header; without credentials no error code (RFC 6750, section 3). */
function challenge(code: ErrorCode): string {
  const realm = 'Bearer realm="laurel"';
  return code === 'token_expired'
    ? `${realm}, error="invalid_token", error_description="The access token has expired"`
    : realm;
}

const HTTP_EXCEPTION_CODES: { readonly [status: number]: ErrorCode } = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
};

const HTTP_EXCEPTION_DETAILS: { readonly [C in ErrorCode]?: string } = {
  invalid_request: 'The body is not valid JSON.',
  unsupported_media_type: 'Send the body as application/json.',
};

/** Hono's own refusals: broken JSON, a wrong media type. Their texts are not ours to show. */
function ofHttpException(error: HTTPException, requestId: string, instance: string): ProblemAnswer {
  if (error.status >= 500) return internal(requestId, instance);
  const code = HTTP_EXCEPTION_CODES[error.status] ?? 'invalid_request';
  const detail = HTTP_EXCEPTION_DETAILS[code] ?? `${TABLE[code][1]}.`;
  return ofDomainError(new DomainError(code, detail), instance);
}

function internal(requestId: string, instance: string): ProblemAnswer {
  const detail = `Something went wrong on our side. Quote the request's ID: ${requestId}`;
  return problemOf('internal', detail, instance);
}
