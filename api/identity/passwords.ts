/** Passwords: argon2id with OWASP's parameters, so many at once as there are cores and no more. */
import { availableParallelism } from 'node:os';
import { hash, verify } from '@node-rs/argon2';
import { DomainError } from '../../domain/errors.ts';
import { createWorkQueue } from '../../domain/work-queue.ts';

/**
 * OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane. The binding's default
 * algorithm is argon2id, version 19 (its enums are `const` and cannot be named under type stripping).
 */
const OWASP = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** libuv has four threads by default; more hashes at once would only queue there, out of sight. */
const MAX_AT_ONCE = Math.min(4, availableParallelism());

/** At about 30 ms a hash on two cores, the last in this queue waits some eight seconds. */
const MAX_WAITING = 500;
const RETRY_AFTER_S = 5;

export interface Passwords {
  /** @throws DomainError `unavailable` when too many wait */
  hash(password: string): Promise<string>;
  /**
   * Whether the password fits. Without a hash (no such user) it takes as long and answers false.
   * @param attempt runs right before and after the comparison, in the same turn of the queue, so
   *   that attempts waiting side by side cannot outrun a limit on failures
   * @throws DomainError `unavailable` when too many wait, and whatever `attempt` throws
   */
  matches(password: string, hash: string | null, attempt: Attempt): Promise<boolean>;
}

export interface Attempt {
  before(): Promise<void>;
  after(matched: boolean): Promise<void>;
}

export function createPasswords(): Passwords {
  const inTurn = createWorkQueue({ atOnce: MAX_AT_ONCE, waiting: MAX_WAITING, full: tooMany });
  let nobodys: Promise<string> | undefined;

  async function compare(password: string, stored: string | null): Promise<boolean> {
    nobodys ??= hash('the password of nobody', OWASP);
    const matched = await verify(stored ?? (await nobodys), normal(password));
    return matched && stored !== null;
  }

  return {
    hash: (password) => inTurn(() => hash(normal(password), OWASP)),
    matches: (password, stored, attempt) =>
      inTurn(async () => {
        await attempt.before();
        const matched = await compare(password, stored);
        await attempt.after(matched);
        return matched;
      }),
  };
}

/** NIST SP 800-63B, section 5.1.1.2: the same password from two keyboards must be the same bytes. */
function normal(password: string): string {
  return password.normalize('NFKC');
}

const tooMany = () =>
  new DomainError('unavailable', 'Too many sign-ins at once. Try again shortly.', {
    retryAfterS: RETRY_AFTER_S,
  });
