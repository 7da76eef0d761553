/** What went wrong with a call, as a value: the API's problem, or that there was no answer. */

export interface Problem {
  /** 0 if there was no answer. */
  status: number;
  /** The API's stable code, or `unreachable`. */
  code: string;
  title: string;
  detail: string;
  /** What is wrong where, by JSON pointers into the body that was sent. */
  errors: { pointer: string; message: string }[];
  /** After how many seconds to try again, where the API says so. */
  retryAfterS: number | undefined;
  /** With `mfa_required`: goes on with the sign-in, by a code or by setting up a second factor. */
  second?: { mfaToken: string; mfa: 'CODE' | 'ENROL' } | undefined;
}

/** What a call came to. */
export type Answer<T> = { ok: true; data: T; response: Response } | { ok: false; problem: Problem };

/** The problem in an answer. @param body the answer's JSON; read from it unless given */
export async function problemOfResponse(response: Response, body?: unknown): Promise<Problem> {
  const given = (body ?? (await response.json().catch(() => ({})))) as GivenProblem;
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return {
    status: response.status,
    code: given.code ?? 'unknown',
    title: given.title ?? `HTTP ${response.status}`,
    detail: given.detail ?? '',
    errors: given.errors ?? [],
    retryAfterS: Number.isFinite(retryAfter) ? retryAfter : undefined,
    second: secondOf(given),
  };
}

/** A problem as the API writes it. */
type GivenProblem = Partial<Problem> & { mfaToken?: string; mfa?: 'CODE' | 'ENROL' };

function secondOf({ mfaToken, mfa }: GivenProblem): Problem['second'] {
  return mfaToken !== undefined && mfa !== undefined ? { mfaToken, mfa } : undefined;
}

/** The problem of a call without an answer. */
export function problemOfFetch(error: unknown): Problem {
  const detail = error instanceof Error ? error.message : String(error);
  return { status: 0, code: 'unreachable', title: '', detail, errors: [], retryAfterS: undefined };
}

/** The message for a field; undefined if it has none. @param pointer such as `/rewards/0/stock` */
export function errorAt(problem: Problem | undefined, pointer: string): string | undefined {
  return problem?.errors.find((error) => error.pointer === pointer)?.message;
}
