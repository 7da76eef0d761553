/**
 * The erasure of a user. Asking for it withdraws the user and removes their name and password in
 * one transaction. The rest is done by an operation, see `personal-data.ts`. The record of it stays:
 * after a restored backup the same users are erased again by a list of these records.
 */
import { type Connection, Schema } from 'mongoose';
import { createAuditLog } from '../audit-log.ts';
import { inTransaction } from '../mongodb/connection.ts';
import { newOperation, type Operation, operationIdOf, operationModel } from '../operations.ts';
import type { StaffContext } from '../users/staff.ts';
import { createUserChanges } from '../users/user-changes.ts';

export interface Erasure {
  /** The user's ID. */
  _id: string;
  at: Date;
  /** The ID of the admin who asked for it. */
  by: string;
  operationId: string;
  /** The entry in the audit log, which erased parts of other entries name. */
  auditSeq: number;
}

/** An erasure in the list that is kept outside the database. */
export type ListedErasure = Pick<Erasure, 'at' | 'by'> & { userId: string };

const schema = new Schema<Erasure>(
  {
    _id: { type: String, required: true },
    at: { type: Date, required: true },
    by: { type: String, required: true },
    operationId: { type: String, required: true },
    auditSeq: { type: Number, required: true },
  },
  { collection: 'erasures', versionKey: false, strict: 'throw' },
);

export type ErasureStore = ReturnType<typeof createErasureStore>;

/** @param now our clock */
export function createErasureStore(connection: Connection, now: () => Date = () => new Date()) {
  const model = connection.model<Erasure>('Erasure', schema);
  const operations = operationModel(connection);
  const users = createUserChanges(connection);
  const audit = createAuditLog(connection, now);

  const get = async (userId: string): Promise<Erasure | null> =>
    await model.findById(userId).lean<Erasure>();

  return {
    model,
    get,

    /**
     * Erases a user: at once what is on their record, the rest by the operation that this returns.
     * Asked for again, it is the same operation.
     * @throws DomainError `not_found`; `conflict` where no active admin would be left
     */
    async request(staff: StaffContext, userId: string): Promise<Operation> {
      // No admin's operation has this ID: an admin's ID begins otherwise.
      const operationId = operationIdOf('erasure', userId);
      return await inTransaction(connection, async (session) => {
        const earlier = await operations.findById(operationId, null, { session }).lean<Operation>();
        if (earlier) return earlier;
        const at = now();
        const write = { ...staff, session };
        await users.eraseRecord(write, userId, at);
        const auditSeq = await audit.append(write, {
          action: 'user.erase',
          targetId: userId,
          before: null,
          after: { operationId },
        });
        const erasure = { _id: userId, at, by: staff.actor.userId, operationId, auditSeq };
        await model.insertOne(erasure, { session });
        const what = { action: 'ERASE' as const, filter: { userId }, note: null, total: 1 };
        const operation = { _id: operationId, ...what, ...newOperation(staff, at) };
        await operations.insertOne(operation, { session });
        return operation;
      });
    },

    /** All erasures, for the list that is kept outside the database. */
    async *list(): AsyncGenerator<ListedErasure> {
      for await (const { _id, at, by } of model.find().sort({ _id: 1 }).lean<Erasure>().cursor()) {
        yield { userId: _id, at, by };
      }
    },
  };
}
