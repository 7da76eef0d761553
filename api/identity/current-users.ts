/** The users of the moment: who is calling is read from MongoDB, at most twice a second each. */
import { BoundedMap } from '../../domain/bounded-map.ts';
import type { User } from '../../store/users/users.ts';

/**
 * A change of role or status must end a user's tokens everywhere within a second: half of it for
 * this cache, half for the request that reads.
 */
const MAX_AGE_MS = 500;

/** Users remembered at once; past it the one read longest ago goes. */
const MAX_USERS = 10_000;

export interface CurrentUsers {
  /** The user as they stood at most `maxAgeMs` ago (500 ms), or null where there is none. */
  get(userId: string, maxAgeMs?: number): Promise<User | null>;
  /** Forgets a user, so that this process sees a change of its own at once. */
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
  const remembered = new BoundedMap<string, { user: Promise<User | null>; readAtMs: number }>(
    MAX_USERS,
  );

  function readNow(userId: string): Promise<User | null> {
    const user = read(userId);
    const entry = { user, readAtMs: now() };
    remembered.set(userId, entry);
    // A failed read is nobody's answer but its own callers'.
    user.catch(() => {
      if (remembered.get(userId) === entry) remembered.delete(userId);
    });
    return user;
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
