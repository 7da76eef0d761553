/** Signing in, and staying signed in: the rules of `/api/auth/login` and the session. */
import { z } from '@hono/zod-openapi';
import type { Logger } from 'pino';
import { DomainError } from '../../domain/errors.ts';
import type { TextLength, TextUse } from '../../domain/text.ts';
import { PASSWORD_LENGTH, USERNAME_LENGTH } from '../../domain/user.ts';
import {
  MFA_TOKEN_START,
  type MfaChallenge,
  type MfaChallengeStore,
} from '../../store/users/mfa-challenges.ts';
import type { EndedSignIn, RefreshTokenStore } from '../../store/users/refresh-tokens.ts';
import { type User, type UserStore, usernameKey } from '../../store/users/users.ts';
import { text } from '../http/text.ts';
import type { Client } from './client-address.ts';
import type { CurrentUsers } from './current-users.ts';
import type { Guesses } from './guesses.ts';
import type { Passwords } from './passwords.ts';
import type { RateLimits } from './rate-limits.ts';
import type { SecondFactors } from './second-factor.ts';
import type { Tokens } from './tokens.ts';

export interface SignInDeps {
  store: {
    users: UserStore;
    refreshTokens: RefreshTokenStore;
    mfaChallenges: MfaChallengeStore;
  };
  tokens: Tokens;
  passwords: Passwords;
  rateLimits: RateLimits;
  guesses: Guesses;
  secondFactors: SecondFactors;
  currentUsers: Pick<CurrentUsers, 'forget'>;
  log: Pick<Logger, 'info'>;
  now: () => Date;
}

/** A text that does not fit becomes empty, which no user has: `invalid_credentials`. */
const orEmpty = (use: TextUse, [minLength, maxLength]: TextLength) =>
  text(use, [minLength, maxLength]).catch('').openapi({ type: 'string', minLength, maxLength });

/** The body of a sign-in. */
export const Credentials = z
  .strictObject({
    username: orEmpty('NAME', USERNAME_LENGTH),
    password: orEmpty('LINE', PASSWORD_LENGTH),
  })
  .openapi('Credentials', { required: ['username', 'password'] });

/** In characters; longer than any `mfaToken` of ours, and than a recovery code with its hyphens. */
const MAX_MFA_LENGTH = 64;

/** A text of a second step. */
export const mfaText = text('LINE', [1, MAX_MFA_LENGTH]);

/** The body of a sign-in's second step. */
export const SecondStep = z
  .strictObject({
    mfaToken: mfaText,
    code: mfaText.optional().openapi({
      description:
        'A code of the authenticator, or a recovery code. Left out right after an enrolment, which ' +
        'has shown one.',
    }),
  })
  .openapi('SecondStep');

/** The fields of every answer with an access token. */
export const ACCESS_TOKEN_FIELDS = {
  accessToken: z.string(),
  tokenType: z.literal('Bearer'),
  expiresIn: z.int().openapi({ description: 'Lifetime of the access token, in seconds.' }),
};

/** RFC 6749, section 5.1: no cache may keep an answer with tokens in it. */
export const NO_STORE = { 'Cache-Control': 'no-store' } as const;

interface SignedIn {
  /** The answer without the refresh token. */
  access: { accessToken: string; tokenType: 'Bearer'; expiresIn: number };
  refreshToken: string;
}

/** The ways to a pair of tokens. */
export function createSignIn(deps: SignInDeps) {
  const { store, tokens, passwords, guesses, secondFactors, log, now } = deps;
  const { users, refreshTokens, mfaChallenges } = store;

  async function pairFor(user: User, refreshToken: string): Promise<SignedIn> {
    const { userId, tokenEpoch: epoch } = user;
    const signInId = refreshTokens.signInIdOf(refreshToken);
    const accessToken = await tokens.issue({ userId, epoch, signInId });
    return { access: { accessToken, tokenType: 'Bearer', expiresIn: tokens.ttlS }, refreshToken };
  }

  /** The whole sign-in of a user who has shown all that is needed. */
  async function begin(user: User, client: Client): Promise<SignedIn> {
    const holder = { userId: user.userId, epoch: user.tokenEpoch, role: user.role };
    await guesses.signedIn(user.userId, client);
    log.info({ userId: user.userId, from: client.address }, 'signed in');
    return await pairFor(user, await refreshTokens.issue(holder, now()));
  }

  /** Ends the access tokens of a sign-in whose refresh token is gone. */
  async function endAccess(ended: EndedSignIn): Promise<void> {
    await users.endSignIn(ended);
    deps.currentUsers.forget(ended.userId);
  }

  /** Never by the name that was given: people type passwords there. */
  function logRefusal(why: string, userId: string | undefined, client: Client): void {
    log.info({ why, userId, from: client.address }, 'sign-in refused');
  }

  /** @throws DomainError `mfa_required` where a password is not enough */
  async function requireSecondFactor(user: User): Promise<void> {
    const mfa = await secondFactors.needed(user);
    if (mfa === 'NONE') return;
    const challenge = { userId: user.userId, epoch: user.tokenEpoch, kind: mfa };
    const mfaToken = await mfaChallenges.issue(challenge, now());
    const detail =
      mfa === 'CODE' ? 'Send a code of your authenticator.' : 'Set up a second factor first.';
    throw new DomainError('mfa_required', detail, { members: { mfaToken, mfa } });
  }

  return {
    /** @throws DomainError `invalid_credentials`, `user_not_active`, `mfa_required`, `rate_limited` */
    async byPassword(
      { username, password }: z.infer<typeof Credentials>,
      client: Client,
    ): Promise<SignedIn> {
      if (username === '' || password === '') throw wrongCredentials();
      const user = await users.findByUsername(username);
      // A name that nobody has is counted too: the limit must not tell who exists.
      const account = user?.userId ?? `nobody ${usernameKey(username)}`;
      const attempt = guesses.attempt('PASSWORD', account, client);
      const matched = await passwords.matches(password, user?.passwordHash ?? null, attempt);
      if (!user || !matched) {
        logRefusal('PASSWORD', user?.userId, client);
        throw wrongCredentials();
      }
      if (user.status !== 'ACTIVE') {
        logRefusal(user.status, user.userId, client);
        throw new DomainError('user_not_active', `This user is ${user.status}.`);
      }
      await requireSecondFactor(user);
      return await begin(user, client);
    },

    /**
     * The second step of a sign-in by password.
     * @throws DomainError `unauthenticated`, `invalid_credentials`, `mfa_required`, `rate_limited`
     */
    async byCode(
      { mfaToken, code }: z.infer<typeof SecondStep>,
      client: Client,
    ): Promise<SignedIn> {
      const challenge = await mfaChallenges.find(mfaToken, now());
      const user = challenge && (await userOfChallenge(users, challenge));
      if (!user) throw deadMfaToken();
      if (challenge.kind === 'ENROL') {
        const members = { mfaToken, mfa: 'ENROL' };
        throw new DomainError('mfa_required', 'Set up a second factor first.', { members });
      }
      if (challenge.kind === 'CODE') {
        if (!code) throw new DomainError('invalid_credentials', 'Send a code.');
        await secondFactors.take(user.userId, code, client).catch((error: unknown) => {
          logRefusal('CODE', user.userId, client);
          throw error;
        });
      }
      if (!(await mfaChallenges.spend(mfaToken))) throw deadMfaToken();
      return await begin(user, client);
    },

    /**
     * Spends a refresh token for a new pair; a spent one ends its family.
     * @throws DomainError `unauthenticated`
     */
    async byRefreshToken(refreshToken: string): Promise<SignedIn> {
      const rotation = await refreshTokens.rotate(refreshToken, now());
      if (rotation.outcome === 'REUSED') await endAccess(rotation.ended);
      if (rotation.outcome !== 'ROTATED') throw deadRefreshToken();
      const { token, holder } = rotation;
      const user = await users.get(holder.userId);
      // The new token is not answered, and the old one is spent: the family has ended.
      if (user?.status !== 'ACTIVE' || user.tokenEpoch !== holder.epoch) throw deadRefreshToken();
      // A sign-in from before `STAFF_MFA=required`.
      if (await secondFactors.isMissing(user)) throw deadRefreshToken();
      return await pairFor(user, token);
    },

    /** Ends the sign-in of a refresh token, if there is one. */
    async end(refreshToken: string): Promise<void> {
      const ended = await refreshTokens.end(refreshToken);
      if (ended) await endAccess(ended);
    },
  };
}

/** The user of a challenge; undefined where a change has ended it, or they have left. */
export async function userOfChallenge(
  users: Pick<UserStore, 'get'>,
  { userId, epoch }: MfaChallenge,
): Promise<User | undefined> {
  const user = await users.get(userId);
  return user?.status === 'ACTIVE' && user.tokenEpoch === epoch ? user : undefined;
}

/** Whether a bearer token is one that may only set up a second factor. */
export const isMfaToken = (token: string): boolean => token.startsWith(MFA_TOKEN_START);

/** The same answer for an unknown, spent or expired token. */
export function deadMfaToken(): DomainError {
  return new DomainError('unauthenticated', 'This sign-in is over. Sign in again.');
}

function wrongCredentials(): DomainError {
  return new DomainError('invalid_credentials', 'No user has this name and password.');
}

/** The same answer for an unknown, spent, expired or revoked token: it must not tell which. */
function deadRefreshToken(): DomainError {
  return new DomainError('unauthenticated', 'This refresh token is not valid. Sign in again.');
}
