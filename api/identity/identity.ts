/** What decides who calls and who signs in, made of the stores: for the API, and for its tests. */
import type { JWK } from 'jose';
import type { Logger } from 'pino';
import type { StaffOidc } from '../../process/trusted-issuers.ts';
import type { Store } from '../../store/index.ts';
import { createCurrentUsers } from './current-users.ts';
import { createExternalSignIn } from './external-sign-in.ts';
import { createGuesses } from './guesses.ts';
import { createTrustedIssuers, type IssuerSettings, type TrustedIssuers } from './issuers.ts';
import { createPasswords } from './passwords.ts';
import { createRateLimits, type RateLimits } from './rate-limits.ts';
import { createSecondFactors } from './second-factor.ts';
import { createSecretBox } from './secret-box.ts';
import { createServiceKeys } from './service-keys.ts';
import { createStaffSignIn } from './staff-oidc.ts';
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
  /** `TRUSTED_ISSUERS`. */
  trustedIssuers: readonly IssuerSettings[];
  /** Used in place of those that `trustedIssuers` makes. */
  issuers?: TrustedIssuers | undefined;
  /** `STAFF_OIDC`. */
  staffOidc?: StaffOidc | undefined;
  /** The clock of the cache of users, in milliseconds; the process's own unless given. */
  usersNow?: (() => number) | undefined;
}

/** @returns its parts, to be spread into what the application is made of */
export async function createIdentity(settings: IdentitySettings) {
  const { store, log, now, limits } = settings;
  const rateLimits = settings.rateLimits ?? createRateLimits({ enabled: limits });
  const guesses = createGuesses({ store: store.guesses, enabled: limits, now });
  const currentUsers = createCurrentUsers(store.users.get, settings.usersNow);
  const issuers = settings.issuers ?? issuersOf(settings);
  const { staffOidc } = settings;
  return {
    issuers,
    externalSignIn: createExternalSignIn({ users: store.users, currentUsers, issuers, now }),
    staffOidc: staffOidc && { settings: staffOidc, signIn: createStaffSignIn(staffOidc) },
    tokens: await createTokens({ keys: settings.jwtKeys, ttlS: settings.ttlS, now }),
    currentUsers,
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

/** The trusted issuers. Their keys are being fetched; a token that comes before waits for them. */
function issuersOf({ trustedIssuers, staffOidc, log, now }: IdentitySettings): TrustedIssuers {
  const issuers = createTrustedIssuers(trustedIssuers, {
    now,
    onTrouble: (issuer, err) => log.warn({ err, issuer }, 'issuer keys not fetched'),
  });
  issuers.prefetch();
  // Staff who sign in at their provider have external IDs too.
  const names = new Set([...issuers.names, ...(staffOidc ? [staffOidc.name] : [])]);
  return { ...issuers, names };
}
