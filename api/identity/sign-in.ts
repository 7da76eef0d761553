/** Signing in by name and password, and staying signed in: the rules of `/api/auth/login` and the session. */
import { z } from '@hono/zod-openapi';
import { DomainError } from '../../domain/errors.ts';
import type { TextLength, TextUse } from '../../domain/text.ts';
import { PASSWORD_LENGTH, USERNAME_LENGTH } from '../../domain/user.ts';
import type { RefreshTokenStore } from '../../store/users/refresh-tokens.ts';
import type { User, UserStore } from '../../store/users/users.ts';
import { text } from '../http/text.ts';
import { type Client, limitKeyOf } from './client-address.ts';
import type { Passwords } from './passwords.ts';
import type { RateLimits } from './rate-limits.ts';
import type { Tokens } from './tokens.ts';

export interface SignInDeps {
  store: { users: UserStore; refreshTokens: RefreshTokenStore };
  tokens: Tokens;
  passwords: Passwords;
  rateLimits: RateLimits;
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

/** The two ways to a pair of tokens. */
export function createSignIn({ store, tokens, passwords, rateLimits, now }: SignInDeps) {
  const { users, refreshTokens } = store;

  async function pairFor(user: User, refreshToken: string): Promise<SignedIn> {
    const { userId, tokenEpoch } = user;
    const accessToken = await tokens.issue({ userId, epoch: tokenEpoch });
    return { access: { accessToken, tokenType: 'Bearer', expiresIn: tokens.ttlS }, refreshToken };
  }

  return {
    /** @throws DomainError `invalid_credentials`, `user_not_active`, `rate_limited` */
    async byPassword(
      { username, password }: z.infer<typeof Credentials>,
      client: Client,
    ): Promise<SignedIn> {
      if (username === '' || password === '') throw wrongCredentials();
      const user = await users.findByUsername(username);
      const attempt = rateLimits.loginAttempt(limitKeyOf(client.address), username);
      const matched = await passwords.matches(password, user?.passwordHash ?? null, attempt);
      if (!user || !matched) throw wrongCredentials();
      if (user.status !== 'ACTIVE') {
        throw new DomainError('user_not_active', `This user is ${user.status}.`);
      }
      const holder = { userId: user.userId, epoch: user.tokenEpoch, role: user.role };
      return await pairFor(user, await refreshTokens.issue(holder, now()));
    },

    /**
     * Spends a refresh token for a new pair; a spent one ends its family.
     * @throws DomainError `unauthenticated`
     */
    async byRefreshToken(refreshToken: string): Promise<SignedIn> {
      const rotation = await refreshTokens.rotate(refreshToken, now());
      if (rotation.outcome !== 'ROTATED') throw deadRefreshToken();
      const { token, holder } = rotation;
      const user = await users.get(holder.userId);
      // The new token is not answered, and the old one is spent: the family has ended.
      if (user?.status !== 'ACTIVE' || user.tokenEpoch !== holder.epoch) throw deadRefreshToken();
      return await pairFor(user, token);
    },
  };
}

function wrongCredentials(): DomainError {
  return new DomainError('invalid_credentials', 'No user has this name and password.');
}

/** The same answer for an unknown, spent, expired or revoked token: it must not tell which. */
function deadRefreshToken(): DomainError {
  return new DomainError('unauthenticated', 'This refresh token is not valid. Sign in again.');
}
