/** Users of trusted issuers: found by their external IDs, and made where nobody has seen them yet. */
import type { Connection } from 'mongoose';
import { batch, MOST_READ } from '../mongodb/batching.ts';
import { isDuplicateKey } from '../mongodb/connection.ts';
import { newExternalRecord, type UserDocument } from './user-record.ts';

/** The IDs of users, by their external IDs. */
export type UserIds = Map<string, string>;

/** Finds and makes users by external IDs, which the caller has checked. */
export function createExternalUsers(connection: Connection) {
  const users = connection.collection<UserDocument>('users');

  /** Those of the external IDs that a user has, by one read. */
  async function find(externalIds: readonly string[]): Promise<UserIds> {
    if (externalIds.length === 0) return new Map();
    const found = await users
      .find(
        { externalId: { $in: [...externalIds] } },
        { projection: { externalId: 1 }, batchSize: externalIds.length + 1 },
      )
      .toArray();
    return new Map(found.map(({ _id, externalId }) => [externalId as string, _id]));
  }

  /**
   * The users of all these external IDs: one read, and one insert of those that nobody has. The
   * unique index decides between two who make the same user at once.
   */
  async function ensure(externalIds: readonly string[], now: Date): Promise<UserIds> {
    const known = await find(externalIds);
    const missing = [...new Set(externalIds)].filter((id) => !known.has(id));
    if (missing.length === 0) return known;
    const records = missing.map((externalId) => newExternalRecord(externalId, now));
    try {
      await users.insertMany(records, { ordered: false });
    } catch (error) {
      if (!isDuplicateKey(error, users, 'external_id')) throw error;
      return await find(externalIds);
    }
    for (const { _id, externalId } of records) known.set(externalId as string, _id);
    return known;
  }

  const ensureBatched = batch<{ externalId: string; now: Date }, string>(async (asked) => {
    const now = asked[0]?.now ?? new Date();
    const ids = asked.map(({ externalId }) => externalId);
    const userIds = await ensure(ids, now);
    return ids.map((id) => userIds.get(id) as string);
  }, MOST_READ);

  return {
    /** The ID of the user with this external ID; null where there is none. */
    async findExternal(externalId: string): Promise<string | null> {
      return (await find([externalId])).get(externalId) ?? null;
    },

    /** As `findExternal`; a user not seen yet is made. */
    async ensureExternal(externalId: string, now: Date): Promise<string> {
      return await ensureBatched({ externalId, now });
    },

    /** As `ensureExternal`, for many. */
    ensureAllExternal: ensure,
  };
}
