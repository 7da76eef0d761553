/** The API: calls with the viewer's token, whose refusals are values. */
import { createClient } from '../../client/index.ts';
import { heard, lost } from './connection.ts';
import { type Answer, problemOfFetch, problemOfResponse } from './problem.ts';
import { currentToken, refresh } from './session.ts';

/**
 * The typed client. Give what it returns to `ask`.
 * @example
 * const answer = await ask(api.GET('/api/users/{userId}', { params: { path: { userId } } }));
 */
export const api = createClient({ baseUrl: location.origin, fetch: fetchSignedIn });

/** A call's answer or its problem; never throws. */
export async function ask<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<Answer<T>> {
  try {
    const { data, error, response } = await call;
    if (response.ok) return { ok: true, data: data as T, response };
    return { ok: false, problem: await problemOfResponse(response, error || {}) };
  } catch (error) {
    return { ok: false, problem: problemOfFetch(error) };
  }
}

/** A new `Idempotency-Key`: made once for what a person decided, and sent again with each try. */
export function newKey(): string {
  return crypto.randomUUID();
}

/**
 * `fetch` with the viewer's token. A 401 gets a new token and is tried once more; a second one is
 * answered as it is.
 */
export async function fetchSignedIn(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await sendWithToken(request);
  if (response.status !== 401 || !(await refresh())) return response;
  return await sendWithToken(again);
}

async function sendWithToken(request: Request): Promise<Response> {
  const token = currentToken();
  if (token) request.headers.set('authorization', `Bearer ${token}`);
  try {
    const response = await fetch(request);
    heard();
    return response;
  } catch (error) {
    if (!request.signal.aborted) lost();
    throw error;
  }
}
