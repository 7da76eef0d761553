/** Changes of a user's role and status, by staff or as another system reports them. */
import type { ClientSession, Connection } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';
import { isServiceRole, type Role, type UserStatus } from '../../domain/user.ts';
import { createAuditLog } from '../audit-log.ts';
import { named } from '../mongodb/bounded-find.ts';
import { inTransaction } from '../mongodb/connection.ts';
import type { StaffContext, StaffWrite } from './staff.ts';
import {
  erasedRecord,
  toUser,
  type User,
  type UserDocument,
  userModel,
  WITHOUT_HASH,
} from './user-record.ts';

/** What is to change; a field that is not given stays. */
export interface UserChange {
  role?: Role | undefined;
  status?: UserStatus | undefined;
}

/** A role that a trusted issuer's token gives. */
export interface MappedRole {
  role: Role;
  /** When the token was issued. */
  from: Date;
  /** The name that the token gives, where it gives one. */
  displayName?: string;
}

/** A user's status as another system reports it. */
export interface StatusReport {
  userId: string;
  status: UserStatus;
  at: Date;
}

const ACTIVE_ADMIN = { role: 'ADMIN', status: 'ACTIVE' } as const;

/** The changes; each is one transaction with its entry in the audit log. */
export function createUserChanges(connection: Connection) {
  const model = userModel(connection);
  const audit = createAuditLog(connection);

  /**
   * Makes sure that an active admin besides this one is left. It changes that admin's record for
   * real, as MongoDB drops a write without a difference. So two admins who remove each other at the
   * same time conflict, and the second transaction sees the first one.
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

  /** Keeps the time of the last status. A report from before that time is old and is ignored. */
  async function noteStatus(userId: string, statusAt: Date, session: ClientSession): Promise<void> {
    await model.updateOne({ _id: userId }, { $set: { statusAt } }, { session });
  }

  async function changeIn(write: StaffWrite, userId: string, change: UserChange, now: Date) {
    const { session } = write;
    const before = await model.findById(userId, WITHOUT_HASH, { session }).lean<UserDocument>();
    if (!before) throw new DomainError('not_found', 'There is no user with this ID.');
    if (before.erasedAt) throw new DomainError('conflict', 'This user was erased.');
    const role = change.role ?? before.role;
    const status = change.status ?? before.status;
    if (before.isService && !isServiceRole(role)) {
      throw new DomainError('conflict', `A service account cannot be ${role}.`);
    }
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
      .lean<UserDocument>();
    if (!changed) throw new DomainError('not_found', 'There is no user with this ID.');
    await audit.append(write, {
      action: 'user.update',
      targetId: userId,
      before: { role: before.role, status: before.status },
      after: { role, status },
    });
    return { before: toUser(before), after: toUser(changed) };
  }

  return {
    /**
     * Takes a status that another system reports, unless a later one is known or the user was
     * erased; see `change`.
     * @returns the user after it, and whether this report was the latest
     * @throws DomainError as `change` does
     */
    async report(
      staff: StaffContext,
      { userId, status, at }: StatusReport,
      now: Date,
    ): Promise<{ user: User; isLatest: boolean }> {
      return await inTransaction(connection, async (session) => {
        const known = await model.findById(userId, WITHOUT_HASH, { session }).lean<UserDocument>();
        if (known && (known.erasedAt || at < known.statusAt)) {
          return { user: toUser(known), isLatest: false };
        }
        const { after } = await changeIn({ ...staff, session }, userId, { status }, now);
        // Also for the same status: an earlier report that arrives later must count as old.
        await noteStatus(userId, at, session);
        return { user: { ...after, statusAt: at }, isLatest: true };
      });
    },

    /**
     * Takes the role of a trusted issuer's token, unless a later token decided it already.
     * @throws DomainError as `change` does
     */
    async takeMappedRole(
      staff: StaffContext,
      userId: string,
      { role, ...taken }: MappedRole,
      now: Date,
    ): Promise<void> {
      await inTransaction(connection, async (session) => {
        const { from, displayName } = taken;
        const isNewer = { $or: [{ roleFrom: { $exists: false } }, { roleFrom: { $lt: from } }] };
        const change = { $set: named({ roleFrom: from, displayName }) };
        const noted = await model.updateOne({ _id: userId, ...isNewer }, change, { session });
        if (noted.matchedCount > 0) await changeIn({ ...staff, session }, userId, { role }, now);
      });
    },

    /**
     * Withdraws a user and removes their name, password and whatever else is on their record but
     * the ID. The record is replaced in the transaction of `write`.
     * @throws DomainError `not_found`; `conflict` where no active admin would be left, or the user
     *   was erased before
     */
    async eraseRecord(write: StaffWrite, userId: string, now: Date): Promise<void> {
      const { session } = write;
      await changeIn(write, userId, { status: 'WITHDRAWN' }, now);
      const user = await model.findById(userId, null, { session }).lean<UserDocument>();
      if (!user) throw new DomainError('not_found', 'There is no user with this ID.');
      await model.replaceOne({ _id: userId }, erasedRecord(user, now), { session });
    },

    /**
     * Changes a user's role or status, which makes their tokens invalid. Without a difference
     * nothing is written, except the time where a status is named.
     * @throws DomainError `not_found`; `conflict` where no active admin would be left, or the user
     *   was erased
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

/** Now, or just after the last status: its reporter's clock may be ahead of ours. */
const afterSaid = (said: Date, now: Date): Date =>
  now > said ? now : new Date(said.getTime() + 1);

function isActiveAdmin({ role, status }: { role: Role; status: UserStatus }): boolean {
  return role === ACTIVE_ADMIN.role && status === ACTIVE_ADMIN.status;
}
