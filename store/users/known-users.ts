/** Which users exist, for batches that name many of them. */
import type { Connection } from 'mongoose';
import { BoundedMap } from '../../domain/bounded-map.ts';
import { isExternalId } from '../../domain/external-id.ts';
import { createExternalUsers } from './external-users.ts';

/** How many IDs are kept in memory; a few hundred bytes each. */
const MOST_REMEMBERED = 50_000;

/**
 * How long it is trusted whose an external ID is, in milliseconds: the ID may be taken from a user,
 * and the next one to come with it is another user.
 */
const TRUSTED_MS = 60_000;

/** Remembers users, as they are never removed. An unknown ID is read again each time. */
export function createKnownUsers(connection: Connection) {
  const users = connection.collection<{ _id: string }>('users');
  const external = createExternalUsers(connection);
  const remembered = new BoundedMap<string, { userId: string; trustedUntilMs: number }>(
    MOST_REMEMBERED,
  );

  function remember(id: string, userId: string): void {
    const trustedMs = isExternalId(id) ? TRUSTED_MS : Number.POSITIVE_INFINITY;
    remembered.set(id, { userId, trustedUntilMs: performance.now() + trustedMs });
  }

  function recall(id: string): string | undefined {
    const known = remembered.get(id);
    return known && performance.now() < known.trustedUntilMs ? known.userId : undefined;
  }

  /** Those of our own IDs that exist. */
  async function find(ids: readonly string[]): Promise<[string, string][]> {
    if (ids.length === 0) return [];
    const found = await users
      .find({ _id: { $in: [...ids] } }, { projection: { _id: 1 }, batchSize: ids.length + 1 })
      .toArray();
    return found.map(({ _id }) => [_id, _id]);
  }

  return {
    /**
     * The users of these IDs. One with an external ID that nobody has is made; an unknown ID of
     * ours is left out. By at most one read of either kind and one insert; their case counts.
     * @param ids our own IDs, and external IDs that the caller has checked
     */
    async resolve(ids: readonly string[], now: Date): Promise<Map<string, string>> {
      const resolved = new Map<string, string>();
      const unknown: string[] = [];
      for (const id of new Set(ids)) {
        const userId = recall(id);
        if (userId === undefined) unknown.push(id);
        else resolved.set(id, userId);
      }
      const { theirs = [], ours = [] } = Object.groupBy(unknown, (id) =>
        isExternalId(id) ? 'theirs' : 'ours',
      );
      const read = await Promise.all([find(ours), external.ensureAllExternal(theirs, now)]);
      for (const [id, userId] of read.flatMap((found) => [...found])) {
        remember(id, userId);
        resolved.set(id, userId);
      }
      return resolved;
    },
  };
}
