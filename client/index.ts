/** The typed client of Laurel's HTTP API. */
import createFetchClient from 'openapi-fetch';
import type { paths } from './schema.d.ts';

export type { components, paths } from './schema.d.ts';

/** Where a client calls, and as whom. */
interface ClientOptions {
  /** Where the API is, without a path. */
  baseUrl: string;
  /** Used instead of the global one. */
  fetch?: (request: Request) => Promise<Response>;
  /** An access token, sent with each call. */
  token?: string | undefined;
}

export type LaurelClient = ReturnType<typeof createClient>;

/**
 * A client whose paths, bodies and answers have the types of the API's own description. A call
 * returns `{ data, error, response }`: a refusal is a problem in `error`, and is not thrown. It throws
 * if there is no answer.
 * @example
 * const { data, error } = await client.GET('/api/events/{eventId}', { params: { path: { eventId } } });
 */
export function createClient({ token, ...options }: ClientOptions) {
  return createFetchClient<paths, 'application/json' | 'application/problem+json'>({
    // Lists in a query are written as the API reads them: `by=state,reason`.
    querySerializer: { array: { style: 'form', explode: false } },
    ...options,
    ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
  });
}

/** Thrown by `dataOf` for a refusal. */
class UnexpectedAnswer extends Error {}

/**
 * The data of a call that must succeed.
 * @throws UnexpectedAnswer for a refusal, and what the call throws
 * @example
 * const { items } = await dataOf(client.GET('/api/grants'));
 */
export async function dataOf<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  const { url, status } = response;
  throw new UnexpectedAnswer(`${url} was answered ${status}: ${JSON.stringify(error)}`);
}
