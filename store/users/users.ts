/** The collection `users`: who exists, with which role and status. */
import { randomBytes } from 'node:crypto';
import type { ClientSession, Connection } from 'mongoose';
import { Schema } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';
import type { Role, UserStatus } from '../../domain/user.ts';
import { createAuditLog } from '../audit-log.ts';
import { batchReads } from '../mongodb/batching.ts';
import { type Found, findBounded, named } from '../mongodb/bounded-find.ts';
import { inTransaction, isDuplicateKey } from '../mongodb/connection.ts';
import { after, type Position } from '../mongodb/cursor.ts';
import type { StaffContext, StaffWrite } from './staff.ts';

/** A user as everyone but sign-in sees them: without the password's hash. */
export interface User {
  userId: string;
  username: string;
  displayName: string;
  role: Role;
  status: UserStatus;
  statusAt: Date;
  /** Grows with every change of role or status; tokens of an older epoch are void. */
  tokenEpoch: number;
  createdAt: Date;
  updatedAt: Date;
}

/** A user as sign-in needs them. */
interface UserWithHash extends User {
  passwordHash: string;
}

interface NewUser {
  username: string;
  displayName: string;
  passwordHash: string;
}

interface UserFilter {
  username?: string | undefined;
  /** The beginning of a username, or a whole ID. */
  query?: string | undefined;
  role?: Role | undefined;
  status?: UserStatus | undefined;
}

/** Where a page goes on: in the list by time, or in the one by name. */
export type UserPosition = Position | { userId: string };

interface UserChange {
  role?: Role | undefined;
  status?: UserStatus | undefined;
}

/** What another system says of a user's status. */
interface StatusReport {
  userId: string;
  status: UserStatus;
  at: Date;
}

type Stored = Omit<UserWithHash, 'userId'> & {
  _id: string;
  usernameKey: string;
  /** How often this admin was the one left when another was removed; see `keepAnAdmin`. */
  timesKept?: number;
};

const schema = new Schema<Stored>(
  {
    _id: { type: String, required: true },
    username: { type: String, required: true },
    usernameKey: { type: String, required: true },
    displayName: { type: String, required: true },
    passwordHash: { type: String, required: true },
    role: { type: String, required: true },
    status: { type: String, required: true },
    statusAt: { type: Date, required: true },
    tokenEpoch: { type: Number, required: true },
    timesKept: Number,
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
  },
  { collection: 'users', versionKey: false, strict: 'throw' },
);
const NEWEST = { createdAt: -1, _id: -1 } as const;
const BY_NAME = { usernameKey: 1 } as const;
schema.index({ usernameKey: 1 }, { name: 'username', unique: true });
schema.index(NEWEST, { name: 'newest' });
schema.index({ role: 1, ...NEWEST }, { name: 'role' });
schema.index({ status: 1, ...NEWEST }, { name: 'status' });

const WITHOUT_HASH = { passwordHash: 0 } as const;
const ACTIVE_ADMIN = { role: 'ADMIN', status: 'ACTIVE' } as const;

export type UserStore = ReturnType<typeof createUserStore>;

export function createUserStore(connection: Connection) {
  const model = connection.model<Stored>('User', schema);
  const audit = createAuditLog(connection);

  /**
   * Makes sure that an active admin besides this one is left. The write on that admin's record (a
   * real one: MongoDB drops a write that changes nothing) makes two admins who remove each other
   * at once conflict, so that the second one reads what the first one did.
   */
  async function keepAnAdmin(userId: string, session: ClientSession): Promise<void> {
    const other = { ...ACTIVE_ADMIN, _id: { $ne: userId } };
    const kept = await model.updateOne(other, { $inc: { timesKept: 1 } }, { session });
    if (kept.matchedCount === 0) {
      throw new DomainError(
        'conflict',
        'This is the last active admin. Appoint another one first.',
      );
    }
  }

  /** A report from before that moment is old, also where it says something else than is known. */
  async function noteStatus(userId: string, statusAt: Date, session: ClientSession): Promise<void> {
    await model.updateOne({ _id: userId }, { $set: { statusAt } }, { session });
  }

  async function changeIn(write: StaffWrite, userId: string, change: UserChange, now: Date) {
    const { session } = write;
    const before = await model.findById(userId, WITHOUT_HASH, { session }).lean<Stored>();
    if (!before) throw new DomainError('not_found', 'There is no user with this ID.');
    const role = change.role ?? before.role;
    const status = change.status ?? before.status;
    if (role === before.role && status === before.status) {
      if (change.status !== undefined)
        await noteStatus(userId, afterSaid(before.statusAt, now), session);
      return { before: toUser(before), after: toUser(before) };
    }
    if (isActiveAdmin(before) && !isActiveAdmin({ role, status })) {
      await keepAnAdmin(userId, session);
    }
    const isSaid = change.status !== undefined;
    const statusAt = isSaid ? afterSaid(before.statusAt, now) : before.statusAt;
    const changed = await model
      .findOneAndUpdate(
        { _id: userId },
        { $set: { role, status, statusAt, updatedAt: now }, $inc: { tokenEpoch: 1 } },
        { session, returnDocument: 'after', projection: WITHOUT_HASH },
      )
      .lean<Stored>();
    if (!changed) throw new DomainError('not_found', 'There is no user with this ID.');
    await audit.append(write, {
      action: 'user.update',
      targetId: userId,
      before: { role: before.role, status: before.status },
      after: { role, status },
    });
    return { before: toUser(before), after: toUser(changed) };
  }

  // Past mongoose: each claim comes here several times.
  const users = connection.collection<Stored>('users');
  const byId = batchReads((ids) =>
    users.find({ _id: { $in: ids } }, { projection: WITHOUT_HASH }).toArray(),
  );

  /** Where the list by name goes on. The ID stands for the name, which may be too long for an address. */
  async function nameOf(userId: string): Promise<string> {
    const user = await byId(userId);
    if (!user)
      throw new DomainError('invalid_request', 'The cursor is of a user who is not there.');
    return user.usernameKey;
  }

  return {
    model,

    /** Adds a player. @throws DomainError `username_taken`, also for the same name in other letters */
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

    /** For sign-in: the user of that name with the password's hash. */
    async findByUsername(username: string): Promise<UserWithHash | null> {
      const found = await model.findOne({ usernameKey: usernameKey(username) }).lean<Stored>();
      return found && { ...toUser(found), passwordHash: found.passwordHash };
    },

    async get(userId: string): Promise<User | null> {
      const found = await byId(userId);
      return found && toUser(found);
    },

    /** Newest first, or by name where a `query` is given; and where the next page begins, if any. */
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
        const byName = ({ _id: userId }: Stored) => ({ userId });
        return pageOf(await findBounded(model, question), limit, byName);
      }
      const isOne = Object.keys(exact).length > 0;
      const range = isOne ? exact : role ? { role } : named({ status });
      const rest = isOne ? named({ role, status }) : role ? named({ status }) : {};
      const next = after('createdAt', from && 'at' in from ? from : undefined);
      const question = { range: { $and: [range, next] }, rest, sort: NEWEST, limit };
      const byTime = ({ createdAt: at, _id: id }: Stored) => ({ at, id });
      return pageOf(await findBounded(model, question), limit, byTime);
    },

    /**
     * Makes the first admin, unless somebody of that name exists: then nothing is changed, neither
     * the password nor the role. Two processes may try at once. Answers who has the name.
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
          .lean<Stored>();
      // Of two upserts at once one may lose against the unique index; it then finds the other's.
      const found = await write().catch((error) => {
        if (isDuplicateKey(error, model.collection, 'username')) return write();
        throw error;
      });
      return toUser(found as Stored);
    },

    /**
     * Takes a status that another system reports, as it was at `at`, unless a later one is known; see
     * `change`. Answers the user as they are then, and whether the report was the latest.
     * @throws DomainError as `change` does
     */
    async report(
      staff: StaffContext,
      { userId, status, at }: StatusReport,
      now: Date,
    ): Promise<{ user: User; isLatest: boolean }> {
      return await inTransaction(connection, async (session) => {
        const known = await model.findById(userId, WITHOUT_HASH, { session }).lean<Stored>();
        if (known && at < known.statusAt) return { user: toUser(known), isLatest: false };
        const { after } = await changeIn({ ...staff, session }, userId, { status }, now);
        // Also where the status stays as it was: what comes later and was earlier is older than this.
        await noteStatus(userId, at, session);
        return { user: { ...after, statusAt: at }, isLatest: true };
      });
    },

    /**
     * Changes a user's role or status, which ends their tokens; without a difference nothing is
     * written but, where a status is named, the moment at which it was. @throws DomainError
     * `not_found`; `conflict` if no active admin would be left
     */
    async change(
      staff: StaffContext,
      userId: string,
      change: UserChange,
      now: Date,
    ): Promise<{ before: User; after: User }> {
      return await inTransaction(connection, (session) =>
        changeIn({ ...staff, session }, userId, change, now),
      );
    },
  };
}

/** Now, or right after what was said last: the clock of whoever said it may be ahead of ours. */
const afterSaid = (said: Date, now: Date): Date =>
  now > said ? now : new Date(said.getTime() + 1);

function newRecord(user: NewUser, role: Role, now: Date): Stored {
  return {
    _id: `usr_${randomBytes(12).toString('hex')}`,
    username: user.username,
    usernameKey: usernameKey(user.username),
    displayName: user.displayName,
    passwordHash: user.passwordHash,
    role,
    status: 'ACTIVE',
    statusAt: now,
    tokenEpoch: 0,
    createdAt: now,
    updatedAt: now,
  };
}

/** Names that look alike are one name: compatibility forms and letter case do not count. */
export function usernameKey(username: string): string {
  return username.normalize('NFKC').toLowerCase().normalize('NFKC');
}

function pageOf(
  { found, lookedTo }: Found<Stored>,
  limit: number,
  positionOf: (last: Stored) => UserPosition,
): { users: User[]; next: UserPosition | null } {
  const users = found.slice(0, limit);
  const last = found.length > limit ? users.at(-1) : lookedTo;
  return { users: users.map(toUser), next: last ? positionOf(last) : null };
}

function isActiveAdmin({ role, status }: { role: Role; status: UserStatus }): boolean {
  return role === ACTIVE_ADMIN.role && status === ACTIVE_ADMIN.status;
}

function toUser(stored: Stored): User {
  const { _id, username, displayName, role, status } = stored;
  const { statusAt, tokenEpoch, createdAt, updatedAt } = stored;
  return {
    userId: _id,
    username,
    displayName,
    role,
    status,
    statusAt,
    tokenEpoch,
    createdAt,
    updatedAt,
  };
}
