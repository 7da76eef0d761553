/** What decides who calls and who signs in, made of the stores: for the API, and for its tests. */
import type { JWK } from 'jose';
import type { Logger } from 'pino';
import type { Store } from '../../store/index.ts';
import { createCurrentUsers } from './current-users.ts';
import { createGuesses } from './guesses.ts';
import { createPasswords } from './passwords.ts';
import { createRateLimits, type RateLimits } from './rate-limits.ts';
import { createSecondFactors } from './second-factor.ts';
import { createSecretBox } from './secret-box.ts';
import { createServiceKeys } from './service-keys.ts';
import { createTokens } from './tokens.ts';

export interface IdentitySettings {
  store: Pick<Store, 'users' | 'serviceKeys' | 'guesses' | 'totp'>;
  log: Logger;
  now: () => Date;
  /** Private keys of access tokens; the first signs. */
  jwtKeys: readonly JWK[];
  /** Lifetime of an access token, in seconds. */
  ttlS: number;
  /** False for `RATE_LIMITS=off`. */
  limits: boolean;
  /** Used in place of those that `limits` makes. */
  rateLimits?: RateLimits | undefined;
  /** `STAFF_MFA=required`. */
  mfaRequired: boolean;
  /** The first seals secrets for the database, all open them; none: they are stored as they are. */
  encryptionKeys: readonly Buffer[];
  /** The clock of the cache of users, in milliseconds; the process's own unless given. */
  usersNow?: (() => number) | undefined;
}

/** @returns its parts, to be spread into what the application is made of */
export async function createIdentity(settings: IdentitySettings) {
  const { store, log, now, limits } = settings;
  const rateLimits = settings.rateLimits ?? createRateLimits({ enabled: limits });
  const guesses = createGuesses({ store: store.guesses, enabled: limits, now });
  return {
    tokens: await createTokens({ keys: settings.jwtKeys, ttlS: settings.ttlS, now }),
    currentUsers: createCurrentUsers(store.users.get, settings.usersNow),
    passwords: createPasswords(),
    rateLimits,
    guesses,
    secondFactors: createSecondFactors({
      store: store.totp,
      box: createSecretBox(settings.encryptionKeys),
      guesses,
      now,
      isRequired: settings.mfaRequired,
    }),
    serviceKeys: createServiceKeys({ store: store.serviceKeys, rateLimits, log, now }),
  };
}
