/** An event's record: its fields, its indexes, and what is made of it. */
import type { Connection } from 'mongoose';
import { Schema } from 'mongoose';
import type { EventFields, EventStatus, Reward } from '../../domain/events/event.ts';
import { patched } from '../../domain/events/event-change.ts';

/** A reward, and where its stock is. */
export interface StoredReward extends Reward {
  /** How many buckets the stock is spread over; null for unlimited. */
  buckets: number | null;
}

/** An event as the store returns it. */
export interface StoredEvent extends EventFields {
  eventId: string;
  rewards: StoredReward[];
  status: EventStatus;
  /** 1 when created, grows with every change by staff; the event's ETag. */
  version: number;
  /** Set before the first claim is recorded, and never unset. It freezes much of the event. */
  claimed: boolean;
  /** The ID of the user who created it. */
  createdBy: string;
  createdAt: Date;
  updatedAt: Date;
}

/** An event as the collection has it. */
export type EventDocument = Omit<StoredEvent, 'eventId'> & {
  _id: string;
  /** `claimUntil`, or else `endsAt`: lists are searched by it. */
  claimableUntil: Date;
};

const schema = new Schema<EventDocument>(
  {
    _id: { type: String, required: true },
    title: { type: String, required: true },
    // Not `required`: mongoose would refuse the empty string.
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

/** Newest first; the ID decides between events of the same time. */
export const NEWEST = { createdAt: -1, _id: -1 } as const;
schema.index(NEWEST, { name: 'newest' });
// With the two times in the index, events that a player may not see are skipped without a read.
schema.index({ status: 1, ...NEWEST, claimableUntil: 1, listedFrom: 1 }, { name: 'status' });

/** The collection with its indexes. */
export const eventModel = (connection: Connection) =>
  connection.model<EventDocument>('Event', schema);

/** The event without what only the collection needs. */
export function toEvent({ _id, claimableUntil: _, ...stored }: EventDocument): StoredEvent {
  // Events from before these limits existed have neither.
  const { claimsTotal = null, exclusiveGroup = null } = stored;
  return { eventId: _id, ...stored, claimsTotal, exclusiveGroup };
}

/** The fields that staff set. */
export function fieldsOf(event: StoredEvent): EventFields {
  return patched(event, {});
}
