/** `/api/auth`: register, sign in, stay signed in, sign out. */
import { createRoute, z } from '@hono/zod-openapi';
import { DomainError } from '../../domain/errors.ts';
import { NAME_RULE, type TextLength, type TextUse } from '../../domain/text.ts';
import { PASSWORD_LENGTH, USERNAME_LENGTH } from '../../domain/user.ts';
import type { RefreshTokenStore } from '../../store/users/refresh-tokens.ts';
import type { User, UserStore } from '../../store/users/users.ts';
import { text } from '../http/text.ts';
import { type AuthDeps, access } from '../identity/auth.ts';
import { limitKeyOf } from '../identity/client-address.ts';
import type { Passwords } from '../identity/passwords.ts';
import { limitByAddress, type RateLimits } from '../identity/rate-limits.ts';
import { toUserBody, UserSchema } from '../identity/user-body.ts';
import { problems } from '../problem.ts';
import { json, jsonBody, newRouter } from '../router.ts';

export interface AuthRouteDeps extends AuthDeps {
  store: { users: UserStore; refreshTokens: RefreshTokenStore };
  passwords: Passwords;
  rateLimits: RateLimits;
  now: () => Date;
}

/** In code points. */
const DISPLAY_NAME_LENGTH = [1, 64] as const;
/** In characters; longer than any token of ours. */
const MAX_REFRESH_TOKEN_LENGTH = 256;

/** A user's name. Its rule is described in words, as few readers support `\p` in a pattern. */
const name = (length: TextLength) => text('NAME', length).openapi({ description: NAME_RULE });

const Registration = z
  .strictObject({
    username: name(USERNAME_LENGTH),
    password: text('LINE', PASSWORD_LENGTH),
    displayName: name(DISPLAY_NAME_LENGTH).optional(),
  })
  .openapi('Registration');

/** A text that does not fit becomes empty, which no user has: `invalid_credentials`. */
const orEmpty = (use: TextUse, [minLength, maxLength]: TextLength) =>
  text(use, [minLength, maxLength]).catch('').openapi({ type: 'string', minLength, maxLength });

const Credentials = z
  .strictObject({
    username: orEmpty('NAME', USERNAME_LENGTH),
    password: orEmpty('LINE', PASSWORD_LENGTH),
  })
  .openapi('Credentials', { required: ['username', 'password'] });

const RefreshToken = z
  .strictObject({ refreshToken: text('LINE', [1, MAX_REFRESH_TOKEN_LENGTH]) })
  .openapi('RefreshToken');

const TokenPair = z
  .object({
    accessToken: z.string(),
    tokenType: z.literal('Bearer'),
    expiresIn: z.int().openapi({ description: 'Lifetime of the access token, in seconds.' }),
    refreshToken: z.string(),
  })
  .openapi('TokenPair');

/** RFC 6749, section 5.1: no cache may keep an answer with tokens in it. */
const NO_STORE = { 'Cache-Control': 'no-store' } as const;

const tags = ['Auth'];

function signInRoutes({ rateLimits }: AuthRouteDeps) {
  return {
    register: createRoute({
      method: 'post',
      path: '/api/auth/register',
      summary: 'Register as a player',
      tags,
      middleware: [limitByAddress(rateLimits.registrations)],
      request: { body: jsonBody(Registration) },
      responses: {
        201: json(UserSchema, 'The new user'),
        ...problems('invalid_request', 'username_taken', 413, 415, 429),
      },
    }),
    login: createRoute({
      method: 'post',
      path: '/api/auth/login',
      summary: 'Sign in',
      tags,
      middleware: [limitByAddress(rateLimits.logins)],
      request: { body: jsonBody(Credentials) },
      responses: {
        200: json(TokenPair, 'Tokens'),
        ...problems('invalid_request', 'invalid_credentials', 'user_not_active', 413, 415, 429),
      },
    }),
  };
}

function sessionRoutes(deps: AuthRouteDeps) {
  return {
    refresh: createRoute({
      method: 'post',
      path: '/api/auth/refresh',
      summary: 'Get a new pair of tokens; the refresh token sent is spent',
      tags,
      request: { body: jsonBody(RefreshToken) },
      responses: {
        200: json(TokenPair, 'Tokens'),
        ...problems('invalid_request', 'unauthenticated', 413, 415),
      },
    }),
    logout: createRoute({
      method: 'post',
      path: '/api/auth/logout',
      summary: 'End the sign-in a refresh token belongs to',
      tags,
      request: { body: jsonBody(RefreshToken) },
      responses: { 204: { description: 'Ended' }, ...problems('invalid_request', 413, 415) },
    }),
    profile: createRoute({
      ...access(deps),
      method: 'get',
      path: '/api/auth/profile',
      summary: 'Who am I',
      tags,
      responses: {
        200: json(UserSchema, 'The signed-in user'),
        ...problems('unauthenticated', 'token_expired'),
      },
    }),
  };
}

export function authRoutes(deps: AuthRouteDeps) {
  const { register, login } = signInRoutes(deps);
  const { refresh, logout, profile } = sessionRoutes(deps);
  const { passwords, rateLimits, now } = deps;
  const { users, refreshTokens } = deps.store;

  async function pairFor(user: User, refreshToken: string) {
    const { userId, tokenEpoch } = user;
    const accessToken = await deps.tokens.issue({ userId, epoch: tokenEpoch });
    return { accessToken, tokenType: 'Bearer' as const, expiresIn: deps.tokens.ttlS, refreshToken };
  }

  return newRouter()
    .openapi(register, async (c) => {
      const { username, password, displayName = username } = c.req.valid('json');
      const passwordHash = await passwords.hash(password);
      const user = await users.register({ username, displayName, passwordHash }, now());
      return c.json(toUserBody(user), 201);
    })
    .openapi(login, async (c) => {
      const { username, password } = c.req.valid('json');
      if (username === '' || password === '') throw wrongCredentials();
      const user = await users.findByUsername(username);
      const attempt = rateLimits.loginAttempt(limitKeyOf(c.get('client').address), username);
      const matched = await passwords.matches(password, user?.passwordHash ?? null, attempt);
      if (!user || !matched) throw wrongCredentials();
      if (user.status !== 'ACTIVE') {
        throw new DomainError('user_not_active', `This user is ${user.status}.`);
      }
      const holder = { userId: user.userId, epoch: user.tokenEpoch };
      const refreshToken = await refreshTokens.issue(holder, now());
      return c.json(await pairFor(user, refreshToken), 200, NO_STORE);
    })
    .openapi(refresh, async (c) => {
      const rotation = await refreshTokens.rotate(c.req.valid('json').refreshToken, now());
      if (rotation.outcome !== 'ROTATED') throw deadRefreshToken();
      const { token, holder } = rotation;
      const user = await users.get(holder.userId);
      // The new token is not answered, and the old one is spent: the family has ended.
      if (user?.status !== 'ACTIVE' || user.tokenEpoch !== holder.epoch) throw deadRefreshToken();
      return c.json(await pairFor(user, token), 200, NO_STORE);
    })
    .openapi(logout, async (c) => {
      await refreshTokens.end(c.req.valid('json').refreshToken);
      return c.body(null, 204);
    })
    .openapi(profile, async (c) => {
      const user = await users.get(c.get('user').userId);
      if (!user) throw new DomainError('unauthenticated', 'This user no longer exists.');
      return c.json(toUserBody(user), 200);
    });
}

function wrongCredentials(): DomainError {
  return new DomainError('invalid_credentials', 'No user has this name and password.');
}

/** The same answer for an unknown, spent, expired or revoked token: it must not tell which. */
function deadRefreshToken(): DomainError {
  return new DomainError('unauthenticated', 'This refresh token is not valid. Sign in again.');
}
