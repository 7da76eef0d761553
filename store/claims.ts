/**
 * Claims: the record that outlives the workflow, and every move it can make. Each move is one
 * guarded write, so that of two who try, one wins and the other reads what was decided.
 */
import { createHash } from 'node:crypto';
import type { ClientSession, Connection } from 'mongoose';
import { Schema } from 'mongoose';
import {
  type ClaimState,
  EARLY_STATES,
  type Fate,
  type FinalState,
  type Line,
  type Reason,
  type Step,
  type StepName,
  statesBefore,
} from '../domain/claim.ts';
import type { ParkedAfter } from '../domain/event.ts';
import type { EventWindow, Explanation, PinnedCondition } from '../domain/explanation.ts';
import { createAuditLog } from './audit-log.ts';
import { batchReads } from './batches.ts';
import { createClaimCounts } from './claim-counts.ts';
import { BY_EVENT, createClaimLists } from './claim-lists.ts';
import { createClaimSummary } from './claim-summary.ts';
import { inTransaction, isDuplicateKey } from './connection.ts';
import type { StaffContext } from './staff.ts';

/** What an admin decided about a parked claim. */
export interface Decision {
  action: 'RETRY' | 'ABORT';
  note: string | null;
  by: string;
  at: Date;
}

/** One stay in `NEEDS_ATTENTION`. Decisions name its number, so that a stale one changes nothing. */
export interface Parking {
  number: number;
  reason: Reason;
  detail: string;
  step: StepName;
  /** The lines it is about. */
  lineIds: string[];
  at: Date;
  decision: Decision | null;
}

export interface Claim {
  _id: string;
  userId: string;
  idempotencyKey: string;
  eventId: string;
  /** The reward the player named; null where the claim is for all of them. */
  rewardId: string | null;
  periodKey: string;
  state: ClaimState;
  reason: Reason | null;
  fate: Fate | null;
  /** Why the claim is undone, once its fate is `UNDO`. */
  fateReason: Reason | null;
  /** The write-ahead of S4: a provider may have been asked for this claim's lines. */
  asked: boolean;
  /** The run that was the first to ask, by Temporal's ID: any other may overlap with its requests. */
  askedBy?: string | null;
  lines: Line[];
  steps: Step[];
  parking: Parking | null;
  /** Grows with every change; the event ID of the claim's stream. */
  version: number;
  /** What stood when the claim was accepted, and by which it is judged to its end. */
  snapshot: EventWindow & {
    eventVersion: number;
    provider: string;
    claimsPerPeriod: number;
    parkedAfter: ParkedAfter;
    /** Absent on claims from before there were conditions. */
    condition?: PinnedCondition | null;
  };
  /** Why the condition is not met: the verdict of S2, written once; absent where it was none. */
  explanation?: Explanation;
  /** True until the claim is final, then absent: what the partial indexes on open claims go by. */
  open?: true;
  acceptedAt: Date;
  createdAt: Date;
  updatedAt: Date;
  /** When it became final. */
  endedAt: Date | null;
}

/** What the API knows when it accepts a claim; the rest starts as it must. */
export type NewClaim = Pick<
  Claim,
  'userId' | 'idempotencyKey' | 'eventId' | 'rewardId' | 'periodKey' | 'snapshot' | 'acceptedAt'
> & { lines: Pick<Line, 'lineId' | 'kind' | 'name' | 'quantity' | 'buckets'>[] };

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
    acceptedAt: { type: Date, required: true },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    endedAt: { type: Date, default: null },
  },
  { collection: 'claims', versionKey: false, strict: 'throw' },
);
const NEWEST = { createdAt: -1, _id: -1 } as const;
schema.index({ userId: 1, ...NEWEST }, { name: 'user' });
schema.index({ state: 1, ...NEWEST }, { name: 'state' });
schema.index(NEWEST, { name: 'newest' });
schema.index({ idempotencyKey: 1, ...NEWEST }, { name: 'key' });
// The reward is there so that an event's claims are counted from the index alone; see `claim-counts.ts`.
schema.index({ eventId: 1, state: 1, ...NEWEST, rewardId: 1 }, { name: BY_EVENT });
// Of no claim that is granted: it costs only those that go wrong.
schema.index(
  { reason: 1, ...NEWEST },
  { name: 'reason', partialFilterExpression: { reason: { $type: 'string' } } },
);
const open = { partialFilterExpression: { open: true } };
schema.index({ userId: 1 }, { name: 'open_user', ...open });
schema.index({ acceptedAt: 1 }, { name: 'open_accepted', ...open });
schema.index(
  { endedAt: 1 },
  { name: 'undone', partialFilterExpression: { endedAt: { $type: 'date' }, fate: 'UNDO' } },
);
// Few: undone claims of which something stayed granted.
schema.index(
  { eventId: 1 },
  { name: 'stray', partialFilterExpression: { fate: 'UNDO', 'lines.state': 'GRANTED' } },
);
schema.index(
  { userId: 1, endedAt: -1, _id: -1 },
  { name: 'granted_user', partialFilterExpression: { 'lines.state': 'GRANTED' } },
);
schema.index(
  { eventId: 1, endedAt: -1, _id: -1 },
  { name: 'granted_event', partialFilterExpression: { 'lines.state': 'GRANTED' } },
);
schema.index(
  { endedAt: -1, _id: -1 },
  { name: 'granted', partialFilterExpression: { 'lines.state': 'GRANTED' } },
);

/** The claim's identity, made of player and key alone: a second claim with the same key collides. */
export function claimIdOf(userId: string, idempotencyKey: string): string {
  const digest = createHash('sha256').update(`${userId}\0${idempotencyKey}`).digest('hex');
  return `clm_${digest.slice(0, 40)}`;
}

function newRecord(claim: NewClaim, now: Date): Claim {
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
    createdAt: now,
    updatedAt: now,
    endedAt: null,
  };
}

export type ClaimStore = ReturnType<typeof createClaimStore>;

export function createClaimStore(connection: Connection, now: () => Date = () => new Date()) {
  const model = connection.model<Claim>('Claim', schema);
  const audit = createAuditLog(connection, now);

  /** One guarded move. Null where the guard no longer holds: read the record and follow it. */
  async function move(
    claimId: string,
    guard: object,
    set: Partial<Claim>,
    session?: ClientSession,
  ): Promise<Claim | null> {
    const at = now();
    const unset = set.endedAt ? { $unset: { open: true as const } } : {};
    return await model
      .findOneAndUpdate(
        { _id: claimId, ...guard },
        { $set: { ...set, updatedAt: at }, $inc: { version: 1 }, ...unset },
        { returnDocument: 'after', ...(session && { session }) },
      )
      .lean<Claim>();
  }

  const get = batchReads<Claim>((ids) => model.find({ _id: { $in: ids } }).lean<Claim[]>());

  return {
    model,
    get,
    ...createClaimLists(model),
    ...createClaimSummary(model, createClaimCounts(connection, now)),

    /** The player's claim with this key, or null. */
    async findByKey(userId: string, idempotencyKey: string): Promise<Claim | null> {
      return await get(claimIdOf(userId, idempotencyKey));
    },

    /** Records a claim (S0). Where the player's key already stands for one, that one, untouched. */
    async accept(claim: NewClaim): Promise<{ claim: Claim; created: boolean }> {
      const record = newRecord(claim, now());
      try {
        await model.insertOne(record);
        return { claim: record, created: true };
      } catch (error) {
        if (!isDuplicateKey(error, model.collection)) throw error;
        const earlier = await get(record._id);
        if (!earlier) throw error;
        return { claim: earlier, created: false };
      }
    },

    /** Refused before anything was taken that another step must undo: final at once. */
    async reject(claimId: string, reason: Reason, steps: Step[]): Promise<Claim | null> {
      return await move(
        claimId,
        { fate: null, state: { $in: EARLY_STATES } },
        {
          state: 'REJECTED',
          reason,
          fate: 'UNDO',
          fateReason: reason,
          steps,
          endedAt: now(),
        },
      );
    },

    /** Says that a provider is about to be asked for the condition, which may take long. */
    async showChecking(claimId: string): Promise<Claim | null> {
      return await move(
        claimId,
        { fate: null, state: 'PENDING_VALIDATION' },
        { state: 'CHECKING_CONDITIONS' },
      );
    },

    /** The verdict of S2 where it is no. Once it stands, every later look says the same. */
    async explain(claimId: string, explanation: Explanation): Promise<Claim | null> {
      return await move(
        claimId,
        { fate: null, state: { $in: EARLY_STATES }, explanation: { $exists: false } },
        { explanation },
      );
    },

    /** Says that the claim waits for room among the holds of a stock. */
    async showReserving(claimId: string): Promise<void> {
      const guard = { fate: null, state: { $in: statesBefore('RESERVING_STOCK') } };
      await move(claimId, guard, { state: 'RESERVING_STOCK' });
    },

    /** The write-ahead of S4: from here on a provider may have been asked, first by this run. */
    async startFulfilling(
      claimId: string,
      steps: Step[],
      askedBy: string | null = null,
    ): Promise<Claim | null> {
      return await move(
        claimId,
        { fate: null, state: { $in: EARLY_STATES } },
        { state: 'FULFILLING', asked: true, askedBy, steps },
      );
    },

    /** The point of no return, to the good: every line's grant is confirmed. */
    async takeGrantFate(claimId: string, lines: Line[], steps: Step[]): Promise<Claim | null> {
      return await move(
        claimId,
        { fate: null, state: 'FULFILLING' },
        { fate: 'GRANT', lines, steps },
      );
    },

    /** The point of no return, to the bad: from here on everything is undone. */
    async takeUndoFate(claimId: string, reason: Reason, steps: Step[]): Promise<Claim | null> {
      return await move(
        claimId,
        { fate: null, state: { $in: statesBefore('COMPENSATING') } },
        { fate: 'UNDO', fateReason: reason, reason, state: 'COMPENSATING', steps },
      );
    },

    /** Ends a claim according to its fate. */
    async finish(
      claimId: string,
      end: { state: FinalState; reason: Reason | null; lines: Line[]; steps: Step[] },
    ): Promise<Claim | null> {
      return await move(
        claimId,
        {
          fate: end.state === 'GRANTED' ? 'GRANT' : 'UNDO',
          state: { $in: statesBefore(end.state) },
        },
        { ...end, endedAt: now() },
      );
    },

    /** Parks a claim for the `number`th time. */
    async park(
      claimId: string,
      parking: Omit<Parking, 'at' | 'decision'>,
      record: { lines: Line[]; steps: Step[] },
    ): Promise<Claim | null> {
      return await move(
        claimId,
        {
          state: { $in: statesBefore('NEEDS_ATTENTION') },
          fate: { $ne: 'GRANT' },
          'parking.number': parking.number > 1 ? parking.number - 1 : { $exists: false },
        },
        {
          state: 'NEEDS_ATTENTION',
          reason: parking.reason,
          parking: { ...parking, at: now(), decision: null },
          ...record,
        },
      );
    },

    /**
     * Goes on after a parking: forward from where it stood, or with undoing where that was under way. Without a decision
     * only where none stands: an admin's word that came meanwhile is not passed over.
     */
    async unpark(claimId: string, number: number, isDecided: boolean): Promise<Claim | null> {
      const guard = {
        state: 'NEEDS_ATTENTION',
        'parking.number': number,
        ...(!isDecided && { 'parking.decision': null }),
      };
      const forward = { ...guard, fate: null };
      return (
        (await move(claimId, { ...forward, asked: true }, { state: 'FULFILLING', reason: null })) ??
        (await move(
          claimId,
          { ...forward, asked: false },
          { state: 'CHECKING_CONDITIONS', reason: null },
        )) ??
        (await move(claimId, { ...guard, fate: 'UNDO' }, { state: 'COMPENSATING' }))
      );
    },

    /**
     * Writes an admin's decision on the parking of that number. Null where the claim is not parked
     * so any more, or was decided already: a stale second click changes nothing.
     * @param along what is written with it or not at all; where it answers false, nothing is
     */
    async decide(
      staff: StaffContext,
      claimId: string,
      number: number,
      { action, note }: Pick<Decision, 'action' | 'note'>,
      along?: (session: ClientSession) => Promise<boolean>,
    ): Promise<Claim | null> {
      const guard = {
        state: 'NEEDS_ATTENTION',
        'parking.number': number,
        'parking.decision': null,
      };
      const decision: Decision = { action, note, by: staff.actor.userId, at: now() };
      const set = { 'parking.decision': decision } as Partial<Claim>;
      return await inTransaction(connection, async (session) => {
        const decided = await move(claimId, guard, set, session);
        if (!decided) return null;
        if (along && !(await along(session))) {
          await session.abortTransaction();
          return null;
        }
        const { state, reason } = decided;
        await audit.append(
          { ...staff, session },
          {
            action: action === 'RETRY' ? 'claim.retry' : 'claim.abort',
            targetId: claimId,
            before: { state, reason, parking: number, decision: null },
            after: { state, reason, parking: number, decision: { action, note } },
          },
        );
        return decided;
      });
    },

    /** The user's claims that are not final: those a ban must stop. */
    async openOf(userId: string): Promise<Claim[]> {
      return await model.find({ userId, open: true }).lean<Claim[]>();
    },

    /** Every claim that is not final, the oldest first. */
    openClaims(): AsyncIterable<Claim> {
      return model.find({ open: true }).sort({ acceptedAt: 1 }).lean<Claim>().cursor();
    },

    /** Claims undone since then: what may have left something behind that came too late. */
    undoneSince(since: Date): AsyncIterable<Claim> {
      return (
        model
          // The partial index serves only a query that repeats its filter.
          .find({
            fate: 'UNDO',
            $and: [{ endedAt: { $type: 'date' } }, { endedAt: { $gte: since } }],
          })
          .lean<Claim>()
          .cursor()
      );
    },

    /** Those of the claims that ended undone, with nothing of theirs granted. */
    async emptyAmong(claimIds: string[]): Promise<string[]> {
      const found = await model
        .find(
          {
            _id: { $in: claimIds },
            fate: 'UNDO',
            endedAt: { $type: 'date' },
            'lines.state': { $ne: 'GRANTED' },
          },
          { _id: 1 },
        )
        .lean<{ _id: string }[]>();
      return found.map((c) => c._id);
    },

    /** How many claims are parked. */
    async countParked(): Promise<number> {
      return await model.countDocuments({ state: 'NEEDS_ATTENTION' });
    },

    /** Those of the claims that are final; a claim never recorded counts as one. */
    async finalAmong(claimIds: string[]): Promise<Set<string>> {
      const running = await model
        .find({ _id: { $in: claimIds }, open: true }, { _id: 1 })
        .lean<{ _id: string }[]>();
      const open = new Set(running.map((c) => c._id));
      return new Set(claimIds.filter((id) => !open.has(id)));
    },
  };
}
