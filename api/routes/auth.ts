/** `/api/auth`: register, sign in, stay signed in, sign out. */
import { createRoute, z } from '@hono/zod-openapi';
import { DomainError } from '../../domain/errors.ts';
import { isExternalId } from '../../domain/external-id.ts';
import { NAME_RULE, type TextLength } from '../../domain/text.ts';
import { DISPLAY_NAME_LENGTH, PASSWORD_LENGTH, USERNAME_LENGTH } from '../../domain/user.ts';
import { usernameKey } from '../../store/users/users.ts';
import { text } from '../http/text.ts';
import { type AuthDeps, access } from '../identity/auth.ts';
import { assertPassword } from '../identity/password-rules.ts';
import { limitByAddress } from '../identity/rate-limits.ts';
import {
  ACCESS_TOKEN_FIELDS,
  Credentials,
  createSignIn,
  NO_STORE,
  SecondStep,
  type SignInDeps,
} from '../identity/sign-in.ts';
import { toUserBody, UserSchema } from '../identity/user-body.ts';
import { problems } from '../problem.ts';
import { json, jsonBody, newRouter } from '../router.ts';

export type AuthRouteDeps = AuthDeps & SignInDeps;

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

const RefreshToken = z
  .strictObject({ refreshToken: text('LINE', [1, MAX_REFRESH_TOKEN_LENGTH]) })
  .openapi('RefreshToken');

const TokenPair = z
  .object({ ...ACCESS_TOKEN_FIELDS, refreshToken: z.string() })
  .openapi('TokenPair');

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
        ...problems(
          'invalid_request',
          'invalid_credentials',
          'mfa_required',
          'user_not_active',
          413,
          415,
          429,
        ),
      },
    }),
    loginTotp: createRoute({
      method: 'post',
      path: '/api/auth/login/totp',
      summary: 'Go on with a sign-in that needs a second factor',
      tags,
      middleware: [limitByAddress(rateLimits.logins)],
      request: { body: jsonBody(SecondStep) },
      responses: {
        200: json(TokenPair, 'Tokens'),
        ...problems(
          'invalid_request',
          'unauthenticated',
          'invalid_credentials',
          'mfa_required',
          413,
          415,
          429,
        ),
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
        ...problems('unauthenticated', 'token_expired', 'user_not_active'),
      },
    }),
  };
}

export function authRoutes(deps: AuthRouteDeps) {
  const { register, login, loginTotp } = signInRoutes(deps);
  const { refresh, logout, profile } = sessionRoutes(deps);
  const signIn = createSignIn(deps);
  const { passwords, now } = deps;
  const { users } = deps.store;

  return newRouter()
    .openapi(register, async (c) => {
      const { username, password, displayName = username } = c.req.valid('json');
      if (isExternalId(usernameKey(username))) throw reservedName();
      await assertPassword(password, username, '/password');
      const passwordHash = await passwords.hash(password);
      const user = await users.register({ username, displayName, passwordHash }, now());
      return c.json(toUserBody(user), 201);
    })
    .openapi(login, async (c) => {
      const { access, refreshToken } = await signIn.byPassword(
        c.req.valid('json'),
        c.get('client'),
      );
      return c.json({ ...access, refreshToken }, 200, NO_STORE);
    })
    .openapi(loginTotp, async (c) => {
      const { access, refreshToken } = await signIn.byCode(c.req.valid('json'), c.get('client'));
      return c.json({ ...access, refreshToken }, 200, NO_STORE);
    })
    .openapi(refresh, async (c) => {
      const { access, refreshToken } = await signIn.byRefreshToken(
        c.req.valid('json').refreshToken,
      );
      return c.json({ ...access, refreshToken }, 200, NO_STORE);
    })
    .openapi(logout, async (c) => {
      await signIn.end(c.req.valid('json').refreshToken);
      return c.body(null, 204);
    })
    .openapi(profile, async (c) => {
      const user = await users.get(c.get('user').userId);
      if (!user) throw new DomainError('unauthenticated', 'This user no longer exists.');
      return c.json(toUserBody(user), 200);
    });
}

/** So that nobody takes a registered user for a trusted issuer's, who is shown by such a name. */
function reservedName(): DomainError {
  const message = 'Not a name that begins with ext:';
  return new DomainError('invalid_request', 'The body does not fit. See `errors`.', {
    errors: [{ pointer: '/username', message }],
  });
}
