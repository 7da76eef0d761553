/** `/api/auth/totp`: the second factor of staff. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { DomainError } from '../../domain/errors.ts';
import { STAFF } from '../../domain/user.ts';
import type { MfaChallengeStore } from '../../store/users/mfa-challenges.ts';
import type { TotpStore } from '../../store/users/totp.ts';
import type { UserStore } from '../../store/users/users.ts';
import type { ApiEnv } from '../api-env.ts';
import { type AuthDeps, access, bearerOf, GUARDED, staffOf } from '../identity/auth.ts';
import type { SecondFactors } from '../identity/second-factor.ts';
import {
  deadMfaToken,
  isMfaToken,
  mfaText,
  NO_STORE,
  userOfChallenge,
} from '../identity/sign-in.ts';
import { problems } from '../problem.ts';
import { idParam, json, jsonBody, newRouter } from '../router.ts';

export interface TotpRouteDeps extends AuthDeps {
  store: { users: UserStore; mfaChallenges: MfaChallengeStore; totp: TotpStore };
  secondFactors: SecondFactors;
  now: () => Date;
}

const Enrolment = z
  .object({
    secret: z.string().openapi({ description: 'In base32, to be typed into an authenticator.' }),
    uri: z.string().openapi({ description: 'The same as an `otpauth:` URI, for a QR code.' }),
  })
  .openapi('TotpEnrolment');

const Confirmation = z.strictObject({ code: mfaText }).openapi('TotpConfirmation');

const Confirmed = z
  .object({
    recoveryCodes: z.array(z.string()).openapi({
      description: 'Each stands for a code once. They are shown here only.',
    }),
  })
  .openapi('TotpConfirmed');

const State = z
  .object({
    enabled: z.boolean(),
    recoveryCodesLeft: z.int(),
  })
  .openapi('TotpState');

const tags = ['Auth'];
const PATH = '/api/auth/totp';

/** Lets staff through who are signed in, or who may sign in once they have enrolled. */
function staffOrEnrolling(deps: TotpRouteDeps) {
  const { middleware, security } = access(deps, ...STAFF);
  const [signedIn, staffOnly] = middleware as [
    MiddlewareHandler<ApiEnv>,
    MiddlewareHandler<ApiEnv>,
  ];
  const guard: MiddlewareHandler<ApiEnv> = async (c, next) => {
    const bearer = bearerOf(c);
    if (!isMfaToken(bearer)) return await signedIn(c, async () => void (await staffOnly(c, next)));
    const challenge = await deps.store.mfaChallenges.find(bearer, deps.now());
    const user =
      challenge?.kind === 'ENROL' && (await userOfChallenge(deps.store.users, challenge));
    if (!user) throw deadMfaToken();
    const { userId, username, role, status } = user;
    c.set('user', { userId, username, role, status });
    await next();
  };
  return { middleware: [guard], security };
}

function enrolmentRoutes(deps: TotpRouteDeps) {
  return {
    read: createRoute({
      ...access(deps, ...STAFF),
      method: 'get',
      path: PATH,
      summary: 'Whether I have a second factor',
      tags,
      responses: { 200: json(State, 'The second factor'), ...problems(...GUARDED) },
    }),
    begin: createRoute({
      ...staffOrEnrolling(deps),
      method: 'post',
      path: PATH,
      summary: 'Begin to set up a second factor; it is in use once it is confirmed',
      description: 'Also with an `mfaToken` as the bearer token, where a sign-in asks for it.',
      tags,
      responses: {
        201: json(Enrolment, 'The secret. It is shown here only.'),
        ...problems(...GUARDED, 'conflict'),
      },
    }),
    confirm: createRoute({
      ...staffOrEnrolling(deps),
      method: 'post',
      path: `${PATH}/confirm`,
      summary: 'Take a second factor into use, which ends all other sign-ins',
      description:
        'Also with an `mfaToken` as the bearer token: it then goes on at `/api/auth/login/totp` ' +
        'without another code.',
      tags,
      request: { body: jsonBody(Confirmation) },
      responses: {
        200: json(Confirmed, 'It is in use'),
        ...problems(
          'invalid_request',
          ...GUARDED,
          'invalid_credentials',
          'conflict',
          413,
          415,
          429,
        ),
      },
    }),
  };
}

function removalRoutes(deps: TotpRouteDeps) {
  return {
    remove: createRoute({
      ...access(deps, ...STAFF),
      method: 'delete',
      path: PATH,
      summary: 'Remove my second factor, which ends all other sign-ins',
      tags,
      responses: { 204: { description: 'Removed' }, ...problems(...GUARDED, 'not_found') },
    }),
    removeOf: createRoute({
      ...access(deps, 'ADMIN'),
      method: 'delete',
      path: '/api/users/{userId}/totp',
      summary: "Remove a user's second factor, for one who lost it; it ends their sign-ins",
      tags: ['Users'],
      request: { params: z.object({ userId: idParam('userId') }) },
      responses: { 204: { description: 'Removed' }, ...problems(...GUARDED, 'not_found') },
    }),
  };
}

export function totpRoutes(deps: TotpRouteDeps) {
  const { read, begin, confirm } = enrolmentRoutes(deps);
  const { remove, removeOf } = removalRoutes(deps);
  const { secondFactors, now } = deps;
  const { totp, mfaChallenges } = deps.store;

  async function removeFrom(c: Context<ApiEnv>, userId: string, keep: string | null) {
    await totp.remove(staffOf(c), { userId, keep }, now());
    deps.currentUsers.forget(userId);
    return c.body(null, 204);
  }

  return newRouter()
    .openapi(read, async (c) => {
      const factor = await totp.find(c.get('user').userId);
      const recoveryCodesLeft = factor?.recoveryCodes ?? 0;
      return c.json({ enabled: factor !== null, recoveryCodesLeft }, 200);
    })
    .openapi(begin, async (c) => {
      if (c.get('token')?.keyHash !== undefined) throw noFactorForKeys();
      return c.json(await secondFactors.begin(c.get('user')), 201, NO_STORE);
    })
    .openapi(confirm, async (c) => {
      const bearer = bearerOf(c);
      const keep = isMfaToken(bearer) ? null : (c.get('token').signInId ?? null);
      const { code } = c.req.valid('json');
      const client = c.get('client');
      const { recoveryCodes, epoch } = await secondFactors.confirm(staffOf(c), code, keep, client);
      if (isMfaToken(bearer)) await mfaChallenges.enrolled(bearer, epoch);
      deps.currentUsers.forget(c.get('user').userId);
      return c.json({ recoveryCodes }, 200, NO_STORE);
    })
    .openapi(remove, (c) => removeFrom(c, c.get('user').userId, c.get('token').signInId ?? null))
    .openapi(removeOf, (c) => removeFrom(c, c.req.valid('param').userId, null));
}

const noFactorForKeys = () =>
  new DomainError('forbidden', 'A service account signs in with a key and has no second factor.');
