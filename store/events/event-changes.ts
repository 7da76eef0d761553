/**
 * What staff do to events: create, change, delete. Each is one transaction over the event, the
 * buckets of its stock, and its entry in the audit log.
 */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ClientSession, Connection } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';
import {
  claimableUntil,
  type EventFields,
  type EventStatus,
  isLimitedReward,
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
import { createStockChanges } from '../stock/stock-changes.ts';
import type { StaffContext, StaffWrite } from '../users/staff.ts';
import { createEventKeys, type KeyedRequest } from './event-idempotency.ts';
import {
  type EventDocument,
  eventModel,
  fieldsOf,
  type StoredEvent,
  type StoredReward,
  toEvent,
} from './event-record.ts';

interface ChangeOptions {
  /** The versions that may be changed, from `If-Match`; any version unless given. */
  ifMatchVersions?: readonly number[] | undefined;
}

/** What a copy of an event has of its own. Without a `title` it has that of the event. */
export interface EventCopy extends Pick<EventFields, 'startsAt' | 'endsAt' | 'claimUntil'> {
  title?: string | undefined;
}

/** @param now our clock */
export function createEventChanges(connection: Connection, now: () => Date) {
  const model = eventModel(connection);
  const keys = createEventKeys(connection);
  const audit = createAuditLog(connection, now);
  const stock = createStockChanges(connection);

  async function find(eventId: string, session: ClientSession): Promise<StoredEvent | null> {
    const found = await model.findById(eventId, null, { session }).lean<EventDocument>();
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
      const limited = isLimitedReward(reward);
      const buckets = limited ? await stock.createBuckets(session, eventId, reward) : null;
      made.push({ ...reward, buckets });
    }
    return made;
  }

  async function insert(
    write: StaffWrite,
    fields: EventFields,
    status: EventStatus,
    clonedFrom?: string,
  ): Promise<StoredEvent> {
    const { actor, session } = write;
    const eventId = `evt_${randomBytes(12).toString('hex')}`;
    const rewards = await makeBuckets(session, eventId, fields.rewards);
    const at = now();
    const document: EventDocument = {
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
    await model.insertOne(document, { session });
    const event = toEvent(document);
    const after = { ...audited(event), ...(clonedFrom !== undefined && { clonedFrom }) };
    await audit.append(write, { action: 'event.create', targetId: eventId, before: null, after });
    return event;
  }

  async function insertCopy(
    write: StaffWrite,
    sourceId: string,
    copy: EventCopy,
  ): Promise<StoredEvent> {
    const source = await mustFind(sourceId, write.session);
    const fields = patched(source, copy);
    assertConsistent(fields, source);
    return await insert(write, fields, 'DRAFT', sourceId);
  }

  async function findCreated(
    session: ClientSession,
    asked: KeyedRequest,
  ): Promise<StoredEvent | null> {
    const eventId = await keys.find(session, asked, now());
    if (!eventId) return null;
    const event = await find(eventId, session);
    if (event) return event;
    throw new DomainError('conflict', 'The event created with this key has been deleted since.');
  }

  /** Inserts an event in a transaction, unless the key was used for the same request before. */
  async function createOnce(
    staff: StaffContext,
    key: string | undefined,
    request: object,
    insertIn: (write: StaffWrite) => Promise<StoredEvent>,
  ): Promise<{ event: StoredEvent; replayed: boolean }> {
    const asked = key === undefined ? undefined : { userId: staff.actor.userId, key, request };
    return await inTransaction(connection, async (session) => {
      const earlier = asked && (await findCreated(session, asked));
      if (earlier) return { event: earlier, replayed: true };
      const event = await insertIn({ ...staff, session });
      if (asked) await keys.remember(session, asked, event.eventId, event.createdAt);
      return { event, replayed: false };
    });
  }

  /** Adapts the buckets to changed rewards. Before the first claim they are made anew. */
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
      const moved = isLimitedReward(reward) && reward.stock !== known?.stock;
      const buckets = moved ? await stock.changeStock(session, eventId, reward) : known?.buckets;
      changed.push({ ...reward, buckets: buckets ?? null });
    }
    return changed;
  }

  return {
    /**
     * Creates an event and the buckets of its stock. Where the key was used for the same request
     * within 24 hours, nothing is created: the answer is that event as it is now.
     * @throws DomainError `invalid_request` for fields that do not fit together,
     *   `idempotency_key_reused`, or `conflict` where that event was deleted
     */
    async create(
      staff: StaffContext,
      fields: EventFields,
      status: 'DRAFT' | 'ACTIVE',
      idempotencyKey?: string,
    ): Promise<{ event: StoredEvent; replayed: boolean }> {
      assertConsistent(fields);
      return await createOnce(staff, idempotencyKey, { fields, status }, (write) =>
        insert(write, fields, status),
      );
    },

    /**
     * Creates a draft with the fields of another event and its own play window. The key is as in
     * `create`.
     * @throws DomainError `not_found`, or as `create`
     */
    async clone(
      staff: StaffContext,
      sourceId: string,
      copy: EventCopy,
      idempotencyKey?: string,
    ): Promise<{ event: StoredEvent; replayed: boolean }> {
      return await createOnce(staff, idempotencyKey, { clone: sourceId, copy }, (write) =>
        insertCopy(write, sourceId, copy),
      );
    },

    /**
     * Changes the fields in the patch. Without a difference nothing is written and the version
     * stays.
     * @throws DomainError `not_found`, `version_mismatch`, `invalid_request` for fields that do not
     *   fit together, `invalid_transition`, or `conflict` for a field that is frozen since the
     *   first claim and for a stock below what is held and granted
     */
    async change(
      staff: StaffContext,
      eventId: string,
      patch: EventPatch,
      { ifMatchVersions }: ChangeOptions = {},
    ): Promise<StoredEvent> {
      return await inTransaction(connection, async (session) => {
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

        const rewards = patch.rewards
          ? await restock(session, before, fields.rewards)
          : before.rewards;
        const set = {
          ...fields,
          claimableUntil: claimableUntil(fields),
          rewards,
          status,
          updatedAt: now(),
        };
        // The guard includes `claimed`, as a claim may set it after it was read here.
        const changed = await model
          .findOneAndUpdate(
            { _id: eventId, version: before.version, claimed: before.claimed },
            { $set: set, $inc: { version: 1 } },
            { session, returnDocument: 'after' },
          )
          .lean<EventDocument>();
        if (!changed)
          throw new DomainError('conflict', 'The event changed meanwhile. Read it again.');
        const event = toEvent(changed);
        const difference = { before: audited(before), after: audited(event) };
        await audit.append(
          { ...staff, session },
          { action: 'event.update', targetId: eventId, ...difference },
        );
        return event;
      });
    },

    /**
     * Deletes a draft and its buckets.
     * @throws DomainError `not_found`, `version_mismatch`, or `conflict` for any other event
     */
    async remove(
      staff: StaffContext,
      eventId: string,
      { ifMatchVersions }: ChangeOptions = {},
    ): Promise<void> {
      await inTransaction(connection, async (session) => {
        const before = await mustFind(eventId, session);
        assertVersion(before, ifMatchVersions);
        const { deletedCount } = await model.deleteOne(
          { _id: eventId, status: 'DRAFT', claimed: false },
          { session },
        );
        if (deletedCount === 0) {
          throw new DomainError('conflict', 'Only a draft can be deleted. End the event instead.');
        }
        await stock.removeBuckets(session, eventId);
        const gone = { before: audited(before), after: null };
        await audit.append(
          { ...staff, session },
          { action: 'event.delete', targetId: eventId, ...gone },
        );
      });
    },
  };
}

function assertVersion({ version }: StoredEvent, expected: readonly number[] | undefined): void {
  if (expected === undefined || expected.includes(version)) return;
  throw new DomainError('version_mismatch', `The event is at version ${version} now.`);
}

/** The part of an event that the audit log keeps: what staff can change. */
export function audited(event: StoredEvent): object {
  return { ...fieldsOf(event), status: event.status, version: event.version };
}
