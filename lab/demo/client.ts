/** A client of Laurel's API, as a game studio would write one. */

/** A node of an explanation: a leaf, or a list in `all`. */
export interface Explained {
  all?: Explained[];
  metric?: string;
  key?: string;
  have?: number | null;
  need?: number;
  met: boolean | null;
}

interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

export interface ClaimAnswer {
  claimId: string;
  eventId: string;
  userId: string;
  state: string;
  reason: string | null;
  /** Present if the claim was refused for its condition. */
  explanation?: { condition: Explained };
  createdAt: string;
  updatedAt: string;
}

export interface Stats {
  rewards: {
    rewardId: string;
    stock: number | null;
    available: number | null;
    held: number;
    granted: number;
  }[];
  claims: Record<string, number>;
}

/** Most tries of a request that is answered 429 or 503. */
const MAX_TRIES = 20;

class UnexpectedAnswer extends Error {}

export type Api = ReturnType<typeof createApi>;

/** @param baseUrl where the API listens */
export function createApi(baseUrl: string) {
  /** One call. After 429 or 503 it is repeated after `Retry-After`, with the same key. */
  async function call<T>(
    method: string,
    path: string,
    given: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer<T>> {
    for (let tries = 1; ; tries++) {
      const response = await fetch(baseUrl + path, {
        method,
        headers: {
          ...(given.body !== undefined && { 'content-type': 'application/json' }),
          ...(given.token !== undefined && { authorization: `Bearer ${given.token}` }),
          ...given.headers,
        },
        ...(given.body !== undefined && { body: JSON.stringify(given.body) }),
      });
      const isLater = response.status === 429 || response.status === 503;
      if (!isLater || tries === MAX_TRIES) {
        return {
          status: response.status,
          headers: response.headers,
          body: (await response.json()) as T,
        };
      }
      await response.body?.cancel();
      const afterS = Number(response.headers.get('retry-after')) || 1;
      await new Promise((resolve) => setTimeout(resolve, afterS * 1_000));
    }
  }

  /** One call that must succeed. @throws UnexpectedAnswer */
  async function get<T>(method: string, path: string, given: Parameters<typeof call>[2] = {}) {
    const answer = await call<T>(method, path, given);
    if (answer.status < 300) return answer.body;
    throw new UnexpectedAnswer(
      `${method} ${path} was answered ${answer.status}: ${JSON.stringify(answer.body)}`,
    );
  }

  async function login(username: string, password: string): Promise<string> {
    const body = { username, password };
    return (await get<{ accessToken: string }>('POST', '/api/auth/login', { body })).accessToken;
  }

  return {
    call,
    get,
    login,

    /** Registers a user and signs them in. */
    async join(username: string, password: string): Promise<{ userId: string; token: string }> {
      const body = { username, password };
      const { id } = await get<{ id: string }>('POST', '/api/auth/register', { body });
      return { userId: id, token: await login(username, password) };
    },
  };
}
