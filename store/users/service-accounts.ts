/** Service accounts: users without a password, which sign in with keys. */
import type { Connection } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';
import type { ServiceRole } from '../../domain/user.ts';
import { createAuditLog } from '../audit-log.ts';
import { inTransaction, isDuplicateKey } from '../mongodb/connection.ts';
import { after, type Position } from '../mongodb/cursor.ts';
import type { StaffContext } from './staff.ts';
import {
  NEWEST,
  newServiceRecord,
  toUser,
  type User,
  type UserDocument,
  userModel,
  WITHOUT_HASH,
} from './user-record.ts';

export type ServiceAccountStore = ReturnType<typeof createServiceAccounts>;

/** The service accounts, over the collection `users`. */
export function createServiceAccounts(connection: Connection) {
  const model = userModel(connection);
  const audit = createAuditLog(connection);

  return {
    /** Adds a service account. @throws DomainError `username_taken`: it shares the users' names */
    async create(
      staff: StaffContext,
      { name, role }: { name: string; role: ServiceRole },
      now: Date,
    ): Promise<User> {
      const stored = newServiceRecord(name, role, now);
      const { _id: targetId } = stored;
      try {
        await inTransaction(connection, async (session) => {
          await model.insertOne(stored, { session });
          const change = { action: 'service_account.create', targetId, before: null } as const;
          await audit.append({ ...staff, session }, { ...change, after: { name, role } });
        });
      } catch (error) {
        if (!isDuplicateKey(error, model.collection, 'username')) throw error;
        throw new DomainError('username_taken', 'A user or a service account has this name.');
      }
      return toUser(stored);
    },

    /** Newest first; up to `limit + 1`, so that the caller sees whether there are more. */
    async page(from: Position | undefined, limit: number): Promise<User[]> {
      const found = await model
        .find({ isService: true, ...after('createdAt', from) }, WITHOUT_HASH)
        .sort(NEWEST)
        .limit(limit + 1)
        .lean<UserDocument[]>();
      return found.map(toUser);
    },
  };
}
