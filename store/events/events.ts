/**
 * The collection `events`. Each change by staff is one transaction over the event, the buckets of
 * its stock and, later, its entry in the audit log.
 */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ClientSession, Connection } from 'mongoose';
import { Schema } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';
import {
  claimableUntil,
  type EventFields,
  type EventStatus,
  type Reward,
} from '../../domain/events/event.ts';
import {
  assertConsistent,
  assertMayBecome,
  type EventPatch,
  patched,
} from '../../domain/events/event-change.ts';
import { createAuditLog } from '../audit-log.ts';
import { inTransaction } from '../mongodb/connection.ts';
import { after, type Position } from '../mongodb/cursor.ts';
import { createStockChanges, type StockedReward } from '../stock/stock-changes.ts';
import type { StaffContext, StaffWrite } from '../users/staff.ts';
import { createEventKeys, type KeyedRequest } from './event-idempotency.ts';

export interface StoredReward extends Reward {
  /** How many buckets the stock is spread over; null for unlimited. */
  buckets: number | null;
}

export interface StoredEvent extends EventFields {
  eventId: string;
  rewards: StoredReward[];
  status: EventStatus;
  /** 1 when created, grows with every change by staff; the event's ETag. */
  version: number;
  /** Set before the first claim is recorded, for good: much of the event is frozen from then on. */
  claimed: boolean;
  /** The user who created it. */
  createdBy: string;
  createdAt: Date;
  updatedAt: Date;
}

interface EventFilter {
  /** Players see listed events that are or will be open; staff see all. */
  audience: 'player' | 'staff';
  status?: EventStatus | undefined;
  now: Date;
}

interface ChangeOptions {
  /** The versions the caller would change, from `If-Match`; without it any. */
  ifMatchVersions?: readonly number[] | undefined;
}

type Stored = Omit<StoredEvent, 'eventId'> & {
  _id: string;
  /** What `claimUntil` and `endsAt` come to, for lists to be found by. */
  claimableUntil: Date;
};

const schema = new Schema<Stored>(
  {
    _id: { type: String, required: true },
    title: { type: String, required: true },
    // Required would refuse the empty string.
    description: { type: String },
    startsAt: { type: Date, required: true },
    endsAt: { type: Date, required: true },
    claimUntil: { type: Date, default: null },
    claimableUntil: { type: Date, required: true },
    listedFrom: { type: Date, default: null },
    period: { type: Object, required: true },
    claimsPerPeriod: { type: Number, required: true },
    claimsTotal: { type: Number, default: null },
    exclusiveGroup: { type: String, default: null },
    condition: { type: Object, default: null },
    rewardSelection: { type: String, required: true },
    rewards: { type: [Object], required: true },
    fulfillment: { type: Object, required: true },
    parkedAfter: { type: Object, required: true },
    status: { type: String, required: true },
    version: { type: Number, required: true },
    claimed: { type: Boolean, required: true },
    createdBy: { type: String, required: true },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
  },
  { collection: 'events', versionKey: false, strict: 'throw' },
);
const NEWEST = { createdAt: -1, _id: -1 } as const;
schema.index(NEWEST, { name: 'newest' });
// The two moments let events that a player's list does not show be skipped without being read.
schema.index({ status: 1, ...NEWEST, claimableUntil: 1, listedFrom: 1 }, { name: 'status' });

const SHOWN_TO_PLAYERS: readonly EventStatus[] = ['ACTIVE', 'PAUSED'];

export type EventStore = ReturnType<typeof createEventStore>;

export function createEventStore(connection: Connection, now: () => Date = () => new Date()) {
  const model = connection.model<Stored>('Event', schema);
  const keys = createEventKeys(connection);
  const stock = createStockChanges(connection);
  const audit = createAuditLog(connection, now);

  async function find(eventId: string, session?: ClientSession): Promise<StoredEvent | null> {
    const found = await model.findById(eventId, null, session && { session }).lean<Stored>();
    return found && toEvent(found);
  }

  async function mustFind(eventId: string, session: ClientSession): Promise<StoredEvent> {
    const found = await find(eventId, session);
    if (!found) throw new DomainError('not_found', 'There is no event with this ID.');
    return found;
  }

  async function makeBuckets(
    session: ClientSession,
    eventId: string,
    rewards: readonly Reward[],
  ): Promise<StoredReward[]> {
    const made: StoredReward[] = [];
    for (const reward of rewards) {
      const limited = isStocked(reward);
      const buckets = limited ? await stock.createBuckets(session, eventId, reward) : null;
      made.push({ ...reward, buckets });
    }
    return made;
  }

  async function insert(
    write: StaffWrite,
    fields: EventFields,
    status: EventStatus,
  ): Promise<StoredEvent> {
    const { actor, session } = write;
    const eventId = `evt_${randomBytes(12).toString('hex')}`;
    const rewards = await makeBuckets(session, eventId, fields.rewards);
    const at = now();
    const stored: Stored = {
      ...fields,
      claimableUntil: claimableUntil(fields),
      _id: eventId,
      rewards,
      status,
      version: 1,
      claimed: false,
      createdBy: actor.userId,
      createdAt: at,
      updatedAt: at,
    };
    await model.insertOne(stored, { session });
    const event = toEvent(stored);
    const after = audited(event);
    await audit.append(write, { action: 'event.create', targetId: eventId, before: null, after });
    return event;
  }

  async function findCreated(
    session: ClientSession,
    asked: KeyedRequest | undefined,
  ): Promise<StoredEvent | null> {
    const eventId = asked && (await keys.find(session, asked, now()));
    if (!eventId) return null;
    const event = await find(eventId, session);
    if (event) return event;
    throw new DomainError('conflict', 'The event created with this key has been deleted since.');
  }

  /** Brings the buckets in line with changed rewards: made anew while nobody has claimed yet. */
  async function restock(
    session: ClientSession,
    before: StoredEvent,
    rewards: readonly Reward[],
  ): Promise<StoredReward[]> {
    const { eventId } = before;
    if (!before.claimed) {
      await stock.removeBuckets(session, eventId);
      return await makeBuckets(session, eventId, rewards);
    }
    const changed: StoredReward[] = [];
    for (const reward of rewards) {
      const known = before.rewards.find(({ rewardId }) => rewardId === reward.rewardId);
      const moved = isStocked(reward) && reward.stock !== known?.stock;
      const buckets = moved ? await stock.changeStock(session, eventId, reward) : known?.buckets;
      changed.push({ ...reward, buckets: buckets ?? null });
    }
    return changed;
  }

  async function changeIn(
    write: StaffWrite,
    eventId: string,
    patch: EventPatch,
    { ifMatchVersions }: ChangeOptions,
  ): Promise<StoredEvent> {
    const { session } = write;
    if (patch.rewards) {
      const rewardIds = patch.rewards.map(({ rewardId }) => rewardId);
      await stock.lockBuckets(session, eventId, rewardIds);
    }
    const before = await mustFind(eventId, session);
    assertVersion(before, ifMatchVersions);
    const fields = patched(before, patch);
    const status = patch.status ?? before.status;
    if (status === before.status && isDeepStrictEqual(fields, fieldsOf(before))) return before;
    assertMayBecome(before, fields, status);

    const rewards = patch.rewards ? await restock(session, before, fields.rewards) : before.rewards;
    // A claim may set the mark after it was read, so the write is guarded by it too.
    const changed = await model
      .findOneAndUpdate(
        { _id: eventId, version: before.version, claimed: before.claimed },
        {
          $set: {
            ...fields,
            claimableUntil: claimableUntil(fields),
            rewards,
            status,
            updatedAt: now(),
          },
          $inc: { version: 1 },
        },
        { session, returnDocument: 'after' },
      )
      .lean<Stored>();
    if (!changed) throw new DomainError('conflict', 'The event changed meanwhile. Read it again.');
    const event = toEvent(changed);
    await audit.append(write, {
      action: 'event.update',
      targetId: eventId,
      before: audited(before),
      after: audited(event),
    });
    return event;
  }

  async function removeIn(write: StaffWrite, eventId: string, options: ChangeOptions) {
    const { session } = write;
    const before = await mustFind(eventId, session);
    assertVersion(before, options.ifMatchVersions);
    const { deletedCount } = await model.deleteOne(
      { _id: eventId, status: 'DRAFT', claimed: false },
      { session },
    );
    if (deletedCount === 0) {
      throw new DomainError('conflict', 'Only a draft can be deleted. End the event instead.');
    }
    await stock.removeBuckets(session, eventId);
    const gone = { before: audited(before), after: null };
    await audit.append(write, { action: 'event.delete', targetId: eventId, ...gone });
  }

  return {
    model,

    /**
     * Creates an event and the buckets of its stock. With a key that was used for the same within
     * 24 hours nothing is created: the event of then is answered as it is now.
     * @throws DomainError `invalid_request` for fields that do not fit together,
     *   `idempotency_key_reused`, or `conflict` where the event of that key was deleted
     */
    async create(
      staff: StaffContext,
      fields: EventFields,
      status: 'DRAFT' | 'ACTIVE',
      idempotencyKey?: string,
    ): Promise<{ event: StoredEvent; replayed: boolean }> {
      assertConsistent(fields);
      const asked = idempotencyKey !== undefined && {
        userId: staff.actor.userId,
        key: idempotencyKey,
        request: { fields, status },
      };
      return await inTransaction(connection, async (session) => {
        const earlier = await findCreated(session, asked || undefined);
        if (earlier) return { event: earlier, replayed: true };
        const event = await insert({ ...staff, session }, fields, status);
        if (asked) await keys.remember(session, asked, event.eventId, event.createdAt);
        return { event, replayed: false };
      });
    },

    async get(eventId: string): Promise<StoredEvent | null> {
      return await find(eventId);
    },

    /** Those of the IDs that are an event's. */
    async existing(eventIds: string[]): Promise<Set<string>> {
      const found = await model.find({ _id: { $in: eventIds } }, { _id: 1 }).lean<Stored[]>();
      return new Set(found.map(({ _id }) => _id));
    },

    /** The IDs of the newest events. */
    async latestIds(limit: number): Promise<string[]> {
      const found = await model.find({}, { _id: 1 }).sort(NEWEST).limit(limit).lean<Stored[]>();
      return found.map(({ _id }) => _id);
    },

    /** Newest first; up to `limit + 1` events, so that the caller sees whether there are more. */
    async page(
      filter: EventFilter,
      from: Position | undefined,
      limit: number,
    ): Promise<StoredEvent[]> {
      const found = await model
        .find({ ...visible(filter), ...after('createdAt', from) })
        .sort(NEWEST)
        .limit(limit + 1)
        .lean<Stored[]>();
      return found.map(toEvent);
    },

    /**
     * Changes what the patch names; without a difference nothing is written and the version stays.
     * @throws DomainError `not_found`, `version_mismatch`, `invalid_request` for fields that do not
     *   fit together, `invalid_transition`, or `conflict` for what is frozen since the first claim
     *   and for a stock below what is held and granted
     */
    async change(
      staff: StaffContext,
      eventId: string,
      patch: EventPatch,
      options: ChangeOptions = {},
    ): Promise<StoredEvent> {
      return await inTransaction(connection, (session) =>
        changeIn({ ...staff, session }, eventId, patch, options),
      );
    },

    /**
     * Deletes a draft and its buckets.
     * @throws DomainError `not_found`, `version_mismatch`, or `conflict` for any other event
     */
    async remove(staff: StaffContext, eventId: string, options: ChangeOptions = {}): Promise<void> {
      await inTransaction(connection, (session) =>
        removeIn({ ...staff, session }, eventId, options),
      );
    },

    /**
     * Marks the event as claimed, before its first claim is recorded. True where it is active and
     * still the version the caller read, so that what the claim was made of is frozen from now on.
     */
    async markClaimed(eventId: string, version: number): Promise<boolean> {
      const { matchedCount } = await model.updateOne(
        { _id: eventId, version, status: 'ACTIVE' },
        { $set: { claimed: true } },
      );
      return matchedCount === 1;
    },
  };
}

function isStocked(reward: Reward): reward is StockedReward {
  return reward.stock !== null;
}

function visible({ audience, status, now }: EventFilter): object {
  if (audience === 'staff') return status ? { status } : {};
  const shown = SHOWN_TO_PLAYERS.filter((s) => status === undefined || s === status);
  return {
    status: { $in: shown },
    claimableUntil: { $gt: now },
    // Null is not greater than any moment. No `$or`: a position in the list has one already.
    listedFrom: { $not: { $gt: now } },
  };
}

function assertVersion({ version }: StoredEvent, expected: readonly number[] | undefined): void {
  if (expected === undefined || expected.includes(version)) return;
  throw new DomainError('version_mismatch', `The event is at version ${version} now.`);
}

/** What the audit log shows of an event: what staff can change. */
function audited(event: StoredEvent): object {
  return { ...fieldsOf(event), status: event.status, version: event.version };
}

function fieldsOf(event: StoredEvent): EventFields {
  return patched(event, {});
}

function toEvent({ _id, claimableUntil: _, ...stored }: Stored): StoredEvent {
  // Both are absent on events from before there were these limits.
  const { claimsTotal = null, exclusiveGroup = null } = stored;
  return { eventId: _id, ...stored, claimsTotal, exclusiveGroup };
}
