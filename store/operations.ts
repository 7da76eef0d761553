/** Bulk actions on parked claims: what was asked for, how far it is, and which claims are next. */
import { createHash } from 'node:crypto';
import type { Connection } from 'mongoose';
import { Schema } from 'mongoose';
import type { Reason } from '../domain/claim.ts';
import { DomainError } from '../domain/errors.ts';
import type { Role } from '../domain/user.ts';
import { createAuditLog } from './audit-log.ts';
import { type Claim, createClaimStore, type Decision } from './claims.ts';
import { inTransaction, isDuplicateKey } from './connection.ts';
import type { Position } from './cursor.ts';
import type { StaffContext } from './staff.ts';

/** Which parked claims: all, or those of one event or one reason. */
export interface BulkFilter {
  eventId: string | null;
  reason: Reason | null;
}

export interface BulkRequest extends BulkFilter {
  action: Decision['action'];
  note: string | null;
  idempotencyKey: string;
}

/** One stay of one claim in `NEEDS_ATTENTION`. */
export interface Parked {
  claimId: string;
  number: number;
}

export interface Operation {
  _id: string;
  action: Decision['action'];
  filter: BulkFilter;
  note: string | null;
  /** Who asked for it, in whose name the claims are decided on. */
  actor: { userId: string; role: Role };
  requestId: string;
  state: 'RUNNING' | 'DONE';
  /** Claims that fitted when it was asked for. */
  total: number;
  /** Decided on by this operation, or by somebody else in the same way. */
  done: number;
  /** Decided otherwise meanwhile, or no longer parked. */
  failed: number;
  /** The claims being decided on now: written down first, so that a restart counts none twice. */
  batch: Parked[];
  /** The last claim of the batch before. */
  after: Position | null;
  createdAt: Date;
  updatedAt: Date;
}

const schema = new Schema<Operation>(
  {
    _id: { type: String, required: true },
    action: { type: String, required: true },
    filter: { type: Object, required: true },
    note: { type: String, default: null },
    actor: { type: Object, required: true },
    requestId: { type: String, required: true },
    state: { type: String, required: true },
    total: { type: Number, required: true },
    done: { type: Number, required: true },
    failed: { type: Number, required: true },
    batch: { type: [Object], required: true },
    after: { type: Object, default: null },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
  },
  { collection: 'operations', versionKey: false, strict: 'throw' },
);
schema.index({ state: 1, createdAt: 1 }, { name: 'state' });

/** Made of admin and key alone, so that the same request sent twice is one operation. */
export function operationIdOf(userId: string, idempotencyKey: string): string {
  const digest = createHash('sha256').update(`${userId}\0${idempotencyKey}`).digest('hex');
  return `op_${digest.slice(0, 40)}`;
}

/** What comes after a position, oldest first. */
function olderFirst(position: Position | null): object {
  if (!position) return {};
  const { at, id } = position;
  return {
    createdAt: { $gte: at },
    $or: [{ createdAt: { $gt: at } }, { _id: { $gt: id } }],
  };
}

function isSame(operation: Operation, request: BulkRequest): boolean {
  const { action, filter, note } = operation;
  return (
    action === request.action &&
    filter.eventId === request.eventId &&
    filter.reason === request.reason &&
    note === request.note
  );
}

export type OperationStore = ReturnType<typeof createOperationStore>;

export function createOperationStore(connection: Connection, now: () => Date = () => new Date()) {
  const model = connection.model<Operation>('Operation', schema);
  const audit = createAuditLog(connection, now);
  const claims = createClaimStore(connection, now).model;

  const get = async (operationId: string): Promise<Operation | null> =>
    await model.findById(operationId).lean<Operation>();

  /**
   * The claims it is about: parked before it was asked for. One that is retried and parks again is
   * not taken twice.
   */
  const fitting = ({ filter, createdAt }: Pick<Operation, 'filter' | 'createdAt'>) => ({
    state: 'NEEDS_ATTENTION' as const,
    'parking.at': { $lte: createdAt },
    ...(filter.eventId !== null && { eventId: filter.eventId }),
    ...(filter.reason !== null && { reason: filter.reason }),
  });

  async function create(staff: StaffContext, request: BulkRequest): Promise<Operation> {
    const { action, note, eventId, reason, idempotencyKey } = request;
    const at = now();
    const filter = { eventId, reason };
    const total = await claims.countDocuments(fitting({ filter, createdAt: at }));
    const operation: Operation = {
      _id: operationIdOf(staff.actor.userId, idempotencyKey),
      action,
      filter,
      note,
      actor: staff.actor,
      requestId: staff.requestId,
      state: 'RUNNING',
      total,
      done: 0,
      failed: 0,
      batch: [],
      after: null,
      createdAt: at,
      updatedAt: at,
    };
    await inTransaction(connection, async (session) => {
      await model.insertOne(operation, { session });
      const write = { ...staff, session };
      await audit.append(write, {
        action: action === 'RETRY' ? 'claims.retry' : 'claims.abort',
        targetId: operation._id,
        before: null,
        after: { ...filter, note, total },
      });
    });
    return operation;
  }

  return {
    model,
    get,

    /**
     * Records a bulk action, or finds the one its key stands for.
     * @throws DomainError `idempotency_key_reused` where that was another
     */
    async request(staff: StaffContext, request: BulkRequest): Promise<Operation> {
      const operationId = operationIdOf(staff.actor.userId, request.idempotencyKey);
      const earlier = await get(operationId);
      const operation =
        earlier ??
        (await create(staff, request).catch(async (error) => {
          const twin = isDuplicateKey(error, model.collection) ? await get(operationId) : null;
          if (twin) return twin;
          throw error;
        }));
      if (isSame(operation, request)) return operation;
      const detail = 'This idempotency key belongs to another bulk action.';
      throw new DomainError('idempotency_key_reused', detail);
    },

    /**
     * Writes down the next batch and returns the operation with it; an empty batch where there are
     * no more. A batch that is not counted yet is taken up again.
     */
    async takeBatch(operation: Operation, size: number): Promise<Operation> {
      if (operation.batch.length > 0) return operation;
      const found = await claims
        .find({ ...fitting(operation), ...olderFirst(operation.after) })
        .sort({ createdAt: 1, _id: 1 })
        .limit(size)
        .lean<Claim[]>();
      const last = found.at(-1);
      if (!last) return operation;
      const batch = found.map((c) => ({ claimId: c._id, number: c.parking?.number ?? 0 }));
      const set = { batch, after: { at: last.createdAt, id: last._id }, updatedAt: now() };
      const guard = {
        _id: operation._id,
        state: 'RUNNING' as const,
        'batch.0': { $exists: false },
      };
      await model.updateOne(guard, { $set: set });
      return (await get(operation._id)) ?? operation;
    },

    /** Counts a batch as dealt with, once. */
    async countBatch(operation: Operation, done: number, failed: number): Promise<void> {
      await model.updateOne(
        { _id: operation._id, 'batch.0.claimId': operation.batch[0]?.claimId ?? '' },
        { $set: { batch: [], updatedAt: now() }, $inc: { done, failed } },
      );
    },

    async finish(operationId: string): Promise<void> {
      const set = { state: 'DONE' as const, updatedAt: now() };
      await model.updateOne({ _id: operationId, state: 'RUNNING' }, { $set: set });
    },

    /** Operations that are not done: reconciliation makes sure that each has a run. */
    async running(): Promise<Operation[]> {
      return await model.find({ state: 'RUNNING' }).sort({ createdAt: 1 }).lean<Operation[]>();
    },
  };
}
