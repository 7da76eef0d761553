/**
 * Adds units to a reward's stock, or takes some away: one transaction over the event, its buckets,
 * the idempotency key and the audit log's entry. The change is relative, so that two at once add up.
 */
import type { ClientSession, Connection } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';
import { inconsistencies, isLimitedReward, MAX_UNITS } from '../../domain/events/event.ts';
import { createAuditLog } from '../audit-log.ts';
import { inTransaction } from '../mongodb/connection.ts';
import { createStockChanges } from '../stock/stock-changes.ts';
import type { StockLevels } from '../stock/stock-levels.ts';
import type { StaffContext, StaffWrite } from '../users/staff.ts';
import { audited } from './event-changes.ts';
import { createEventKeys } from './event-idempotency.ts';
import {
  type EventDocument,
  eventModel,
  fieldsOf,
  type StoredEvent,
  toEvent,
} from './event-record.ts';

interface Restock {
  eventId: string;
  rewardId: string;
  /** Units; below zero they are taken away. */
  add: number;
}

/** @param now our clock */
export function createEventRestocks(connection: Connection, now: () => Date) {
  const model = eventModel(connection);
  const keys = createEventKeys(connection);
  const audit = createAuditLog(connection, now);
  const stock = createStockChanges(connection);

  async function mustFind(eventId: string, session: ClientSession): Promise<StoredEvent> {
    const found = await model.findById(eventId, null, { session }).lean<EventDocument>();
    if (!found) throw new DomainError('not_found', 'There is no event with this ID.');
    return toEvent(found);
  }

  async function save(write: StaffWrite, before: StoredEvent, rewards: StoredEvent['rewards']) {
    const { eventId } = before;
    const saved = await model
      .findOneAndUpdate(
        { _id: eventId, version: before.version },
        { $set: { rewards, updatedAt: now() }, $inc: { version: 1 } },
        { session: write.session, returnDocument: 'after' },
      )
      .lean<EventDocument>();
    if (!saved) throw new DomainError('conflict', 'The event changed meanwhile. Try again.');
    const difference = { before: audited(before), after: audited(toEvent(saved)) };
    await audit.append(write, { action: 'event.restock', targetId: eventId, ...difference });
  }

  async function addIn(
    write: StaffWrite,
    { eventId, rewardId, add }: Restock,
  ): Promise<StockLevels> {
    const { session } = write;
    await stock.lockBuckets(session, eventId, [rewardId]);
    const before = await mustFind(eventId, session);
    const index = before.rewards.findIndex((reward) => reward.rewardId === rewardId);
    const reward = before.rewards[index];
    if (!reward) throw new DomainError('not_found', 'The event has no reward with this ID.');
    if (!isLimitedReward(reward)) {
      throw new DomainError('conflict', `${rewardId} has no stock: it is unlimited.`);
    }
    if (add !== 0) {
      const changed = { ...reward, stock: reward.stock + add };
      const buckets = await stock.changeStock(session, eventId, changed);
      const rewards = before.rewards.with(index, { ...changed, buckets });
      assertFits(before, rewards);
      await save(write, before, rewards);
    }
    return await stock.levelsIn(session, eventId, rewardId);
  }

  return {
    /**
     * Adds units to a stock. Where the key was used for the same request within 24 hours, nothing
     * is added and the answer is that of the first request.
     * @returns the levels right after
     * @throws DomainError `not_found`, `invalid_request` for a stock that is too large or too small
     *   for a claim, `idempotency_key_reused`, or `conflict` for an unlimited reward and for a stock
     *   below what is held and granted
     */
    async addStock(
      staff: StaffContext,
      restock: Restock,
      key: string,
    ): Promise<{ levels: StockLevels; replayed: boolean }> {
      const { eventId, rewardId, add } = restock;
      const request = { restock: [eventId, rewardId, add] };
      const asked = { userId: staff.actor.userId, key, request };
      return await inTransaction(connection, async (session) => {
        const earlier = await keys.answerTo(session, asked, now());
        if (earlier) return { levels: earlier as StockLevels, replayed: true };
        const levels = await addIn({ ...staff, session }, restock);
        await keys.remember(session, asked, eventId, now(), levels);
        return { levels, replayed: false };
      });
    },
  };
}

/** @throws DomainError `invalid_request` at `/add`, as the sum is what does not fit */
function assertFits(before: StoredEvent, rewards: StoredEvent['rewards']): void {
  const fields = { ...fieldsOf(before), rewards };
  const errors = inconsistencies(fields, before).map(({ message }) => ({
    pointer: '/add',
    message,
  }));
  if (rewards.some(({ stock }) => stock !== null && stock > MAX_UNITS)) {
    errors.push({ pointer: '/add', message: `A stock has ${MAX_UNITS} units at most` });
  }
  if (errors.length === 0) return;
  throw new DomainError('invalid_request', 'The body does not fit. See `errors`.', { errors });
}
