/**
 * `/api/auth/oidc`: the two addresses of a sign-in at the studio's own provider. A browser goes
 * there itself, so they answer with redirects and are no part of the API's description.
 */
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { DomainError } from '../../domain/errors.ts';
import type { StaffOidc } from '../../process/trusted-issuers.ts';
import type { ApiEnv } from '../api-env.ts';
import { limitByAddress, type RateLimits } from '../identity/rate-limits.ts';
import { confidentialOnly } from '../identity/same-origin.ts';
import type { PendingSignIn, StaffSignIn } from '../identity/staff-oidc.ts';
import { beginStaffSession, type StaffSessionDeps } from '../identity/staff-session.ts';
import { newRouter } from '../router.ts';
import { setSessionCookie } from './session.ts';

export interface StaffOidcRouteDeps extends StaffSessionDeps {
  rateLimits: RateLimits;
  /** Undefined without `STAFF_OIDC`: then there are no such addresses. */
  staffOidc?: { settings: StaffOidc; signIn: StaffSignIn } | undefined;
}

/** Where the provider sends the browser back. */
export const CALLBACK_PATH = '/api/auth/oidc/callback';

/** The cookie of a sign-in that has begun. Its prefix: as for the session's own. */
const PENDING_COOKIE = '__Host-laurel-oidc';

/** How long a sign-in at the provider may take, in seconds. */
const PENDING_S = 600;

/** `Lax`, as the browser comes back from another site. */
const PENDING = {
  path: '/',
  httpOnly: true,
  secure: true,
  sameSite: 'Lax',
  maxAge: PENDING_S,
} as const;

/** The console's page, if `returnTo` is no address in the console. */
const HOME = '/console';

/** The routes; none without `STAFF_OIDC`. */
export function staffOidcRoutes(deps: StaffOidcRouteDeps) {
  const router = newRouter();
  if (!deps.staffOidc) return router;
  const { settings, signIn } = deps.staffOidc;
  const callbackUrl = (c: Context<ApiEnv>) =>
    new URL(CALLBACK_PATH, settings.publicUrl ?? originOf(c)).href;

  return router
    .get(
      '/api/auth/oidc/start',
      confidentialOnly,
      limitByAddress(deps.rateLimits.logins),
      async (c) => {
        const returnTo = inConsole(c.req.query('returnTo'));
        // Somebody who is signed in at the provider would not see that a session begins.
        if (isFromElsewhere(c)) return c.redirect(returnTo, 303);
        try {
          const { url, pending } = await signIn.begin(callbackUrl(c), returnTo);
          setCookie(c, PENDING_COOKIE, written(pending), PENDING);
          return c.redirect(url.href, 303);
        } catch (error) {
          return backWithout(c, returnTo, error);
        }
      },
    )
    .get(CALLBACK_PATH, confidentialOnly, limitByAddress(deps.rateLimits.logins), async (c) => {
      const pending = read(getCookie(c, PENDING_COOKIE));
      const origin = { requestId: c.get('requestId'), from: c.get('client').address };
      deleteCookie(c, PENDING_COOKIE, PENDING);
      try {
        if (!pending) throw new DomainError('unauthenticated', 'No sign-in has begun here.');
        const answer = new URL(callbackUrl(c));
        answer.search = new URL(c.req.url).search;
        const identity = await signIn.end(answer, pending);
        setSessionCookie(c, await beginStaffSession(deps, settings.name, identity, origin));
        return c.redirect(inConsole(pending.returnTo), 303);
      } catch (error) {
        const why = error instanceof DomainError ? error.code : 'error';
        deps.log.info({ why, from: origin.from, issuer: settings.name }, 'sign-in refused');
        return backWithout(c, pending?.returnTo, error);
      }
    });
}

/** Whether a page of another site sent the browser here. Browsers set the header themselves. */
function isFromElsewhere(c: Context<ApiEnv>): boolean {
  return ['cross-site', 'same-site'].includes(c.req.header('sec-fetch-site') ?? '');
}

/** Back to the console, which says why nobody is signed in. */
function backWithout(c: Context<ApiEnv>, returnTo: string | undefined, error: unknown) {
  if (!(error instanceof DomainError)) throw error;
  const url = new URL(inConsole(returnTo), originOf(c));
  url.searchParams.set('sign-in', error.code);
  return c.redirect(`${url.pathname}${url.search}`, 303);
}

/** The address at which the browser sees us. */
function originOf(c: Context<ApiEnv>): string {
  return `${c.get('client').scheme}://${new URL(c.req.url).host}`;
}

/**
 * An address in the console, as a path: anything else leads to its first page. Browsers read `//`
 * and `\` as the beginning of a host, so what counts is how a browser reads the address.
 */
export function inConsole(returnTo: string | undefined): string {
  const base = 'http://console.invalid';
  const url = returnTo === undefined ? null : URL.parse(returnTo, base);
  const isOurs = url?.origin === base && /^\/console(\/|$)/.test(url.pathname);
  return isOurs ? `${url.pathname}${url.search}` : HOME;
}

const written = (pending: PendingSignIn) =>
  Buffer.from(JSON.stringify(pending)).toString('base64url');

/** What the cookie says, or undefined where it is none of ours. */
function read(cookie: string | undefined): PendingSignIn | undefined {
  try {
    const found = JSON.parse(Buffer.from(cookie ?? '', 'base64url').toString());
    const { state, nonce, verifier, returnTo } = found;
    const isWhole = [state, nonce, verifier, returnTo].every((part) => typeof part === 'string');
    return isWhole ? { state, nonce, verifier, returnTo } : undefined;
  } catch {
    return undefined;
  }
}
