/** Bulk actions on parked claims: what was asked for, how far it is, and which claims are next. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ClientSession, Connection } from 'mongoose';
import { Schema } from 'mongoose';
import type { Reason } from '../domain/claims/claim.ts';
import { DomainError } from '../domain/errors.ts';
import type { Role } from '../domain/user.ts';
import { createAuditLog } from './audit-log.ts';
import { type ClaimGroup, groupStages } from './claims/claim-groups.ts';
import { type Claim, claimModel, type Decision } from './claims/claim-record.ts';
import { inTransaction, isDuplicateKey } from './mongodb/connection.ts';
import { after, type Position } from './mongodb/cursor.ts';
import type { StaffContext } from './users/staff.ts';

/** Which parked claims, as it was asked for: those that fit whatever is named, or `all`. */
export interface BulkFilter {
  eventId?: string;
  reason?: Reason;
  provider?: string;
  /** Parked before this moment. */
  parkedBefore?: Date;
  all?: true;
}

interface BulkRequest {
  action: Decision['action'];
  filter: BulkFilter;
  note: string | null;
  idempotencyKey: string;
}

export const OPERATION_STATES = ['RUNNING', 'STOPPED', 'DONE'] as const;
type OperationState = (typeof OPERATION_STATES)[number];

/** What a bulk action would be about, were it asked for now. */
interface BulkPreview {
  matches: number;
  groups: ClaimGroup<'reason' | 'eventId' | 'provider'>[];
  /** The claims that would be first. */
  sample: string[];
}

/** One stay of one claim in `NEEDS_ATTENTION`. */
export interface Parked {
  claimId: string;
  userId: string;
  number: number;
  /** Whether the operation has counted it. */
  isCounted: boolean;
}

export interface Operation {
  _id: string;
  action: Decision['action'];
  filter: BulkFilter;
  note: string | null;
  /** Who asked for it, in whose name the claims are decided on. */
  actor: { userId: string; role: Role };
  requestId: string;
  state: OperationState;
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
const NEWEST = { createdAt: -1, _id: -1 } as const;
schema.index(NEWEST, { name: 'newest' });
schema.index({ state: 1, ...NEWEST }, { name: 'state_newest' });

/** Claims that a preview names. */
const SAMPLE = 20;

/** Made of admin and key alone, so that the same request sent twice is one operation. */
function operationIdOf(userId: string, idempotencyKey: string): string {
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

function isSame(operation: Operation, { action, filter, note }: BulkRequest): boolean {
  const { action: itsAction, filter: itsFilter, note: itsNote } = operation;
  return action === itsAction && note === itsNote && isDeepStrictEqual(filter, itsFilter);
}

/**
 * The claims it is about: parked before it was asked for. One that is retried and parks again is
 * not taken twice.
 */
function fitting({ filter, createdAt }: Pick<Operation, 'filter' | 'createdAt'>) {
  const { eventId, reason, provider, parkedBefore } = filter;
  return {
    state: 'NEEDS_ATTENTION' as const,
    'parking.at': { $lte: createdAt, ...(parkedBefore && { $lt: parkedBefore }) },
    ...(eventId !== undefined && { eventId }),
    ...(reason !== undefined && { reason }),
    ...(provider !== undefined && { 'snapshot.provider': provider }),
  };
}

export type OperationStore = ReturnType<typeof createOperationStore>;

export function createOperationStore(connection: Connection, now: () => Date = () => new Date()) {
  const model = connection.model<Operation>('Operation', schema);
  const audit = createAuditLog(connection, now);
  const claims = claimModel(connection);

  const get = async (operationId: string): Promise<Operation | null> =>
    await model.findById(operationId).lean<Operation>();

  async function create(staff: StaffContext, request: BulkRequest): Promise<Operation> {
    const { action, note, filter, idempotencyKey } = request;
    const at = now();
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
      const batch = found.map((c) => ({
        claimId: c._id,
        userId: c.userId,
        number: c.parking?.number ?? 0,
        isCounted: false,
      }));
      const set = { batch, after: { at: last.createdAt, id: last._id }, updatedAt: now() };
      const guard = {
        _id: operation._id,
        state: 'RUNNING' as const,
        'batch.0': { $exists: false },
      };
      await model.updateOne(guard, { $set: set });
      return (await get(operation._id)) ?? operation;
    },

    /**
     * Counts one claim of the batch as dealt with, once. False where it was counted before, or the
     * operation was stopped. In the session of a decision, both stand or neither does.
     */
    async count(
      operationId: string,
      claimId: string,
      as: 'done' | 'failed',
      session?: ClientSession,
    ): Promise<boolean> {
      const counted = await model.updateOne(
        {
          _id: operationId,
          state: 'RUNNING',
          batch: { $elemMatch: { claimId, isCounted: false } },
        },
        { $inc: { [as]: 1 }, $set: { 'batch.$.isCounted': true, updatedAt: now() } },
        { ...(session && { session }) },
      );
      return counted.matchedCount === 1;
    },

    /** Makes room for the next batch, once each claim of this one is counted. */
    async endBatch({ _id }: Operation): Promise<void> {
      const guard = {
        _id,
        state: 'RUNNING' as const,
        batch: { $not: { $elemMatch: { isCounted: false } } },
      };
      await model.updateOne(guard, { $set: { batch: [], updatedAt: now() } });
    },

    /** Ends an operation that has no more claims. Those that left before their turn have failed it. */
    async finish({ _id, total, done, failed }: Operation): Promise<void> {
      const end = { state: 'DONE' as const, failed: Math.max(failed, total - done) };
      await model.updateOne(
        { _id, state: 'RUNNING', 'batch.0': { $exists: false } },
        { $set: { ...end, updatedAt: now() } },
      );
    },

    /**
     * Stops an operation: no claim is decided on by it from now on, and what is done stays. Stopping
     * it again changes nothing.
     * @throws DomainError `not_found`; `invalid_transition` where it is done
     */
    async stop(staff: StaffContext, operationId: string): Promise<Operation> {
      return await inTransaction(connection, async (session) => {
        const end = { state: 'STOPPED' as const, batch: [], updatedAt: now() };
        const stopped = await model
          .findOneAndUpdate(
            { _id: operationId, state: 'RUNNING' },
            { $set: end },
            { session, returnDocument: 'after' },
          )
          .lean<Operation>();
        if (!stopped)
          return notRunning(await model.findById(operationId, null, { session }).lean<Operation>());
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

    /** What an action with this filter would be about. Nothing is written. */
    async preview(filter: BulkFilter): Promise<BulkPreview> {
      const fits = fitting({ filter, createdAt: now() });
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

    /** Newest first; up to `limit + 1` operations, so that the caller sees whether there are more. */
    async page(
      filter: { state?: OperationState | undefined },
      from: Position | undefined,
      limit: number,
    ): Promise<Operation[]> {
      const { state } = filter;
      return await model
        .find({ ...(state && { state }), ...after('createdAt', from) })
        .sort(NEWEST)
        .limit(limit + 1)
        .lean<Operation[]>();
    },

    /** Operations that are not done: reconciliation makes sure that each has a run. */
    async running(): Promise<Operation[]> {
      return await model.find({ state: 'RUNNING' }).sort({ createdAt: 1 }).lean<Operation[]>();
    },
  };
}

/** What stopping answers for an operation that does not run. */
function notRunning(operation: Operation | null): Operation {
  if (!operation) throw new DomainError('not_found', 'There is no operation with this ID.');
  if (operation.state === 'STOPPED') return operation;
  throw new DomainError('invalid_transition', 'This bulk action is done.');
}
