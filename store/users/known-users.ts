/** Whether users exist, for batches that name many of them. */
import type { Connection } from 'mongoose';
import { BoundedMap } from '../../domain/bounded-map.ts';

/** How many IDs are kept in memory; about 100 bytes each. */
const MOST_REMEMBERED = 50_000;

/** Remembers IDs that exist, as users are never removed. An unknown ID is read again each time. */
export function createKnownUsers(connection: Connection) {
  const users = connection.collection<{ _id: string }>('users');
  const remembered = new BoundedMap<string, true>(MOST_REMEMBERED);
  return {
    /** Those of the IDs that belong to a user, by at most one read. Their case counts. */
    async among(ids: readonly string[]): Promise<Set<string>> {
      const asked = new Set(ids);
      const known = new Set([...asked].filter((id) => remembered.has(id)));
      const unknown = [...asked].filter((id) => !known.has(id));
      if (unknown.length === 0) return known;
      const found = await users
        .find({ _id: { $in: unknown } }, { projection: { _id: 1 }, batchSize: unknown.length + 1 })
        .toArray();
      for (const { _id } of found) {
        known.add(_id);
        remembered.set(_id, true);
      }
      return known;
    },
  };
}
