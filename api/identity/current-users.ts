/** A cache of the users who call: each is read from MongoDB twice a second at most. */
import type { User } from '../../store/users/users.ts';

/**
 * The TTL, in milliseconds. A change of role or status must end a user's tokens everywhere within a
 * second: half of it is for this cache, half for the request that reads.
 */
const MAX_AGE_MS = 500;

/** Users in the cache; past it the one read longest ago is evicted. A few MiB. */
const MAX_USERS = 10_000;

export interface CurrentUsers {
  /** The user as read at most `maxAgeMs` ago (500 unless given); null if there is none. */
  get(userId: string, maxAgeMs?: number): Promise<User | null>;
  /** Drops a user from the cache, so that this process sees its own change at once. */
  forget(userId: string): void;
}

/**
 * @param read the store's own read
 * @param now milliseconds on a clock that never goes back
 */
export function createCurrentUsers(
  read: (userId: string) => Promise<User | null>,
  now: () => number = () => performance.now(),
): CurrentUsers {
  const remembered = new Map<string, { user: Promise<User | null>; readAtMs: number }>();

  function readNow(userId: string): Promise<User | null> {
    const user = read(userId);
    const entry = { user, readAtMs: now() };
    remembered.delete(userId);
    remembered.set(userId, entry);
    evictOldest();
    // A failed read is nobody's answer but its own callers'.
    user.catch(() => {
      if (remembered.get(userId) === entry) remembered.delete(userId);
    });
    return user;
  }

  function evictOldest(): void {
    if (remembered.size <= MAX_USERS) return;
    const [oldest] = remembered.keys();
    if (oldest !== undefined) remembered.delete(oldest);
  }

  return {
    get(userId, maxAgeMs = MAX_AGE_MS) {
      const known = remembered.get(userId);
      return known && now() - known.readAtMs < maxAgeMs ? known.user : readNow(userId);
    },
    forget(userId) {
      remembered.delete(userId);
    },
  };
}
