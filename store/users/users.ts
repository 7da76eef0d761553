/** The collection `users`: adding and reading users. */
import type { Connection } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';
import type { Role, UserStatus } from '../../domain/user.ts';
import { batchReads } from '../mongodb/batching.ts';
import { type Found, findBounded, named } from '../mongodb/bounded-find.ts';
import { isDuplicateKey } from '../mongodb/connection.ts';
import { after, type Position } from '../mongodb/cursor.ts';
import { createUserChanges } from './user-changes.ts';
import {
  BY_NAME,
  NEWEST,
  type NewUser,
  newRecord,
  toUser,
  type User,
  type UserDocument,
  type UserWithHash,
  userModel,
  usernameKey,
  WITHOUT_HASH,
} from './user-record.ts';

export { type User, usernameKey } from './user-record.ts';

interface UserFilter {
  username?: string | undefined;
  /** The beginning of a username, or a whole ID. */
  query?: string | undefined;
  role?: Role | undefined;
  status?: UserStatus | undefined;
}

/** The last user of a page: in the list by time, or in the list by name. */
export type UserPosition = Position | { userId: string };

export type UserStore = ReturnType<typeof createUserStore>;

/** The users, over the collection `users`. */
export function createUserStore(connection: Connection) {
  const model = userModel(connection);
  // The driver's collection, as each claim reads its user several times and mongoose is slower.
  const users = connection.collection<UserDocument>('users');
  const byId = batchReads((ids) =>
    users.find({ _id: { $in: ids } }, { projection: WITHOUT_HASH }).toArray(),
  );

  /**
   * The name behind which the list by name goes on. The cursor has the ID, as a name may be too
   * long for a URL.
   */
  async function nameOf(userId: string): Promise<string> {
    const user = await byId(userId);
    if (!user)
      throw new DomainError('invalid_request', 'The cursor is of a user who is not there.');
    return user.usernameKey;
  }

  return {
    model,
    ...createUserChanges(connection),

    /** Adds a player. @throws DomainError `username_taken`, also where only the case differs */
    async register(user: NewUser, now: Date): Promise<User> {
      const stored = newRecord(user, 'PLAYER', now);
      try {
        await model.insertOne(stored);
      } catch (error) {
        if (!isDuplicateKey(error, model.collection, 'username')) throw error;
        throw new DomainError('username_taken', 'Somebody already has this username.');
      }
      return toUser(stored);
    },

    /** The user of that name with the hash of the password, for sign-in. */
    async findByUsername(username: string): Promise<UserWithHash | null> {
      const found = await model
        .findOne({ usernameKey: usernameKey(username) })
        .lean<UserDocument>();
      return found && { ...toUser(found), passwordHash: found.passwordHash ?? null };
    },

    /** The user, or null where there is none. */
    async get(userId: string): Promise<User | null> {
      const found = await byId(userId);
      return found && toUser(found);
    },

    /**
     * A page of users, newest first, or by name where there is a `query`.
     * @returns the users, and where the next page begins; null on the last page
     */
    async page(
      filter: UserFilter,
      from: UserPosition | undefined,
      limit: number,
    ): Promise<{ users: User[]; next: UserPosition | null }> {
      const { query, role, status } = filter;
      const isId = query !== undefined && (await byId(query)) !== null;
      const exact = named({
        _id: isId ? query : undefined,
        usernameKey: filter.username && usernameKey(filter.username),
      });
      if (query !== undefined && !isId) {
        const begins = usernameKey(query);
        const later = from && 'userId' in from ? { $gt: await nameOf(from.userId) } : {};
        const names = { $gte: begins, $lt: `${begins}\u{10ffff}`, ...later };
        const rest = named({ ...exact, role, status });
        const question = { range: { usernameKey: names }, rest, sort: BY_NAME, limit };
        const byName = ({ _id: userId }: UserDocument) => ({ userId });
        return pageOf(await findBounded(model, question), limit, byName);
      }
      const isOne = Object.keys(exact).length > 0;
      const range = isOne ? exact : role ? { role } : named({ status });
      const rest = isOne ? named({ role, status }) : role ? named({ status }) : {};
      const next = after('createdAt', from && 'at' in from ? from : undefined);
      const question = { range: { $and: [range, next] }, rest, sort: NEWEST, limit };
      const byTime = ({ createdAt: at, _id: id }: UserDocument) => ({ at, id });
      return pageOf(await findBounded(model, question), limit, byTime);
    },

    /**
     * Makes the first admin. Where somebody has that name already, nothing changes, neither the
     * password nor the role. Two processes may call it at once.
     * @returns the user with that name
     */
    async ensureAdmin(user: NewUser, now: Date): Promise<User> {
      const stored = newRecord(user, 'ADMIN', now);
      const byName = { usernameKey: stored.usernameKey };
      const write = () =>
        model
          .findOneAndUpdate(
            byName,
            { $setOnInsert: stored },
            { upsert: true, returnDocument: 'after', projection: WITHOUT_HASH },
          )
          .lean<UserDocument>();
      // One of two upserts at once may fail at the index. It then finds the other's user.
      const found = await write().catch((error) => {
        if (isDuplicateKey(error, model.collection, 'username')) return write();
        throw error;
      });
      return toUser(found as UserDocument);
    },
  };
}

function pageOf(
  { found, lookedTo }: Found<UserDocument>,
  limit: number,
  positionOf: (last: UserDocument) => UserPosition,
): { users: User[]; next: UserPosition | null } {
  const users = found.slice(0, limit);
  const last = found.length > limit ? users.at(-1) : lookedTo;
  return { users: users.map(toUser), next: last ? positionOf(last) : null };
}
