/** The typed client of Laurel's API, as the demo uses it. */
import { createClient, dataOf, type LaurelClient } from '../../client/index.ts';

export type Api = LaurelClient;

/** A user who is signed in, and the client that calls as them. */
export interface Player {
  userId: string;
  api: Api;
}

/** Most tries of a request that is answered 429 or 503. */
const MAX_TRIES = 20;

/** `fetch` that repeats a request after 429 or 503, as late as `Retry-After` says. */
async function patientFetch(request: Request): Promise<Response> {
  for (let tries = 1; ; tries++) {
    const response = await fetch(request.clone());
    const isLater = response.status === 429 || response.status === 503;
    if (!isLater || tries === MAX_TRIES) return response;
    await response.body?.cancel();
    const afterS = Number(response.headers.get('retry-after')) || 1;
    await new Promise((resolve) => setTimeout(resolve, afterS * 1_000));
  }
}

/**
 * The client of a user who signs in by name and password.
 * @param baseUrl where the API listens
 */
export async function signIn(baseUrl: string, username: string, password: string): Promise<Api> {
  const anonymous = createClient({ baseUrl, fetch: patientFetch });
  const body = { username, password };
  const { accessToken } = await dataOf(anonymous.POST('/api/auth/login', { body }));
  return createClient({ baseUrl, fetch: patientFetch, token: accessToken });
}

/** Registers a user and signs them in. */
export async function join(baseUrl: string, username: string, password: string): Promise<Player> {
  const anonymous = createClient({ baseUrl, fetch: patientFetch });
  const body = { username, password };
  const { id: userId } = await dataOf(anonymous.POST('/api/auth/register', { body }));
  return { userId, api: await signIn(baseUrl, username, password) };
}
