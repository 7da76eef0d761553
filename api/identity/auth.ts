/** Who is calling, and whether their role may: 401 first, then 403, and only then 400. */
import type { Context, MiddlewareHandler } from 'hono';
import { DomainError } from '../../domain/errors.ts';
import type { Role } from '../../domain/user.ts';
import type { StaffContext } from '../../store/users/staff.ts';
import type { User } from '../../store/users/users.ts';
import type { ApiEnv } from '../api-env.ts';
import type { CurrentUsers } from './current-users.ts';
import type { Tokens, Verified } from './tokens.ts';

export interface AuthDeps {
  tokens: Tokens;
  currentUsers: CurrentUsers;
}

/** The name of the security scheme in the API's description. */
export const BEARER = 'bearer';

/**
 * Lets signed-in users through and sets `user`. A token counts only as long as its user is active
 * and has had no change of role or status since it was issued.
 */
function requireUser(deps: AuthDeps): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const token = await deps.tokens.verify(bearerToken(c.req.header('authorization')));
    const user = await userOf(deps, token);
    if (!user) throw new DomainError('unauthenticated', 'This access token is no longer valid.');
    const { userId, username, role, status } = user;
    c.set('user', { userId, username, role, status });
    c.set('token', token);
    await next();
  };
}

/** Whether a token that let a request in still would: for what is sent long after it came. */
export async function stillCounts(deps: AuthDeps, token: Verified): Promise<boolean> {
  return deps.tokens.leftMs(token) > 0 && (await userOf(deps, token)) !== undefined;
}

/** Undefined where the user has left, or has had a change of role or status since. */
async function userOf(deps: AuthDeps, token: Verified): Promise<User | undefined> {
  const user = await deps.currentUsers.get(token.userId);
  return user?.status === 'ACTIVE' && user.tokenEpoch === token.epoch ? user : undefined;
}

/** Lets the named roles through; comes after `requireUser`. */
function requireRole(...roles: readonly Role[]): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (!roles.includes(c.get('user').role)) {
      throw new DomainError('forbidden', `Only ${roles.join(', ')} may do this.`);
    }
    await next();
  };
}

/**
 * What a guarded route's description begins with: `createRoute({...access(deps, 'ADMIN'), …})`.
 * Without roles every signed-in user passes.
 */
export function access(deps: AuthDeps, ...roles: readonly Role[]) {
  const guards = [requireUser(deps), ...(roles.length > 0 ? [requireRole(...roles)] : [])];
  return { middleware: guards, security: [{ [BEARER]: [] }] };
}

/** What a guard may answer, for `problems(...)`. */
export const GUARDED = ['unauthenticated', 'token_expired', 'forbidden'] as const;

/** Who asks, for a change by staff. */
export function staffOf(c: Context<ApiEnv>): StaffContext {
  const { userId, role } = c.get('user');
  return { actor: { userId, role }, requestId: c.get('requestId') };
}

/** RFC 6750, section 2.1. The scheme's name is case-insensitive (RFC 9110, section 11.1). */
function bearerToken(header: string | undefined): string {
  const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header ?? '')?.[1];
  if (token === undefined) {
    throw new DomainError('unauthenticated', 'Send an access token: `Authorization: Bearer …`.');
  }
  return token;
}
