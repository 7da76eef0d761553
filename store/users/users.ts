/** The collection `users`: adding and reading users. */
import type { Connection } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';
import { isExternalId } from '../../domain/external-id.ts';
import type { Role, UserStatus } from '../../domain/user.ts';
import { batchReads } from '../mongodb/batching.ts';
import { type Found, findBounded, named } from '../mongodb/bounded-find.ts';
import { isDuplicateKey } from '../mongodb/connection.ts';
import { after, type Position } from '../mongodb/cursor.ts';
import { createExternalUsers } from './external-users.ts';
import type { EndedSignIn } from './refresh-tokens.ts';
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

/** How many ended sign-ins a user's record names: far more than a person ends in an access token's life. */
const MOST_ENDED = 20;

interface UserFilter {
  username?: string | undefined;
  /** A whole external ID. */
  externalId?: string | undefined;
  /** The beginning of a username, a whole ID or a whole external ID. */
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
  const external = createExternalUsers(connection);
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

  /** The user whose ID or external ID this is; null where it is neither. */
  async function namedBy(query: string): Promise<string | null> {
    if (isExternalId(query)) return await external.findExternal(query.normalize('NFC'));
    return (await byId(query)) && query;
  }

  return {
    model,
    ...createUserChanges(connection),
    ...external,

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
      if (!found || found.erasedAt) return null;
      return { ...toUser(found), passwordHash: found.passwordHash ?? null };
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
      const queried = query === undefined ? null : await namedBy(query);
      const exact = named({
        _id: queried ?? undefined,
        externalId: filter.externalId,
        usernameKey: filter.username && wholeName(filter.username),
      });
      if (query !== undefined && queried === null) {
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

    /** Ends the access tokens of a sign-in. Only the last sign-ins that ended are kept. */
    async endSignIn({ userId, signInId }: EndedSignIn): Promise<void> {
      const ended = { $each: [signInId], $slice: -MOST_ENDED };
      await model.updateOne({ _id: userId }, { $push: { endedSignIns: ended } });
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

/** The filter for a whole name. That of a trusted issuer's user has more behind it in its key. */
function wholeName(username: string): object | string {
  const key = usernameKey(username);
  return isExternalId(key) ? { $gte: key, $lt: `${key}\n\u{10ffff}` } : key;
}
