/** Password hashes: argon2id with OWASP's parameters, as many at once as there are cores. */
import { availableParallelism } from 'node:os';
import { hash, verify } from '@node-rs/argon2';
import { DomainError } from '../../domain/errors.ts';
import { createWorkQueue } from '../../domain/work-queue.ts';

/**
 * OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane. The binding's default
 * algorithm is argon2id, version 19 (its enums are `const` and cannot be named under type
 * stripping).
 */
const OWASP = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** libuv has four threads by default; more hashes would wait there, where nothing limits them. */
const MAX_AT_ONCE = Math.min(4, availableParallelism());

/** The last of a full queue waits about eight seconds: a hash takes 30 ms on each of two cores. */
const MAX_WAITING = 500;
/** When to come back if the queue is full, in seconds: more than half of it is done by then. */
const RETRY_AFTER_S = 5;

export interface Passwords {
  /**
   * The hash of a password, as text with its salt and parameters.
   * @throws DomainError `unavailable` if too many wait
   */
  hash(password: string): Promise<string>;
  /**
   * Whether the password fits. Without a hash (no such user) it takes as long and answers false.
   * @param attempt runs right before and after the comparison, in the same slot of the queue: else
   *   attempts that wait side by side would all pass a limit on failures
   * @throws DomainError `unavailable` if too many wait, and whatever `attempt` throws
   */
  matches(password: string, hash: string | null, attempt: Attempt): Promise<boolean>;
}

/** What is done around one comparison; `before` may refuse it. */
export interface Attempt {
  before(): Promise<void>;
  after(matched: boolean): Promise<void>;
}

export function createPasswords(): Passwords {
  const queued = createWorkQueue({ atOnce: MAX_AT_ONCE, waiting: MAX_WAITING, full: tooMany });
  let nobodys: Promise<string> | undefined;

  async function compare(password: string, stored: string | null): Promise<boolean> {
    nobodys ??= hash('the password of nobody', OWASP);
    const matched = await verify(stored ?? (await nobodys), normal(password));
    return matched && stored !== null;
  }

  return {
    hash: (password) => queued(() => hash(normal(password), OWASP)),
    matches: (password, stored, attempt) =>
      queued(async () => {
        await attempt.before();
        const matched = await compare(password, stored);
        await attempt.after(matched);
        return matched;
      }),
  };
}

/** NIST SP 800-63B, section 5.1.1.2: a password typed on two keyboards must be the same bytes. */
function normal(password: string): string {
  return password.normalize('NFKC');
}

const tooMany = () =>
  new DomainError('unavailable', 'Too many sign-ins at once. Try again shortly.', {
    retryAfterS: RETRY_AFTER_S,
  });
