/** A bulk action's record: what was asked for, how far it is, and which claims it is about. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type Connection, Schema } from 'mongoose';
import type { Reason } from '../domain/claims/claim.ts';
import type { Role } from '../domain/user.ts';
import type { Decision } from './claims/claim-record.ts';
import type { ClaimGroup } from './claims/claim-summary.ts';
import type { Position } from './mongodb/cursor.ts';

/** The filter of a bulk action: claims that match every given field, or `all`. */
export interface BulkFilter {
  eventId?: string;
  reason?: Reason;
  provider?: string;
  /** Parked before this time. */
  parkedBefore?: Date;
  all?: true;
}

/** What an admin asks for. */
export interface BulkRequest {
  action: Decision['action'];
  filter: BulkFilter;
  note: string | null;
  idempotencyKey: string;
}

/** `STOPPED` by an admin, or `DONE` with all its claims. */
export const OPERATION_STATES = ['RUNNING', 'STOPPED', 'DONE'] as const;
export type OperationState = (typeof OPERATION_STATES)[number];

/** What a bulk action would apply to now. */
export interface BulkPreview {
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
  action: Decision['action'];
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
export const NEWEST = { createdAt: -1, _id: -1 } as const;
schema.index(NEWEST, { name: 'newest' });
schema.index({ state: 1, ...NEWEST }, { name: 'state_newest' });

/** The collection with its indexes. */
export const operationModel = (connection: Connection) =>
  connection.model<Operation>('Operation', schema);

/** The ID is made of admin and key only, so that the same request sent twice is one operation. */
export function operationIdOf(userId: string, idempotencyKey: string): string {
  const digest = createHash('sha256').update(`${userId}\0${idempotencyKey}`).digest('hex');
  return `op_${digest.slice(0, 40)}`;
}

/** The filter for claims behind a position, oldest first. */
export function olderFirst(position: Position | null): object {
  if (!position) return {};
  const { at, id } = position;
  return {
    createdAt: { $gte: at },
    $or: [{ createdAt: { $gt: at } }, { _id: { $gt: id } }],
  };
}

/** Whether the request asks for what the operation does. */
export function isSame(operation: Operation, { action, filter, note }: BulkRequest): boolean {
  const { action: itsAction, filter: itsFilter, note: itsNote } = operation;
  return action === itsAction && note === itsNote && isDeepStrictEqual(filter, itsFilter);
}

/**
 * The claims that the operation applies to: parked before it was requested. So a claim that is
 * retried and parks again is not taken twice.
 */
export function matching({ filter, createdAt }: Pick<Operation, 'filter' | 'createdAt'>) {
  const { eventId, reason, provider, parkedBefore } = filter;
  return {
    state: 'NEEDS_ATTENTION' as const,
    'parking.at': { $lte: createdAt, ...(parkedBefore && { $lt: parkedBefore }) },
    ...(eventId !== undefined && { eventId }),
    ...(reason !== undefined && { reason }),
    ...(provider !== undefined && { 'snapshot.provider': provider }),
  };
}
