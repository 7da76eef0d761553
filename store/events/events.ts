/** The collection `events`: reading events, and marking them as claimed. */
import type { Connection } from 'mongoose';
import type { EventStatus, Reward } from '../../domain/events/event.ts';
import { after, type Position } from '../mongodb/cursor.ts';
import { createEventChanges } from './event-changes.ts';
import {
  type EventDocument,
  eventModel,
  NEWEST,
  type StoredEvent,
  toEvent,
} from './event-record.ts';
import { createEventRestocks } from './event-restocks.ts';

export type { StoredEvent, StoredReward } from './event-record.ts';

export interface EventFilter {
  /** Players see listed events that are or will be open; staff see all events. */
  audience: 'player' | 'staff';
  status?: EventStatus | undefined;
  now: Date;
}

/** What an overview shows of an event that takes claims. */
export interface LiveEvent {
  eventId: string;
  title: string;
  startsAt: Date;
  endsAt: Date;
  claimableUntil: Date;
  timeZone: string;
  provider: string;
  rewards: Pick<Reward, 'rewardId' | 'name' | 'stock'>[];
}

/** The fields of a `LiveEvent`: conditions and descriptions may be long. */
const LIVE_FIELDS = {
  title: 1,
  startsAt: 1,
  endsAt: 1,
  claimableUntil: 1,
  'period.timeZone': 1,
  'fulfillment.provider': 1,
  'rewards.rewardId': 1,
  'rewards.name': 1,
  'rewards.stock': 1,
} as const;

/** The states of events in a player's list. */
const SHOWN_TO_PLAYERS: readonly EventStatus[] = ['ACTIVE', 'PAUSED'];

export type EventStore = ReturnType<typeof createEventStore>;

/** @param now our clock; the machine's unless given */
export function createEventStore(connection: Connection, now: () => Date = () => new Date()) {
  const model = eventModel(connection);

  return {
    model,
    ...createEventChanges(connection, now),
    ...createEventRestocks(connection, now),

    /** The event, or null where there is none. */
    async get(eventId: string): Promise<StoredEvent | null> {
      const found = await model.findById(eventId).lean<EventDocument>();
      return found && toEvent(found);
    },

    /** Those of the IDs that belong to an event. */
    async existing(eventIds: string[]): Promise<Set<string>> {
      const found = await model.find({ _id: { $in: eventIds } }, { _id: 1 }).lean();
      return new Set(found.map(({ _id }) => _id));
    },

    /** The titles of the newest events, by ID. @param limit how many at most */
    async latestTitles(limit: number): Promise<Map<string, string>> {
      const found = await model
        .find({}, { title: 1 })
        .sort(NEWEST)
        .limit(limit)
        .lean<EventDocument[]>();
      return new Map(found.map(({ _id, title }) => [_id, title]));
    },

    /**
     * The events that take claims at that moment, newest first; up to `limit + 1`, so that the
     * caller sees whether there are more.
     */
    async live(at: Date, limit: number): Promise<LiveEvent[]> {
      const found = await model
        .find(
          { status: 'ACTIVE', claimableUntil: { $gt: at }, startsAt: { $lte: at } },
          LIVE_FIELDS,
        )
        .sort(NEWEST)
        .limit(limit + 1)
        .lean<EventDocument[]>();
      return found.map(({ _id, period, fulfillment, ...event }) => {
        const { timeZone } = period;
        return { eventId: _id, ...event, timeZone, provider: fulfillment.provider };
      });
    },

    /** Newest first; up to `limit + 1` events, so that the caller sees whether there are more. */
    async page(
      filter: EventFilter,
      from: Position | undefined,
      limit: number,
    ): Promise<StoredEvent[]> {
      const where = { ...visible(filter), ...after('createdAt', from) };
      const newest = { sort: NEWEST, limit: limit + 1 };
      const found = await model.find(where, null, newest).lean<EventDocument[]>();
      return found.map(toEvent);
    },

    /**
     * Marks the event as claimed, before its first claim is recorded. From then on the fields that
     * the claim was made of are frozen.
     * @returns false where the event is not active, or no longer the version that the caller read
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

function visible({ audience, status, now }: EventFilter): object {
  if (audience === 'staff') return status ? { status } : {};
  const shown = SHOWN_TO_PLAYERS.filter((s) => status === undefined || s === status);
  return {
    status: { $in: shown },
    claimableUntil: { $gt: now },
    // Null is not greater than any time. No `$or` here, as the cursor's filter has one already.
    listedFrom: { $not: { $gt: now } },
  };
}
