/** Bulk actions on parked claims: request one, work through its claims in batches, stop it. */
import type { ClientSession, Connection } from 'mongoose';
import { DomainError } from '../domain/errors.ts';
import { createAuditLog } from './audit-log.ts';
import { type Claim, claimModel } from './claims/claim-record.ts';
import { groupStages } from './claims/claim-summary.ts';
import { inTransaction, isDuplicateKey } from './mongodb/connection.ts';
import { after, type Position } from './mongodb/cursor.ts';
import {
  type BulkFilter,
  type BulkPreview,
  type BulkRequest,
  isSame,
  matching,
  NEWEST,
  type Operation,
  type OperationState,
  olderFirst,
  operationIdOf,
  operationModel,
} from './operation-record.ts';
import type { StaffContext } from './users/staff.ts';

export {
  type BulkFilter,
  OPERATION_STATES,
  type Operation,
  type Parked,
} from './operation-record.ts';

/** How many claims a preview lists. */
const SAMPLE = 20;

export type OperationStore = ReturnType<typeof createOperationStore>;

/** The bulk actions, over the collection `operations`. @param now our clock */
export function createOperationStore(connection: Connection, now: () => Date = () => new Date()) {
  const model = operationModel(connection);
  const audit = createAuditLog(connection, now);
  const claims = claimModel(connection);

  const get = async (operationId: string): Promise<Operation | null> =>
    await model.findById(operationId).lean<Operation>();

  async function create(staff: StaffContext, request: BulkRequest): Promise<Operation> {
    const { action, note, filter, idempotencyKey } = request;
    const at = now();
    const total = await claims.countDocuments(matching({ filter, createdAt: at }));
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
    async takeBatch(operation: Operation, size: number): Promise<Operation> {
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
      const guard = {
        _id: operation._id,
        state: 'RUNNING' as const,
        'batch.0': { $exists: false },
      };
      await model.updateOne(guard, { $set: set });
      return (await get(operation._id)) ?? operation;
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

    /** Removes the batch once all its claims are counted, so that the next one can be taken. */
    async endBatch({ _id }: Operation): Promise<void> {
      const guard = {
        _id,
        state: 'RUNNING' as const,
        batch: { $not: { $elemMatch: { isCounted: false } } },
      };
      await model.updateOne(guard, { $set: { batch: [], updatedAt: now() } });
    },

    /**
     * Ends an operation without claims left. Claims that left `NEEDS_ATTENTION` before they were
     * reached count as failed.
     */
    async finish({ _id, total, done, failed }: Operation): Promise<void> {
      const end = { state: 'DONE' as const, failed: Math.max(failed, total - done) };
      await model.updateOne(
        { _id, state: 'RUNNING', 'batch.0': { $exists: false } },
        { $set: { ...end, updatedAt: now() } },
      );
    },

    /**
     * Stops an operation. It decides on no further claim; what is done stays. Stopping it again
     * changes nothing.
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

    /** Operations that are not done. Reconciliation makes sure that each has a run. */
    async running(): Promise<Operation[]> {
      return await model.find({ state: 'RUNNING' }).sort({ createdAt: 1 }).lean<Operation[]>();
    },
  };
}

/** The result of stopping an operation that is not running. */
function notRunning(operation: Operation | null): Operation {
  if (!operation) throw new DomainError('not_found', 'There is no operation with this ID.');
  if (operation.state === 'STOPPED') return operation;
  throw new DomainError('invalid_transition', 'This bulk action is done.');
}
