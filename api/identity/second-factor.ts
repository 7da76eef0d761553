/** The second factor of staff: TOTP codes (RFC 6238) and recovery codes. */
import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { DomainError } from '../../domain/errors.ts';
import { isStaff } from '../../domain/user.ts';
import { hashOf } from '../../store/users/secret.ts';
import type { StaffContext } from '../../store/users/staff.ts';
import type { TotpStore } from '../../store/users/totp.ts';
import type { User } from '../../store/users/users.ts';
import type { Client } from './client-address.ts';
import type { Guesses } from './guesses.ts';
import type { SecretBox } from './secret-box.ts';

/** What every authenticator app takes: SHA-1, six digits, a new code every 30 seconds. */
const CODES = { algorithm: 'SHA1', digits: 6, period: 30, issuer: 'Laurel' } as const;

/** RFC 4226, section 4: 160 bits. */
const SECRET_BYTES = 20;

/** RFC 6238, section 5.2: one step of clock skew, either way. */
const SKEW_STEPS = 1;

const RECOVERY_CODES = 10;

/**
 * 120 bits in each recovery code. ASVS 5.0, 6.5.2: from 112 bits on, a plain hash is enough, as
 * nobody can try them all.
 */
const RECOVERY_BYTES = 15;

/** `NONE`: a password is enough. `CODE`: a code is needed. `ENROL`: they must enrol first. */
type Needed = 'NONE' | 'CODE' | 'ENROL';

interface SecondFactorDeps {
  store: TotpStore;
  box: SecretBox;
  guesses: Guesses;
  now: () => Date;
  /** `STAFF_MFA=required`: staff without a second factor must enrol before they sign in. */
  isRequired: boolean;
}

export type SecondFactors = ReturnType<typeof createSecondFactors>;

/** The rules of second factors, over their store. */
export function createSecondFactors(deps: SecondFactorDeps) {
  const { store, box, guesses, now, isRequired } = deps;

  const isRequiredOf = ({ role }: Pick<User, 'role'>) => isRequired && isStaff(role);

  /** The time step of a code that fits a sealed secret; null where it fits none near now. */
  function stepOf(userId: string, sealed: string, code: string): number | null {
    // Six other characters may have more bytes, and the library throws at that.
    if (!/^\d{6}$/.test(code)) return null;
    const totp = new TOTP({ ...CODES, secret: Secret.fromBase32(box.open(sealed, userId)) });
    const timestamp = now().getTime();
    const delta = totp.validate({ token: code, timestamp, window: SKEW_STEPS });
    return delta === null ? null : totp.counter({ timestamp }) + delta;
  }

  async function counts(userId: string, code: string): Promise<boolean> {
    const factor = await store.find(userId);
    if (!factor) return false;
    if (!/^\d+$/.test(code)) return await store.spendRecovery(userId, hashOf(code));
    const step = stepOf(userId, factor.secret, code);
    return step !== null && (await store.spendStep(userId, step));
  }

  return {
    /** What a user whose password was right still needs. */
    async needed(user: Pick<User, 'userId' | 'role'>): Promise<Needed> {
      if (await store.find(user.userId)) return 'CODE';
      return isRequiredOf(user) ? 'ENROL' : 'NONE';
    },

    /** Whether a user may not stay signed in, as they have no second factor and need one. */
    async isMissing(user: Pick<User, 'userId' | 'role'>): Promise<boolean> {
      return isRequiredOf(user) && (await store.find(user.userId)) === null;
    },

    /** Begins an enrolment. @throws DomainError `conflict` where a second factor is in use */
    async begin({ userId, username }: Pick<User, 'userId' | 'username'>) {
      const secret = new Secret({ buffer: new Uint8Array(randomBytes(SECRET_BYTES)).buffer });
      await store.begin(userId, box.seal(secret.base32, userId));
      const uri = new TOTP({ ...CODES, label: username, secret }).toString();
      return { secret: secret.base32, uri };
    },

    /**
     * Confirms an enrolment by its first code.
     * @param keep the sign-in that stays; null where all end
     * @returns the recovery codes, which are kept as hashes alone, and the user's new token epoch
     * @throws DomainError `conflict` without an enrolment; `invalid_credentials`, `rate_limited`
     */
    async confirm(staff: StaffContext, code: string, keep: string | null, client: Client) {
      const { userId } = staff.actor;
      const pending = await store.pendingOf(userId);
      if (pending === null) throw new DomainError('conflict', 'Begin an enrolment first.');
      const attempt = guesses.attempt('CODE', userId, client);
      await attempt.before();
      const step = stepOf(userId, pending, plain(code));
      await attempt.after(step !== null);
      if (step === null) throw wrongCode();
      const recoveryCodes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
      const recovery = recoveryCodes.map((one) => hashOf(plain(one)));
      const enrolment = { userId, pending, step, recovery, keep };
      const epoch = await store.confirm(staff, enrolment, now());
      if (epoch === null) throw new DomainError('conflict', 'This enrolment was replaced.');
      return { recoveryCodes, epoch };
    },

    /**
     * Takes a code or a recovery code; each counts once.
     * @throws DomainError `invalid_credentials`, `rate_limited`
     */
    async take(userId: string, code: string, client: Client): Promise<void> {
      const attempt = guesses.attempt('CODE', userId, client);
      await attempt.before();
      const matched = await counts(userId, plain(code));
      await attempt.after(matched);
      if (!matched) throw wrongCode();
    },
  };
}

/** Six groups of four letters and digits. */
function newRecoveryCode(): string {
  const bytes = new Uint8Array(randomBytes(RECOVERY_BYTES));
  const text = new Secret({ buffer: bytes.buffer }).base32.toLowerCase();
  return text.match(/.{4}/g)?.join('-') ?? text;
}

/** As people type it: in any letters, with or without the hyphens. */
const plain = (code: string) => code.toLowerCase().replaceAll(/[\s-]/g, '');

/** The same answer for a wrong and for a spent code: it must not tell which. */
function wrongCode(): DomainError {
  return new DomainError('invalid_credentials', 'This code is wrong, or it was used already.');
}
