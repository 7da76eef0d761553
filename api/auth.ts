/** Who is calling, and whether their role may: 401 first, then 403, and only then 400. */
import type { MiddlewareHandler } from 'hono';
import { DomainError } from '../domain/errors.ts';
import type { Role } from '../domain/user.ts';
import type { CurrentUsers } from './current-users.ts';
import type { ApiEnv } from './router.ts';
import type { Tokens } from './tokens.ts';

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
export function requireUser(deps: AuthDeps): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const claims = await deps.tokens.verify(bearerToken(c.req.header('authorization')));
    const user = await deps.currentUsers.get(claims.userId);
    if (user?.status !== 'ACTIVE' || user.tokenEpoch !== claims.epoch) {
      throw new DomainError('unauthenticated', 'This access token is no longer valid.');
    }
    const { userId, username, role, status } = user;
    c.set('user', { userId, username, role, status });
    await next();
  };
}

/** Lets the named roles through; comes after `requireUser`. */
export function requireRole(...roles: readonly Role[]): MiddlewareHandler<ApiEnv> {
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

/** RFC 6750, section 2.1. The scheme's name is case-insensitive (RFC 9110, section 11.1). */
function bearerToken(header: string | undefined): string {
  const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header ?? '')?.[1];
  if (token === undefined) {
    throw new DomainError('unauthenticated', 'Send an access token: `Authorization: Bearer …`.');
  }
  return token;
}
