/** A claim's record: its fields, its indexes, and its values at the start. */
import { createHash } from 'node:crypto';
import { type Connection, Schema } from 'mongoose';
import type { ClaimState, Fate, Line, Reason, Step, StepName } from '../../domain/claims/claim.ts';
import type {
  EventWindow,
  Explanation,
  PinnedCondition,
} from '../../domain/conditions/explanation.ts';
import type { ParkedAfter } from '../../domain/events/event.ts';

/** What an admin decided about a parked claim. */
export interface Decision {
  action: 'RETRY' | 'ABORT';
  note: string | null;
  by: string;
  at: Date;
}

/**
 * One stay in `NEEDS_ATTENTION`. A decision names its number, so that a late decision on an earlier
 * one changes nothing.
 */
export interface Parking {
  number: number;
  reason: Reason;
  detail: string;
  step: StepName;
  /** The lines that could not be completed. */
  lineIds: string[];
  at: Date;
  decision: Decision | null;
}

/** A claim as the collection has it, and as the store returns it. */
export interface Claim {
  _id: string;
  userId: string;
  idempotencyKey: string;
  eventId: string;
  /** The reward that the player chose; null where the claim is for all rewards. */
  rewardId: string | null;
  periodKey: string;
  state: ClaimState;
  reason: Reason | null;
  fate: Fate | null;
  /** Why the claim is undone; set once its fate is `UNDO`. */
  fateReason: Reason | null;
  /**
   * Whether a provider may have been asked for this claim's lines. A provider may also have been
   * asked while it is false, where `isAskedUnrecorded` says so.
   */
  asked: boolean;
  /** The Temporal ID of the first run that asked. Requests of another run may overlap with its. */
  askedBy?: string | null;
  lines: Line[];
  steps: Step[];
  parking: Parking | null;
  /** Grows with every change. It is the event ID in the claim's stream. */
  version: number;
  /** The event's values when the claim was accepted. The claim is judged by them to its end. */
  snapshot: EventWindow & {
    eventVersion: number;
    provider: string;
    parkedAfter: ParkedAfter;
    /** Absent on claims from before there were conditions. */
    condition?: PinnedCondition | null;
  };
  /** Why the condition is not met, written once by S2; absent where it is met. */
  explanation?: Explanation;
  /** True until the claim is final, then absent. The partial indexes on open claims need it. */
  open?: true;
  /** What the claim takes of the player's rights; absent once it ended with nothing granted. */
  entitlements?: string[];
  /** The W3C `traceparent` of the request that recorded it; absent where tracing was off. */
  traceparent?: string;
  acceptedAt: Date;
  /** When it was recorded, by the database server's clock. */
  recordedAt: Date;
  createdAt: Date;
  updatedAt: Date;
  /** When it became final. */
  endedAt: Date | null;
  /** When steps, texts and facts were removed; absent where they were not. */
  slimmedAt?: Date;
}

/** What identifies a claim's record: `userId` is the collection's shard key. */
export type ClaimKey = Pick<Claim, '_id' | 'userId'>;

/** What the API knows when it accepts a claim. All other fields have fixed values at the start. */
export type NewClaim = Pick<
  Claim,
  | 'userId'
  | 'idempotencyKey'
  | 'eventId'
  | 'rewardId'
  | 'periodKey'
  | 'snapshot'
  | 'traceparent'
  | 'acceptedAt'
> & {
  lines: Pick<Line, 'lineId' | 'kind' | 'name' | 'quantity' | 'buckets'>[];
  /** The rights that the claim needs, each with the slots that serve it; see `entitlements.ts`. */
  rights: readonly (readonly string[])[];
};

/** The index of an event's claims: by state, and in each state newest first. */
export const BY_EVENT = 'event_state_newest';

/** The index of all claims: by state, and in each state newest first. */
export const BY_STATE = 'state';

/** The indexes of claims with a granted line, by their end: of one event, and of all events. */
export const BY_GRANT_OF_EVENT = 'granted_event';
export const BY_GRANT = 'granted';

/** The indexes of claims of a player, of a key, and with a reason, newest first. */
export const BY_PLAYER = 'user';
export const BY_KEY = 'key';
export const BY_REASON = 'reason';

/** The unique index that decides who has an entitlement. */
export const ENTITLEMENTS = 'entitlements';

const schema = new Schema<Claim>(
  {
    _id: { type: String, required: true },
    userId: { type: String, required: true },
    idempotencyKey: { type: String, required: true },
    eventId: { type: String, required: true },
    rewardId: { type: String, default: null },
    periodKey: { type: String, required: true },
    state: { type: String, required: true },
    reason: { type: String, default: null },
    fate: { type: String, default: null },
    fateReason: { type: String, default: null },
    asked: { type: Boolean, required: true },
    askedBy: { type: String, default: null },
    lines: { type: [Object], required: true },
    steps: { type: [Object], required: true },
    parking: { type: Object, default: null },
    version: { type: Number, required: true },
    snapshot: { type: Object, required: true },
    explanation: Object,
    open: Boolean,
    // No default, as an empty list is a value, and the index is for claims with entitlements.
    entitlements: { type: [String], default: undefined },
    traceparent: String,
    acceptedAt: { type: Date, required: true },
    recordedAt: { type: Date, required: true },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    endedAt: { type: Date, default: null },
    slimmedAt: Date,
  },
  { collection: 'claims', versionKey: false, strict: 'throw' },
);
const NEWEST = { createdAt: -1, _id: -1 } as const;
schema.index({ userId: 1, ...NEWEST }, { name: BY_PLAYER });
schema.index({ state: 1, ...NEWEST }, { name: BY_STATE });
schema.index({ idempotencyKey: 1, ...NEWEST }, { name: BY_KEY });
// With the reward in it, an event's claims can be counted from the index alone.
schema.index({ eventId: 1, state: 1, ...NEWEST, rewardId: 1 }, { name: BY_EVENT });
// No granted claim has a reason, so this index costs only claims that go wrong.
schema.index(
  { reason: 1, ...NEWEST },
  { name: BY_REASON, partialFilterExpression: { reason: { $type: 'string' } } },
);
schema.index({ acceptedAt: 1 }, { name: 'open_accepted', partialFilterExpression: { open: true } });
// What can be had once, or n times, belongs to the claim whose insert this index lets through.
schema.index(
  { userId: 1, entitlements: 1 },
  {
    name: ENTITLEMENTS,
    unique: true,
    partialFilterExpression: { entitlements: { $type: 'string' } },
  },
);
const granted = { partialFilterExpression: { 'lines.state': 'GRANTED' } };
schema.index({ eventId: 1, endedAt: -1, _id: -1 }, { name: BY_GRANT_OF_EVENT, ...granted });
schema.index({ endedAt: -1, _id: -1 }, { name: BY_GRANT, ...granted });

/** The claim's ID, made of player and key: a second claim with the same key collides with it. */
export function claimIdOf(userId: string, idempotencyKey: string): string {
  const digest = createHash('sha256').update(`${userId}\0${idempotencyKey}`).digest('hex');
  return `clm_${digest.slice(0, 40)}`;
}

/**
 * The record of a claim that is accepted now.
 * @param now our clock
 * @param recordedAt the database server's clock
 */
export function newRecord({ rights: _, ...claim }: NewClaim, now: Date, recordedAt: Date): Claim {
  const accepted = claim.acceptedAt.toISOString();
  return {
    ...claim,
    _id: claimIdOf(claim.userId, claim.idempotencyKey),
    state: 'PENDING_VALIDATION',
    reason: null,
    fate: null,
    fateReason: null,
    asked: false,
    askedBy: null,
    lines: claim.lines.map((line) => ({ ...line, state: 'PENDING', grantedAt: null })),
    steps: [
      {
        step: 'S0_ACCEPT',
        outcome: 'OK',
        startedAt: accepted,
        endedAt: now.toISOString(),
        attempts: 1,
        detail: null,
      },
    ],
    parking: null,
    version: 1,
    open: true,
    recordedAt,
    createdAt: now,
    updatedAt: now,
    endedAt: null,
  };
}

/** The collection with its indexes. */
export const claimModel = (connection: Connection) => connection.model<Claim>('Claim', schema);
