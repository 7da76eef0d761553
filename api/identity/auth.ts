/** Authentication and roles. Their order: 401, then 403, and only then 400. */
import type { Context, MiddlewareHandler } from 'hono';
import { DomainError } from '../../domain/errors.ts';
import { isStaff, type Role } from '../../domain/user.ts';
import type { StaffContext } from '../../store/users/staff.ts';
import type { User } from '../../store/users/users.ts';
import type { ApiEnv, AuthenticatedUser } from '../api-env.ts';
import type { CurrentUsers } from './current-users.ts';
import type { ExternalSignIn } from './external-sign-in.ts';
import type { TrustedIssuers } from './issuers.ts';
import type { ServiceKeys } from './service-keys.ts';
import type { Tokens, Verified } from './tokens.ts';

export interface AuthDeps {
  tokens: Tokens;
  serviceKeys: ServiceKeys;
  currentUsers: CurrentUsers;
  issuers: TrustedIssuers;
  externalSignIn: ExternalSignIn;
}

/** The name of the security scheme in the API's description. */
export const BEARER = 'bearer';

/**
 * Middleware that lets signed-in users through, and sets `user` and `token`. A token is valid only
 * while its user is active and has had no change of role or status since.
 */
function requireUser(deps: AuthDeps): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const bearer = bearerOf(c);
    const token = await verified(deps, bearer, c);
    const user = await userOf(deps, token);
    if (!user) throw new DomainError('unauthenticated', 'This access token is no longer valid.');
    const { userId, username, role, status } = user;
    c.set('user', { userId, username, role, status });
    c.set('token', token);
    await next();
  };
}

/** Verifies a bearer token of any kind: a service key, a trusted issuer's token, or one of ours. */
async function verified(deps: AuthDeps, bearer: string, c: Context<ApiEnv>): Promise<Verified> {
  if (deps.serviceKeys.isKey(bearer)) return await deps.serviceKeys.verify(bearer, c.get('client'));
  const external = await deps.externalSignIn.verify(bearer, c.get('requestId'));
  return external ?? (await deps.tokens.verify(bearer));
}

/** Whether a token is still valid: for answers that are sent long after the request came. */
export async function stillCounts(deps: AuthDeps, token: Verified): Promise<boolean> {
  return deps.tokens.leftMs(token) > 0 && (await userOf(deps, token)) !== undefined;
}

/**
 * The token's user; undefined if they have left, or had a change of role or status since. A key
 * outlives such a change: its account's role is read with each request.
 */
async function userOf(deps: AuthDeps, token: Verified): Promise<User | undefined> {
  const user = await deps.currentUsers.get(token.userId);
  if (user?.status !== 'ACTIVE') return undefined;
  const counts =
    token.keyHash === undefined
      ? isOfEpoch(user, token)
      : await deps.serviceKeys.isLive(token.keyHash);
  return counts ? user : undefined;
}

/** Whether neither a sign-out nor a change has ended the token, or its sign-in is the one that stayed. */
function isOfEpoch(user: User, { epoch, signInId }: Verified): boolean {
  const { tokenEpoch, keptSignIn, endedSignIns } = user;
  if (signInId !== undefined && endedSignIns.includes(signInId)) return false;
  if (tokenEpoch === epoch) return true;
  if (!keptSignIn || keptSignIn.underEpoch !== tokenEpoch) return false;
  return keptSignIn.signInId === signInId && epoch >= keptSignIn.sinceEpoch;
}

/** Middleware that lets the named roles through; comes after `requireUser`. */
function requireRole(...roles: readonly Role[]): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (!roles.includes(c.get('user').role)) {
      throw new DomainError('forbidden', `Only ${roles.join(', ')} may do this.`);
    }
    await next();
  };
}

/**
 * The guards of a route, to begin its description with. Without roles every signed-in user passes.
 * @example
 * createRoute({ ...access(deps, 'ADMIN'), method: 'get', … });
 */
export function access(deps: AuthDeps, ...roles: readonly Role[]) {
  const guards = [requireUser(deps), ...(roles.length > 0 ? [requireRole(...roles)] : [])];
  return { middleware: guards, security: [{ [BEARER]: [] }] };
}

/** The problems that a guard may answer, for `problems(...)`. */
export const GUARDED = [
  'unauthenticated',
  'token_expired',
  'forbidden',
  'user_not_active',
] as const;

/**
 * Whose records a reader sees: staff those of the user that they ask for, or everybody's; anybody
 * else only their own.
 */
export function ownUnlessStaff(
  reader: Pick<AuthenticatedUser, 'userId' | 'role'>,
  askedFor?: string,
): string | undefined {
  return isStaff(reader.role) ? askedFor : reader.userId;
}

/** Who acts, for a change by staff: what the audit log will say. */
export function staffOf(c: Context<ApiEnv>): StaffContext {
  const { userId, role } = c.get('user');
  return { actor: { userId, role }, requestId: c.get('requestId'), from: c.get('client').address };
}

/**
 * The bearer token of a request.
 * RFC 6750, section 2.1. The scheme's name is case-insensitive (RFC 9110, section 11.1).
 * @throws DomainError `unauthenticated` without one
 */
export function bearerOf(c: Context<ApiEnv>): string {
  const header = c.req.header('authorization');
  const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header ?? '')?.[1];
  if (token === undefined) {
    throw new DomainError('unauthenticated', 'Send an access token: `Authorization: Bearer …`.');
  }
  return token;
}
