/** `/api/auth/session`: a browser's sign-in. The refresh token is a cookie that no script can read. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { DomainError } from '../../domain/errors.ts';
import { REFRESH_TOKEN_TTL_MS } from '../../store/users/refresh-tokens.ts';
import type { ApiEnv } from '../api-env.ts';
import { limitByAddress } from '../identity/rate-limits.ts';
import { sameOriginOnly } from '../identity/same-origin.ts';
import {
  ACCESS_TOKEN_FIELDS,
  Credentials,
  createSignIn,
  NO_STORE,
  SecondStep,
  type SignInDeps,
} from '../identity/sign-in.ts';
import { problems } from '../problem.ts';
import { json, jsonBody, newRouter } from '../router.ts';

/** The name of the session's security scheme in the API's description. */
export const SESSION = 'session';

/** Its prefix makes a browser refuse it from any other host, and without TLS. */
export const SESSION_COOKIE = '__Host-laurel';

/** It may outlive the refresh token in it, whose own end counts; it then goes at the next call. */
const COOKIE = {
  path: '/',
  httpOnly: true,
  secure: true,
  sameSite: 'Strict',
  maxAge: REFRESH_TOKEN_TTL_MS / 1_000,
} as const;

const AccessToken = z.object(ACCESS_TOKEN_FIELDS).openapi('AccessToken');

const signedIn = {
  ...json(AccessToken, 'An access token; the refresh token is in the cookie'),
  headers: {
    'Set-Cookie': {
      description: `\`${SESSION_COOKIE}\`: \`HttpOnly\`, \`Secure\`, \`SameSite=Strict\``,
      schema: { type: 'string' as const },
    },
  },
};

const tags = ['Auth'];

/** The guard is before the limit: what no browser of ours sent counts for nobody. */
function beginRoutes({ rateLimits }: SignInDeps) {
  return {
    begin: createRoute({
      method: 'post',
      path: '/api/auth/session',
      summary: 'Sign in with a browser: refused unless `Sec-Fetch-Site` is `same-origin`',
      tags,
      middleware: [sameOriginOnly, limitByAddress(rateLimits.logins)],
      request: { body: jsonBody(Credentials) },
      responses: {
        200: signedIn,
        ...problems(
          'invalid_request',
          'invalid_credentials',
          'mfa_required',
          'forbidden',
          'user_not_active',
          413,
          415,
          429,
        ),
      },
    }),
    second: createRoute({
      method: 'post',
      path: '/api/auth/session/totp',
      summary: 'Go on with a sign-in with a browser that needs a second factor',
      tags,
      middleware: [sameOriginOnly, limitByAddress(rateLimits.logins)],
      request: { body: jsonBody(SecondStep) },
      responses: {
        200: signedIn,
        ...problems(
          'invalid_request',
          'unauthenticated',
          'invalid_credentials',
          'mfa_required',
          'forbidden',
          413,
          415,
          429,
        ),
      },
    }),
  };
}

function laterRoutes() {
  return {
    refresh: createRoute({
      method: 'post',
      path: '/api/auth/session/refresh',
      summary: 'Get a new access token by the cookie, whose token is replaced',
      tags,
      security: [{ [SESSION]: [] }],
      middleware: [sameOriginOnly],
      responses: { 200: signedIn, ...problems('unauthenticated', 'forbidden') },
    }),
    end: createRoute({
      method: 'delete',
      path: '/api/auth/session',
      summary: 'Sign out, and clear the cookie',
      tags,
      middleware: [sameOriginOnly],
      responses: { 204: { description: 'Ended' }, ...problems('forbidden') },
    }),
  };
}

/** The routes of a session by cookie. */
export function sessionRoutes(deps: SignInDeps) {
  const { begin, second } = beginRoutes(deps);
  const { refresh, end } = laterRoutes();
  const signIn = createSignIn(deps);

  /** Ends the sign-in of the browser's cookie, if it has one. */
  async function endCookiesSignIn(c: Context<ApiEnv>): Promise<void> {
    const token = getCookie(c, SESSION_COOKIE);
    if (token !== undefined) await signIn.end(token);
  }

  return newRouter()
    .openapi(begin, async (c) => {
      const { access, refreshToken } = await signIn.byPassword(
        c.req.valid('json'),
        c.get('client'),
      );
      await endCookiesSignIn(c);
      setSessionCookie(c, refreshToken);
      return c.json(access, 200, NO_STORE);
    })
    .openapi(second, async (c) => {
      const { access, refreshToken } = await signIn.byCode(c.req.valid('json'), c.get('client'));
      await endCookiesSignIn(c);
      setSessionCookie(c, refreshToken);
      return c.json(access, 200, NO_STORE);
    })
    .openapi(refresh, async (c) => {
      const token = getCookie(c, SESSION_COOKIE);
      if (token === undefined) throw new DomainError('unauthenticated', 'There is no session.');
      const { access, refreshToken } = await signIn
        .byRefreshToken(token)
        .catch((error: unknown) => {
          if (error instanceof DomainError) clear(c);
          throw error;
        });
      setSessionCookie(c, refreshToken);
      return c.json(access, 200, NO_STORE);
    })
    .openapi(end, async (c) => {
      await endCookiesSignIn(c);
      clear(c);
      return c.body(null, 204);
    });
}

/** Begins the browser's session with this refresh token. */
export function setSessionCookie(c: Context<ApiEnv>, refreshToken: string): void {
  setCookie(c, SESSION_COOKIE, refreshToken, COOKIE);
}

function clear(c: Context<ApiEnv>): void {
  deleteCookie(c, SESSION_COOKIE, COOKIE);
}
