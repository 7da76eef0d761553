/**
 * Bulk actions on parked claims: request one, work through its claims in batches, stop it. The
 * record says what was asked for, how far it is, and which claims it is about. The erasure of a
 * user is an operation too; see `privacy/erasures.ts`.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type ClientSession, type Connection, Schema } from 'mongoose';
import type { Reason } from '../domain/claims/claim.ts';
import { DomainError } from '../domain/errors.ts';
import type { Role } from '../domain/user.ts';
import { createAuditLog } from './audit-log.ts';
import { type Claim, claimModel, type Decision } from './claims/claim-record.ts';
import { type ClaimGroup, groupStages } from './claims/claim-summary.ts';
import { inTransaction, isDuplicateKey } from './mongodb/connection.ts';
import { after, type Position } from './mongodb/cursor.ts';
import type { StaffContext } from './users/staff.ts';

/** The filter of a bulk action: claims that match every given field, or `all`. */
export interface BulkFilter {
  eventId?: string;
  reason?: Reason;
  provider?: string;
  /** Parked before this time. */
  parkedBefore?: Date;
  all?: true;
  /** The user of an erasure, which has no other field. */
  userId?: string;
}

/** What an admin asks for. */
interface BulkRequest extends Pick<Operation, 'filter' | 'note'> {
  action: Decision['action'];
  idempotencyKey: string;
}

/** `STOPPED` by an admin, or `DONE` with all its claims. */
export const OPERATION_STATES = ['RUNNING', 'STOPPED', 'DONE'] as const;
type OperationState = (typeof OPERATION_STATES)[number];

/** What a bulk action would apply to now. */
interface BulkPreview {
  matches: number;
  groups: ClaimGroup<'reason' | 'eventId' | 'provider'>[];
  /** The IDs of the claims that would come first. */
  sample: string[];
}

/** One parking of one claim. */
export interface Parked {
  claimId: string;
  userId: string;
  number: number;
  /** Whether the operation has counted the claim. */
  isCounted: boolean;
}

/** A bulk action and its progress. */
export interface Operation {
  _id: string;
  action: Decision['action'] | 'ERASE';
  filter: BulkFilter;
  note: string | null;
  /** Who requested it. The claims are decided on in their name. */
  actor: { userId: string; role: Role };
  requestId: string;
  state: OperationState;
  /** How many claims matched when it was requested. */
  total: number;
  /** How many claims were decided on by this operation, or by others with the same decision. */
  done: number;
  /** How many claims were decided on differently meanwhile, or were no longer parked. */
  failed: number;
  /** The claims being decided on now; recorded first, so that a restart counts none twice. */
  batch: Parked[];
  /** The last claim of the previous batch. */
  after: Position | null;
  createdAt: Date;
  updatedAt: Date;
}

/** An operation that decides on claims. */
export type BulkAction = Operation & { action: Decision['action'] };

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
/** Newest first; the ID decides between operations of the same time. */
const NEWEST = { createdAt: -1, _id: -1 } as const;
schema.index(NEWEST, { name: 'newest' });
schema.index({ state: 1, ...NEWEST }, { name: 'state_newest' });

/** How many claims a preview lists. */
const SAMPLE = 20;

/** Guards of writes: a stopped operation is left alone, and a batch is never replaced. */
const RUNNING = { state: 'RUNNING' } as const;
const NO_BATCH = { 'batch.0': { $exists: false } };

/** The collection with its indexes. */
export const operationModel = (connection: Connection) =>
  connection.model<Operation>('Operation', schema);

/** What every new operation begins with. */
export const newOperation = (staff: StaffContext, at: Date) => ({
  actor: staff.actor,
  requestId: staff.requestId,
  state: 'RUNNING' as const,
  done: 0,
  failed: 0,
  batch: [],
  after: null,
  createdAt: at,
  updatedAt: at,
});

export type OperationStore = ReturnType<typeof createOperationStore>;

/** The bulk actions, over the collection `operations`. @param now our clock */
export function createOperationStore(connection: Connection, now: () => Date = () => new Date()) {
  const model = operationModel(connection);
  const audit = createAuditLog(connection, now);
  const claims = claimModel(connection);

  const get = async (operationId: string, session?: ClientSession): Promise<Operation | null> =>
    await model.findById(operationId, null, { ...(session && { session }) }).lean<Operation>();

  async function create(staff: StaffContext, request: BulkRequest): Promise<Operation> {
    const { action, note, filter, idempotencyKey } = request;
    const at = now();
    const total = await claims.countDocuments(matching({ filter, createdAt: at }));
    const operation: Operation = {
      _id: operationIdOf(staff.actor.userId, idempotencyKey),
      action,
      filter,
      note,
      total,
      ...newOperation(staff, at),
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
     * Records a bulk action, or finds the one with the same key.
     * @throws DomainError `idempotency_key_reused` where the key belongs to another request
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
     * Records the next batch of claims. A batch that is not fully counted is taken again.
     * @param size how many claims are in a batch at most
     * @returns the operation with the batch, which is empty where no claims are left
     */
    async takeBatch<O extends Operation>(operation: O, size: number): Promise<O> {
      if (operation.batch.length > 0) return operation;
      const found = await claims
        .find({ ...matching(operation), ...olderFirst(operation.after) })
        .sort({ createdAt: 1, _id: 1 })
        .limit(size)
        .lean<Claim[]>();
      const last = found.at(-1);
      if (!last) return operation;
      const batch = found.map((c) => ({
        claimId: c._id,
        userId: c.userId,
        number: c.parking?.number ?? 0,
        isCounted: false,
      }));
      const set = { batch, after: { at: last.createdAt, id: last._id }, updatedAt: now() };
      const { _id } = operation;
      await model.updateOne({ _id, ...RUNNING, ...NO_BATCH }, { $set: set });
      return ((await get(_id)) as O | null) ?? operation;
    },

    /**
     * Counts one claim of the batch as handled, once. With the session of a decision, both are
     * written or neither is.
     * @returns false where it was counted before, or the operation was stopped
     */
    async count(
      operationId: string,
      claimId: string,
      as: 'done' | 'failed',
      session?: ClientSession,
    ): Promise<boolean> {
      const uncounted = { batch: { $elemMatch: { claimId, isCounted: false } } };
      const counted = await model.updateOne(
        { _id: operationId, ...RUNNING, ...uncounted },
        { $inc: { [as]: 1 }, $set: { 'batch.$.isCounted': true, updatedAt: now() } },
        { ...(session && { session }) },
      );
      return counted.matchedCount === 1;
    },

    /** Removes the batch once all its claims are counted, so that the next one can be taken. */
    async endBatch({ _id }: Operation): Promise<void> {
      const counted = { batch: { $not: { $elemMatch: { isCounted: false } } } };
      const set = { batch: [], updatedAt: now() };
      await model.updateOne({ _id, ...RUNNING, ...counted }, { $set: set });
    },

    /**
     * Ends an operation without claims left. Claims that left `NEEDS_ATTENTION` before they were
     * reached count as failed.
     */
    async finish({ _id, total, done, failed }: Operation): Promise<void> {
      const missed = Math.max(failed, total - done);
      const end = { state: 'DONE' as const, failed: missed, updatedAt: now() };
      await model.updateOne({ _id, ...RUNNING, ...NO_BATCH }, { $set: end });
    },

    /** Ends an erasure: all that is to go has gone. */
    async finishErasure({ _id }: Operation): Promise<void> {
      await model.updateOne(
        { _id, ...RUNNING, action: 'ERASE' },
        { $set: { state: 'DONE', done: 1, updatedAt: now() } },
      );
    },

    /**
     * Stops an operation. It decides on no further claim; what is done stays. Stopping it again
     * changes nothing.
     * @throws DomainError `not_found`; `invalid_transition` where it is done, or is an erasure
     */
    async stop(staff: StaffContext, operationId: string): Promise<Operation> {
      return await inTransaction(connection, async (session) => {
        const end = { state: 'STOPPED' as const, batch: [], updatedAt: now() };
        const stopped = await model
          .findOneAndUpdate(
            { _id: operationId, ...RUNNING, action: { $ne: 'ERASE' } },
            { $set: end },
            { session, returnDocument: 'after' },
          )
          .lean<Operation>();
        if (!stopped) return notRunning(await get(operationId, session));
        const { done, failed } = stopped;
        await audit.append(
          { ...staff, session },
          {
            action: 'operation.stop',
            targetId: operationId,
            before: { state: 'RUNNING' },
            after: { state: 'STOPPED', done, failed },
          },
        );
        return stopped;
      });
    },

    /** What a bulk action with this filter would apply to now. Nothing is written. */
    async preview(filter: BulkFilter): Promise<BulkPreview> {
      const fits = matching({ filter, createdAt: now() });
      const by = ['reason', 'eventId', 'provider'] as const;
      const [groups, first] = await Promise.all([
        claims.aggregate<BulkPreview['groups'][number]>([{ $match: fits }, ...groupStages(by)]),
        claims
          .find(fits, { _id: 1 })
          .sort({ createdAt: 1, _id: 1 })
          .limit(SAMPLE)
          .lean<Pick<Claim, '_id'>[]>(),
      ]);
      const matches = groups.reduce((sum, { count }) => sum + count, 0);
      return { matches, groups, sample: first.map(({ _id }) => _id) };
    },

    /** Newest first; up to `limit + 1` operations, so that the caller sees if there are more. */
    async page(
      { state }: { state?: OperationState | undefined },
      from: Position | undefined,
      limit: number,
    ): Promise<Operation[]> {
      return await model
        .find({ ...(state && { state }), ...after('createdAt', from) })
        .sort(NEWEST)
        .limit(limit + 1)
        .lean<Operation[]>();
    },

    /** Operations that are not done. Reconciliation makes sure that each has a run. */
    async running(): Promise<Operation[]> {
      return await model.find(RUNNING).sort({ createdAt: 1 }).lean<Operation[]>();
    },
  };
}

/** The result of stopping an operation that is not running. */
function notRunning(operation: Operation | null): Operation {
  if (!operation) throw new DomainError('not_found', 'There is no operation with this ID.');
  if (operation.state === 'STOPPED') return operation;
  if (operation.action === 'ERASE') {
    throw new DomainError('invalid_transition', 'An erasure cannot be stopped.');
  }
  throw new DomainError('invalid_transition', 'This bulk action is done.');
}

/** The ID is made of admin and key only, so that the same request sent twice is one operation. */
export function operationIdOf(userId: string, idempotencyKey: string): string {
  const digest = createHash('sha256').update(`${userId}\0${idempotencyKey}`).digest('hex');
  return `op_${digest.slice(0, 40)}`;
}

/** The filter for claims behind a position, oldest first. */
function olderFirst(position: Position | null): object {
  if (!position) return {};
  const { at, id } = position;
  return {
    createdAt: { $gte: at },
    $or: [{ createdAt: { $gt: at } }, { _id: { $gt: id } }],
  };
}

/** Whether the request asks for what the operation does. */
function isSame(operation: Operation, request: BulkRequest): boolean {
  const { action, note, filter } = operation;
  return (
    action === request.action && note === request.note && isDeepStrictEqual(filter, request.filter)
  );
}

/**
 * The claims that the operation applies to: parked before it was requested. So a claim that is
 * retried and parks again is not taken twice.
 */
function matching({ filter, createdAt }: Pick<Operation, 'filter' | 'createdAt'>) {
  const { eventId, reason, provider, parkedBefore } = filter;
  return {
    state: 'NEEDS_ATTENTION' as const,
    'parking.at': { $lte: createdAt, ...(parkedBefore && { $lt: parkedBefore }) },
    ...(eventId !== undefined && { eventId }),
    ...(reason !== undefined && { reason }),
    ...(provider !== undefined && { 'snapshot.provider': provider }),
  };
}
