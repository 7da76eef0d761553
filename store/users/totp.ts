/**
 * The collection `totp`: the second factor of staff. Each write is guarded, so that a code counts
 * once, also for two requests at once. What is stored of the secret is sealed by the caller.
 */
import { type ClientSession, type Connection, Schema } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';
import { createAuditLog } from '../audit-log.ts';
import { inTransaction, isDuplicateKey } from '../mongodb/connection.ts';
import { createSignInEnder } from './sign-ins.ts';
import type { StaffContext } from './staff.ts';

interface Stored {
  /** The user's ID. */
  _id: string;
  /** The sealed secret of an enrolment that is not confirmed yet. */
  pending?: string;
  /** The sealed secret that codes are of. */
  secret?: string;
  /** The time step of the last code that counted: only later steps count. */
  lastStep?: number;
  /** The hashes of the recovery codes that are left. */
  recovery?: string[];
  confirmedAt?: Date;
}

const schema = new Schema<Stored>(
  {
    _id: { type: String, required: true },
    pending: String,
    secret: String,
    lastStep: Number,
    recovery: { type: [String], default: undefined },
    confirmedAt: Date,
  },
  { collection: 'totp', versionKey: false, strict: 'throw' },
);

/** A second factor that is in use. */
export interface SecondFactor {
  /** The sealed secret. */
  secret: string;
  /** How many recovery codes are left. */
  recoveryCodes: number;
}

/** What a confirmed enrolment stores. */
interface Enrolment {
  userId: string;
  /** The sealed secret whose code confirmed it. */
  pending: string;
  /** The step of that code, which counts no more. */
  step: number;
  /** The hashes of the recovery codes. */
  recovery: string[];
  /** The sign-in that stays; null where all end. */
  keep: string | null;
}

export type TotpStore = ReturnType<typeof createTotpStore>;

/** The second factors, over the collection `totp`. */
export function createTotpStore(connection: Connection) {
  const model = connection.model<Stored>('Totp', schema);
  const audit = createAuditLog(connection);
  const endSignIns = createSignInEnder(connection);

  async function isGone(userId: string, session: ClientSession): Promise<boolean> {
    const inUse = { _id: userId, confirmedAt: { $exists: true } };
    return (await model.deleteOne(inUse, { session })).deletedCount === 0;
  }

  /** The user's second factor; null where none is in use. */
  async function find(userId: string): Promise<SecondFactor | null> {
    const found = await model.findById(userId).lean<Stored>();
    if (found?.secret === undefined) return null;
    return { secret: found.secret, recoveryCodes: found.recovery?.length ?? 0 };
  }

  return {
    model,
    find,

    /** Begins an enrolment, or begins it anew. @throws DomainError `conflict` for one in use */
    async begin(userId: string, pending: string): Promise<void> {
      const unused = { _id: userId, confirmedAt: { $exists: false } };
      const write = () => model.updateOne(unused, { $set: { pending } }, { upsert: true });
      const isThere = (error: unknown) => {
        if (!isDuplicateKey(error, model.collection)) throw error;
      };
      // The upsert of a record that is there fails. It may be one that was begun at the same time;
      // after that, it is one in use.
      if (await write().catch(isThere)) return;
      if (await write().catch(isThere)) return;
      throw new DomainError('conflict', 'A second factor is in use. Remove it first.');
    },

    /** The sealed secret of an enrolment that is not confirmed yet; null where there is none. */
    async pendingOf(userId: string): Promise<string | null> {
      return (await model.findById(userId).lean<Stored>())?.pending ?? null;
    },

    /**
     * Takes a second factor into use, and ends the user's sign-ins but one.
     * @returns the new token epoch; null where the enrolment is not the current one any more
     */
    async confirm(staff: StaffContext, enrolment: Enrolment, now: Date): Promise<number | null> {
      const { userId, pending, step, recovery, keep } = enrolment;
      return await inTransaction(connection, async (session) => {
        const taken = await model.updateOne(
          { _id: userId, pending },
          {
            $set: { secret: pending, lastStep: step, recovery, confirmedAt: now },
            $unset: { pending: 1 },
          },
          { session },
        );
        if (taken.matchedCount === 0) return null;
        await audit.append(
          { ...staff, session },
          { action: 'user.totp_enabled', targetId: userId, before: null, after: {} },
        );
        return await endSignIns({ userId, keep, now }, session);
      });
    },

    /** Counts a code of this time step. @returns false where it, or a later one, counted already */
    async spendStep(userId: string, step: number): Promise<boolean> {
      const unspent = { _id: userId, lastStep: { $lt: step } };
      return (await model.updateOne(unspent, { $set: { lastStep: step } })).modifiedCount === 1;
    },

    /** Counts a recovery code by its hash. @returns false where it is none, or counted already */
    async spendRecovery(userId: string, hash: string): Promise<boolean> {
      const unspent = { _id: userId, recovery: hash };
      return (await model.updateOne(unspent, { $pull: { recovery: hash } })).modifiedCount === 1;
    },

    /**
     * Removes a second factor, and ends the user's sign-ins but one.
     * @param keep the sign-in that stays; null where all end
     * @throws DomainError `not_found` where none is in use
     */
    async remove(
      staff: StaffContext,
      { userId, keep }: { userId: string; keep: string | null },
      now: Date,
    ): Promise<void> {
      const action = staff.actor.userId === userId ? 'user.totp_disabled' : 'user.totp_removed';
      if ((await find(userId)) === null) throw noneInUse();
      await inTransaction(connection, async (session) => {
        if (await isGone(userId, session)) throw noneInUse();
        await audit.append(
          { ...staff, session },
          { action, targetId: userId, before: {}, after: null },
        );
        await endSignIns({ userId, keep, now }, session);
      });
    },
  };
}

const noneInUse = () => new DomainError('not_found', 'No second factor is in use.');
