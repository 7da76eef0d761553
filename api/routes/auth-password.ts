/** `/api/auth/password` and password resets: changing a password. */
import { createRoute, z } from '@hono/zod-openapi';
import { DomainError } from '../../domain/errors.ts';
import { PASSWORD_LENGTH } from '../../domain/user.ts';
import type { PasswordStore } from '../../store/users/passwords.ts';
import { text } from '../http/text.ts';
import { type AuthDeps, access, GUARDED, staffOf } from '../identity/auth.ts';
import type { Guesses } from '../identity/guesses.ts';
import { assertPassword } from '../identity/password-rules.ts';
import type { Passwords } from '../identity/passwords.ts';
import { limitByAddress, type RateLimits } from '../identity/rate-limits.ts';
import { NO_STORE } from '../identity/sign-in.ts';
import { problems } from '../problem.ts';
import { idParam, json, jsonBody, newRouter } from '../router.ts';

export interface PasswordRouteDeps extends AuthDeps {
  store: { passwords: PasswordStore };
  passwords: Passwords;
  rateLimits: RateLimits;
  guesses: Guesses;
  now: () => Date;
}

/** In characters; longer than any token of ours. */
const MAX_RESET_TOKEN_LENGTH = 256;

const newPassword = text('LINE', PASSWORD_LENGTH).openapi({
  description: 'None that many people use, and none that holds the username.',
});

const PasswordChange = z
  .strictObject({ currentPassword: text('LINE', [1, PASSWORD_LENGTH[1]]), newPassword })
  .openapi('PasswordChange');

const PasswordReset = z
  .strictObject({ resetToken: text('LINE', [1, MAX_RESET_TOKEN_LENGTH]), newPassword })
  .openapi('PasswordReset');

const MadeReset = z
  .object({
    resetToken: z.string().openapi({ description: 'It is shown here only, and counts once.' }),
    expiresAt: z.iso.datetime(),
  })
  .openapi('MadePasswordReset');

const tags = ['Auth'];

function routes(deps: PasswordRouteDeps) {
  return {
    change: createRoute({
      ...access(deps),
      method: 'post',
      path: '/api/auth/password',
      summary: "Change one's own password, which ends all other sign-ins",
      tags,
      request: { body: jsonBody(PasswordChange) },
      responses: {
        204: { description: 'Changed' },
        ...problems(
          'invalid_request',
          'unauthenticated',
          'token_expired',
          'invalid_credentials',
          'conflict',
          413,
          415,
          429,
        ),
      },
    }),
    issueReset: createRoute({
      ...access(deps, 'ADMIN'),
      method: 'post',
      path: '/api/users/{userId}/password-reset',
      summary: 'Make a reset token for a user, valid for an hour; it replaces the one before',
      tags,
      request: { params: z.object({ userId: idParam('userId') }) },
      responses: {
        201: json(MadeReset, 'The reset token'),
        ...problems(...GUARDED, 'not_found', 'conflict'),
      },
    }),
    reset: createRoute({
      method: 'post',
      path: '/api/auth/password-reset',
      summary: 'Set a new password by a reset token, which ends all sign-ins',
      tags,
      middleware: [limitByAddress(deps.rateLimits.resets)],
      request: { body: jsonBody(PasswordReset) },
      responses: {
        204: { description: 'Set' },
        ...problems('invalid_request', 'unauthenticated', 413, 415, 429),
      },
    }),
  };
}

export function passwordRoutes(deps: PasswordRouteDeps) {
  const { change, issueReset, reset } = routes(deps);
  const { passwords, guesses, now } = deps;
  const store = deps.store.passwords;

  return newRouter()
    .openapi(change, async (c) => {
      const { userId, username } = c.get('user');
      const { currentPassword, newPassword: wanted } = c.req.valid('json');
      const oldHash = await store.hashOfUser(userId);
      if (oldHash === null) throw noPassword();
      await assertPassword(wanted, username, '/newPassword');
      const attempt = guesses.attempt('PASSWORD', userId, c.get('client'));
      const isRight = await passwords.matches(currentPassword, oldHash, attempt);
      if (!isRight) throw wrongPassword();
      const newHash = await passwords.hash(wanted);
      const keep = c.get('token').signInId ?? null;
      if (!(await store.change(staffOf(c), { userId, oldHash, newHash, keep }, now()))) {
        throw wrongPassword();
      }
      deps.currentUsers.forget(userId);
      return c.body(null, 204);
    })
    .openapi(issueReset, async (c) => {
      const { userId } = c.req.valid('param');
      const { resetToken, expiresAt } = await store.issueReset(staffOf(c), userId, now());
      return c.json({ resetToken, expiresAt: expiresAt.toISOString() }, 201, NO_STORE);
    })
    .openapi(reset, async (c) => {
      const { resetToken, newPassword: wanted } = c.req.valid('json');
      const user = await store.userOfReset(resetToken, now());
      if (!user) throw deadResetToken();
      await assertPassword(wanted, user.username, '/newPassword');
      const newHash = await passwords.hash(wanted);
      const origin = { requestId: c.get('requestId'), from: c.get('client').address };
      if (!(await store.useReset(origin, resetToken, newHash, now()))) throw deadResetToken();
      deps.currentUsers.forget(user.userId);
      return c.body(null, 204);
    });
}

const wrongPassword = () =>
  new DomainError('invalid_credentials', 'The current password is not right.');

const noPassword = () => new DomainError('conflict', 'This user signs in without a password.');

/** The same answer for an unknown, spent or expired token: it must not tell which. */
const deadResetToken = () =>
  new DomainError('unauthenticated', 'This reset token is not valid. Ask an admin for a new one.');
