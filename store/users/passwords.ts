/** Changing passwords, and the collection `passwordResets`: one reset of a user at a time. */
import { type ClientSession, type Connection, Schema } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';
import { createAuditLog } from '../audit-log.ts';
import { inTransaction } from '../mongodb/connection.ts';
import { hashOf, newSecret } from './secret.ts';
import { createSignInEnder } from './sign-ins.ts';
import type { StaffContext } from './staff.ts';
import { toUser, type User, type UserDocument, userModel } from './user-record.ts';

/** How long a reset token is valid, in milliseconds: an hour, as the contract says. */
const RESET_TTL_MS = 60 * 60 * 1_000;

interface Reset {
  /** The user's ID: a new reset replaces the one before. */
  _id: string;
  hash: string;
  expiresAt: Date;
}

const schema = new Schema<Reset>(
  {
    _id: { type: String, required: true },
    hash: { type: String, required: true },
    expiresAt: { type: Date, required: true },
  },
  { collection: 'passwordResets', versionKey: false, strict: 'throw' },
);
schema.index({ hash: 1 }, { name: 'hash', unique: true });
schema.index({ expiresAt: 1 }, { name: 'expiry', expireAfterSeconds: 0 });

/** A change of a password by its user, who has shown the old one. */
interface PasswordChange {
  userId: string;
  /** The hash that the old password was compared with. */
  oldHash: string;
  newHash: string;
  /** The sign-in that stays; null where all end. */
  keep: string | null;
}

/** Where a request came from, for the audit log. */
export type Origin = Omit<StaffContext, 'actor'>;

export type PasswordStore = ReturnType<typeof createPasswordStore>;

/** The passwords, over `users` and `passwordResets`. */
export function createPasswordStore(connection: Connection) {
  const model = connection.model<Reset>('PasswordReset', schema);
  const users = userModel(connection);
  const audit = createAuditLog(connection);
  const endSignIns = createSignInEnder(connection);

  /** The user, who must be one with a password. @throws DomainError `not_found`, `conflict` */
  async function withPassword(userId: string, session: ClientSession): Promise<UserDocument> {
    const user = await users.findById(userId, null, { session }).lean<UserDocument>();
    if (!user) throw new DomainError('not_found', 'There is no user with this ID.');
    if (user.passwordHash === undefined) {
      throw new DomainError('conflict', 'This user signs in without a password.');
    }
    return user;
  }

  return {
    resets: model,

    /** The hash of a user's password; null where there is none. */
    async hashOfUser(userId: string): Promise<string | null> {
      const user = await users.findById(userId, { passwordHash: 1 }).lean<UserDocument>();
      return user?.passwordHash ?? null;
    },

    /**
     * Changes a password, and ends all sign-ins but one.
     * @returns whether it did: of two who show the same old password at once, one does
     */
    async change(staff: StaffContext, change: PasswordChange, now: Date): Promise<boolean> {
      const { userId, oldHash, newHash, keep } = change;
      return await inTransaction(connection, async (session) => {
        const user = await withPassword(userId, session);
        if (user.passwordHash !== oldHash) return false;
        await endSignIns({ userId, keep, fields: { passwordHash: newHash }, now }, session);
        await model.deleteOne({ _id: userId }, { session });
        await audit.append(
          { ...staff, session },
          {
            action: 'user.password_changed',
            targetId: userId,
            before: null,
            after: { by: 'USER' },
          },
        );
        return true;
      });
    },

    /**
     * Makes a reset token, which replaces the one before. The password stays until it is used.
     * @throws DomainError `not_found`; `conflict` for a user without a password
     */
    async issueReset(
      staff: StaffContext,
      userId: string,
      now: Date,
    ): Promise<{ resetToken: string; expiresAt: Date }> {
      const resetToken = newSecret();
      const expiresAt = new Date(now.getTime() + RESET_TTL_MS);
      await inTransaction(connection, async (session) => {
        await withPassword(userId, session);
        const reset = { hash: hashOf(resetToken), expiresAt };
        await model.updateOne({ _id: userId }, { $set: reset }, { session, upsert: true });
        await audit.append(
          { ...staff, session },
          { action: 'user.password_reset', targetId: userId, before: null, after: { expiresAt } },
        );
      });
      return { resetToken, expiresAt };
    },

    /** The user of a reset token that is still valid; null for any other. */
    async userOfReset(resetToken: string, now: Date): Promise<User | null> {
      const reset = await model.findOne({ hash: hashOf(resetToken) }).lean<Reset>();
      if (!reset || reset.expiresAt <= now) return null;
      const user = await users.findById(reset._id).lean<UserDocument>();
      return user && toUser(user);
    },

    /**
     * Sets the password of a reset token's user, and ends all their sign-ins.
     * @returns whether it did: a token counts once, also for two requests at once
     */
    async useReset(
      origin: Origin,
      resetToken: string,
      newHash: string,
      now: Date,
    ): Promise<boolean> {
      return await inTransaction(connection, async (session) => {
        const valid = { hash: hashOf(resetToken), expiresAt: { $gt: now } };
        const spent = await model.findOneAndDelete(valid, { session }).lean<Reset>();
        if (!spent) return false;
        const { _id: userId } = spent;
        const { role } = await withPassword(userId, session);
        await endSignIns({ userId, keep: null, fields: { passwordHash: newHash }, now }, session);
        await audit.append(
          { ...origin, actor: { userId, role }, session },
          {
            action: 'user.password_changed',
            targetId: userId,
            before: null,
            after: { by: 'RESET' },
          },
        );
        return true;
      });
    },
  };
}
