/** A cache of the users who call: each is read from MongoDB twice a second at most. */
import type { User } from '../../store/users/users.ts';
import { createShortCache, type ShortCache } from './short-cache.ts';

export type CurrentUsers = Pick<ShortCache<User>, 'get' | 'forget'>;

/**
 * @param read the store's own read
 * @param now milliseconds on a clock that never goes back
 */
export function createCurrentUsers(
  read: (userId: string) => Promise<User | null>,
  now?: () => number,
): CurrentUsers {
  return createShortCache(read, now);
}
