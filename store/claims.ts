/**
 * Claims: the record that outlives the workflow, and every move it can make. Each move is one
 * guarded write, so that of two who try, one wins and the other reads what was decided.
 */
import { createHash } from 'node:crypto';
import type { ClientSession, Connection } from 'mongoose';
import { mongo, Schema } from 'mongoose';
import {
  type ClaimState,
  EARLY_STATES,
  type Fate,
  finalStateOf,
  type Line,
  type Reason,
  type Step,
  type StepName,
  statesBefore,
} from '../domain/claim.ts';
import { chooseEntitlements } from '../domain/entitlements.ts';
import { DomainError } from '../domain/errors.ts';
import type { ParkedAfter } from '../domain/event.ts';
import type { EventWindow, Explanation, PinnedCondition } from '../domain/explanation.ts';
import { createAuditLog } from './audit-log.ts';
import { batch, batchReads, MOST_READ } from './batches.ts';
import { createClaimCounts } from './claim-counts.ts';
import {
  BY_EVENT,
  BY_GRANT,
  BY_GRANT_OF_EVENT,
  BY_KEY,
  BY_PLAYER,
  BY_REASON,
  BY_STATE,
  createClaimLists,
} from './claim-lists.ts';
import { createClaimSummary } from './claim-summary.ts';
import type { ServerClock } from './clock.ts';
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
  /**
   * Says that a provider may have been asked for this claim's lines; one may have been without it
   * where `isAskedUnrecorded` says so.
   */
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
    parkedAfter: ParkedAfter;
    /** Absent on claims from before there were conditions. */
    condition?: PinnedCondition | null;
  };
  /** Why the condition is not met: the verdict of S2, written once; absent where it was none. */
  explanation?: Explanation;
  /** True until the claim is final, then absent: what the partial indexes on open claims go by. */
  open?: true;
  /** What it takes of the player's rights; absent once it ended with nothing granted. */
  entitlements?: string[];
  acceptedAt: Date;
  /** When it was recorded, by the database server's clock. */
  recordedAt: Date;
  createdAt: Date;
  updatedAt: Date;
  /** When it became final. */
  endedAt: Date | null;
}

/** What the API knows when it accepts a claim; the rest starts as it must. */
export type NewClaim = Pick<
  Claim,
  'userId' | 'idempotencyKey' | 'eventId' | 'rewardId' | 'periodKey' | 'snapshot' | 'acceptedAt'
> & {
  lines: Pick<Line, 'lineId' | 'kind' | 'name' | 'quantity' | 'buckets'>[];
  /** Each right that it needs, with the slots that it may be had in; see `entitlements.ts`. */
  rights: readonly (readonly string[])[];
};

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
    // Without a default: an empty list would be one, where the index is for claims that have some.
    entitlements: { type: [String], default: undefined },
    acceptedAt: { type: Date, required: true },
    recordedAt: { type: Date, required: true },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    endedAt: { type: Date, default: null },
  },
  { collection: 'claims', versionKey: false, strict: 'throw' },
);
const NEWEST = { createdAt: -1, _id: -1 } as const;
/** The index that decides who has an entitlement. */
const ENTITLEMENTS = 'entitlements';
schema.index({ userId: 1, ...NEWEST }, { name: BY_PLAYER });
schema.index({ state: 1, ...NEWEST }, { name: BY_STATE });
schema.index({ idempotencyKey: 1, ...NEWEST }, { name: BY_KEY });
// The reward is there so that an event's claims are counted from the index alone.
schema.index({ eventId: 1, state: 1, ...NEWEST, rewardId: 1 }, { name: BY_EVENT });
// Of no claim that is granted: it costs only those that go wrong.
schema.index(
  { reason: 1, ...NEWEST },
  { name: BY_REASON, partialFilterExpression: { reason: { $type: 'string' } } },
);
schema.index({ acceptedAt: 1 }, { name: 'open_accepted', partialFilterExpression: { open: true } });
// What may be had once, or n times, is had by whoever gets it past this index.
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

/** The claim's identity, made of player and key alone: a second claim with the same key collides. */
export function claimIdOf(userId: string, idempotencyKey: string): string {
  const digest = createHash('sha256').update(`${userId}\0${idempotencyKey}`).digest('hex');
  return `clm_${digest.slice(0, 40)}`;
}

function newRecord({ rights: _, ...claim }: NewClaim, now: Date, recordedAt: Date): Claim {
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

/** The slots, in their order from one of them on, which is left to chance. */
function fromAnyOn(slots: readonly string[]): string[] {
  const first = Math.floor(Math.random() * slots.length);
  return [...slots.slice(first), ...slots.slice(0, first)];
}

/** The entitlement that an insert lost against. */
function collidedIn(error: unknown): Set<string> {
  const keyValue = error instanceof mongo.MongoServerError ? error.keyValue : undefined;
  return new Set(keyValue ? [String(keyValue.entitlements)] : []);
}

/** What names a claim's record: `userId` is the collection's shard key. */
export type ClaimKey = Pick<Claim, '_id' | 'userId'>;

/** What a player is told who has no entitlement left. */
export const alreadyClaimed = () =>
  new DomainError('already_claimed', 'You have had what you may of this event, or of its group.');

/** A move to the end of a claim that is granted. */
interface GrantedEnd {
  claim: ClaimKey;
  filter: object;
  update: object;
}

/** Ends written with one command: each rewrites a record of some two KiB. */
const ENDS_AT_ONCE = 50;

/**
 * For how long, in milliseconds of the server's clock, the request that recorded a claim may reject
 * it or be the first to start its run, and after which time others may. In between lies what a write
 * or a call to Temporal may be under way.
 */
export const RECORDER_MS = 5_000;
const OTHERS_AFTER_MS = 10_000;

const recorderUntil = ({ recordedAt }: Pick<Claim, 'recordedAt'>): Date =>
  new Date(recordedAt.getTime() + RECORDER_MS);

/** The ways in which a claim may be entitled that are tried before it is left to the next request. */
const MOST_CHOICES = 10;

/** The collection, with its indexes. */
export const claimModel = (connection: Connection) => connection.model<Claim>('Claim', schema);

export type ClaimStore = ReturnType<typeof createClaimStore>;

export function createClaimStore(
  connection: Connection,
  clock: ServerClock,
  now: () => Date = () => new Date(),
) {
  const model = claimModel(connection);
  const audit = createAuditLog(connection, now);
  // Past mongoose, as every claim comes here several times: what it is given has been checked.
  const collection = connection.collection<Claim>('claims');

  /** What a move writes: an end closes the record, and one without a grant gives the entitlement back. */
  function moved(set: Partial<Claim>, isEmptyEnd = false) {
    const unset = {
      ...(set.endedAt && { open: true as const }),
      ...(isEmptyEnd && { entitlements: true as const }),
    };
    return {
      $set: { ...set, updatedAt: now() },
      $inc: { version: 1 },
      ...(Object.keys(unset).length > 0 && { $unset: unset }),
    };
  }

  const named = ({ _id, userId }: ClaimKey, guard: object) => ({ _id, userId, ...guard });

  /** One guarded move. Null where the guard no longer holds: read the record and follow it. */
  async function move(
    claim: ClaimKey,
    guard: object,
    set: Partial<Claim>,
    { session, isEmptyEnd }: { session?: ClientSession; isEmptyEnd?: boolean } = {},
  ): Promise<Claim | null> {
    return await collection.findOneAndUpdate(named(claim, guard), moved(set, isEmptyEnd), {
      returnDocument: 'after',
      ...(session && { session }),
    });
  }

  const readByKey = batch<ClaimKey, Claim | null>(async (keys) => {
    const ids = [...new Set(keys.map(({ _id }) => _id))];
    const userIds = [...new Set(keys.map(({ userId }) => userId))];
    const found = await collection
      .find({ _id: { $in: ids }, userId: { $in: userIds } }, { hint: { _id: 1 } })
      .toArray();
    const byId = new Map(found.map((claim) => [claim._id, claim]));
    return keys.map(({ _id, userId }) => {
      const claim = byId.get(_id);
      // Another player's was found on account of what they asked for in the same batch.
      return claim?.userId === userId ? claim : null;
    });
  }, MOST_READ);
  const readById = batchReads<Claim>((ids) => collection.find({ _id: { $in: ids } }).toArray());

  /**
   * The claim, or null where there is none.
   * @param userId its player, where known: the read goes to one shard alone then
   */
  async function get(claimId: string, userId?: string): Promise<Claim | null> {
    return userId === undefined
      ? await readById(claimId)
      : await readByKey({ _id: claimId, userId });
  }

  /** Those of the entitlements that claims of these players have, by player. */
  async function takenOf(userIds: string[], names: string[], session?: ClientSession) {
    const found = collection.find(
      // The partial index serves only a query that repeats its filter.
      {
        userId: { $in: userIds },
        $and: [{ entitlements: { $in: names } }, { entitlements: { $type: 'string' } }],
      } as object,
      { projection: { userId: 1, entitlements: 1 }, ...(session && { session }) },
    );
    const taken = new Map(userIds.map((userId) => [userId, new Set<string>()]));
    for await (const { userId, entitlements = [] } of found) {
      for (const name of entitlements) taken.get(userId)?.add(name);
    }
    return taken;
  }

  /** The same of one player, seen at one moment. */
  async function takenAtOnce(userId: string, names: string[]): Promise<Set<string>> {
    const client = connection.getClient();
    const taken = await client.withSession({ snapshot: true }, (session) =>
      takenOf([userId], names, session),
    );
    return taken.get(userId) ?? new Set();
  }

  /** A crowd at one event asks for the same few rights. */
  const isUsedUp = batch<{ userId: string; rights: NewClaim['rights'] }, boolean>(async (asked) => {
    const userIds = [...new Set(asked.map(({ userId }) => userId))];
    const names = [...new Set(asked.flatMap(({ rights }) => rights.flat()))];
    const taken = await takenOf(userIds, names);
    return asked.map(
      ({ userId, rights }) => chooseEntitlements(rights, taken.get(userId) ?? new Set()) === null,
    );
  }, MOST_READ);

  /** Ends granted claims; false of one that turned out to be undone. */
  const endGranted = batch<GrantedEnd, boolean>(async (ends) => {
    const operations = ends.map(({ filter, update }) => ({ updateOne: { filter, update } }));
    const { matchedCount } = await collection.bulkWrite(operations, { ordered: false });
    if (matchedCount === ends.length) return ends.map(() => true);
    // The server only counts them; and who ended one before has done what was to be done.
    const now = await Promise.all(ends.map(({ claim }) => readByKey(claim)));
    return now.map((claim) => claim?.state === 'GRANTED');
  }, ENDS_AT_ONCE);

  return {
    model,
    get,
    ...createClaimLists(model),
    ...createClaimSummary(model, createClaimCounts(connection, now)),

    /** The player's claim with this key, or null. */
    async findByKey(userId: string, idempotencyKey: string): Promise<Claim | null> {
      return await get(claimIdOf(userId, idempotencyKey), userId);
    },

    /**
     * Records a claim with its entitlements (S0), in one write that decides: where the player's key
     * already stands for a claim, that one, untouched.
     * @throws DomainError `already_claimed` where the player's other claims have what it needs
     */
    async accept(claim: NewClaim): Promise<{ claim: Claim; created: boolean }> {
      const record = newRecord(claim, now(), new Date(await clock.nowMs()));
      let { rights } = claim;
      const hasChoice = rights.some((slots) => slots.length > 1);
      let entitlements = rights.map((slots) => slots[0] as string);
      for (let choices = 0; choices < MOST_CHOICES; choices++) {
        try {
          const recorded = { ...record, entitlements };
          await collection.insertOne(recorded);
          return { claim: recorded, created: true };
        } catch (error) {
          if (isDuplicateKey(error, collection)) {
            const earlier = await get(record._id, record.userId);
            if (!earlier) throw error;
            return { claim: earlier, created: false };
          }
          if (!isDuplicateKey(error, collection, ENTITLEMENTS)) throw error;
          if (!hasChoice) throw alreadyClaimed();
          // The player's other claims of this moment, which lost as well, do not all try the same next.
          if (choices > 0) rights = rights.map(fromAnyOn);
          const taken = await takenAtOnce(claim.userId, rights.flat());
          const free = chooseEntitlements(rights, taken);
          if (!free) throw alreadyClaimed();
          // What was just recorded may not be seen there yet.
          entitlements = chooseEntitlements(rights, taken.union(collidedIn(error))) ?? free;
        }
      }
      const detail = 'Too many of your claims change at once. Try again.';
      throw new DomainError('unavailable', detail, { retryAfterS: 1 });
    },

    /** Whether the player's other claims have what a claim needs: a look, which decides nothing. */
    async isUsedUp(userId: string, rights: NewClaim['rights']): Promise<boolean> {
      return await isUsedUp({ userId, rights });
    },

    /**
     * Until when the request that recorded the claim may reject it, by the server's clock. It must
     * not have started the run: that alone ends a claim which it may have asked a provider for.
     */
    recorderUntil,

    /** Whether a start of the claim's run by the request that recorded it is there before any other. */
    async isRecorders(claim: Pick<Claim, 'recordedAt'>): Promise<boolean> {
      return (await clock.nowMs()) < recorderUntil(claim).getTime();
    },

    /** Whether somebody else than the request that recorded the claim may start its run. */
    async mayBeStarted({ recordedAt }: Pick<Claim, 'recordedAt'>): Promise<boolean> {
      return (await clock.nowMs()) >= recordedAt.getTime() + OTHERS_AFTER_MS;
    },

    /**
     * Ends a claim of which nothing lies anywhere but its entitlement, which this gives back. Null
     * where it moved on meanwhile, or the time is over.
     * @param end.until a moment of the server's clock; without it there is none
     */
    async refuse(
      claim: Claim,
      end: { reason: Reason; steps: Step[]; explanation?: Explanation; until?: Date },
    ): Promise<Claim | null> {
      const { reason, steps, explanation, until } = end;
      return await move(
        claim,
        {
          fate: null,
          asked: false,
          state: { $in: EARLY_STATES },
          ...(until && { $expr: { $lt: ['$$NOW', until] } }),
        },
        {
          state: finalStateOf(reason),
          reason,
          fate: 'UNDO',
          fateReason: reason,
          lines: claim.lines.map((line) => ({ ...line, state: 'CANCELLED' })),
          steps,
          ...(explanation && { explanation }),
          endedAt: now(),
        },
        { isEmptyEnd: true },
      );
    },

    /** Says that a provider is about to be asked for the condition, which may take long. */
    async showChecking(claim: ClaimKey): Promise<Claim | null> {
      const guard = { fate: null, state: 'PENDING_VALIDATION' };
      return await move(claim, guard, { state: 'CHECKING_CONDITIONS' });
    },

    /** The verdict of S2 where it is no. Once it stands, every later look says the same. */
    async explain(claim: ClaimKey, explanation: Explanation): Promise<Claim | null> {
      return await move(
        claim,
        { fate: null, state: { $in: EARLY_STATES }, explanation: { $exists: false } },
        { explanation },
      );
    },

    /** Says that the claim waits for room among the holds of a stock. */
    async showReserving(claim: ClaimKey): Promise<void> {
      const guard = { fate: null, state: { $in: statesBefore('RESERVING_STOCK') } };
      await move(claim, guard, { state: 'RESERVING_STOCK' });
    },

    /** Says that a provider may have been asked from here on, first by this run. */
    async startFulfilling(
      claim: ClaimKey,
      steps: Step[],
      askedBy: string | null = null,
    ): Promise<Claim | null> {
      return await move(
        claim,
        { fate: null, state: { $in: EARLY_STATES } },
        { state: 'FULFILLING', asked: true, askedBy, steps },
      );
    },

    /** The point of no return, to the good: every line's grant is confirmed. */
    async takeGrantFate(claim: ClaimKey, lines: Line[], steps: Step[]): Promise<boolean> {
      const guard = { fate: null, state: { $in: [...EARLY_STATES, 'FULFILLING'] } };
      const fate = moved({ state: 'FULFILLING', fate: 'GRANT', lines, steps });
      return (await collection.updateOne(named(claim, guard), fate)).matchedCount === 1;
    },

    /** The point of no return, to the bad: from here on everything is undone. */
    async takeUndoFate(claim: ClaimKey, reason: Reason, steps: Step[]): Promise<Claim | null> {
      return await move(
        claim,
        { fate: null, state: { $in: statesBefore('COMPENSATING') } },
        { fate: 'UNDO', fateReason: reason, reason, state: 'COMPENSATING', steps },
      );
    },

    /**
     * Ends a granted claim: one whose fate is `GRANT`, or one without a stock, whose fate this takes.
     * False where it turned out to be undone.
     */
    async grant(
      claim: ClaimKey & Pick<Claim, 'fate'>,
      lines: Line[],
      steps: Step[],
    ): Promise<boolean> {
      const guard = { fate: claim.fate, state: { $in: statesBefore('GRANTED') } };
      const end = { state: 'GRANTED', reason: null, fate: 'GRANT', lines, steps } as const;
      const update = moved({ ...end, endedAt: now() });
      return await endGranted({ claim, filter: named(claim, guard), update });
    },

    /** Ends a claim that is undone; with nothing of it granted, its entitlement is given back. */
    async finishUndone(
      claim: ClaimKey,
      end: { state: 'REJECTED' | 'FAILED'; reason: Reason; lines: Line[]; steps: Step[] },
    ): Promise<Claim | null> {
      return await move(
        claim,
        { fate: 'UNDO', state: { $in: statesBefore(end.state) } },
        { ...end, endedAt: now() },
        { isEmptyEnd: end.lines.every(({ state }) => state !== 'GRANTED') },
      );
    },

    /** Parks a claim for the `number`th time. */
    async park(
      claim: ClaimKey,
      parking: Omit<Parking, 'at' | 'decision'>,
      record: { lines: Line[]; steps: Step[] },
    ): Promise<Claim | null> {
      return await move(
        claim,
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
    async unpark(claim: ClaimKey, number: number, isDecided: boolean): Promise<Claim | null> {
      const guard = {
        state: 'NEEDS_ATTENTION',
        'parking.number': number,
        ...(!isDecided && { 'parking.decision': null }),
      };
      const forward = { ...guard, fate: null };
      return (
        (await move(claim, { ...forward, asked: true }, { state: 'FULFILLING', reason: null })) ??
        (await move(
          claim,
          { ...forward, asked: false },
          { state: 'CHECKING_CONDITIONS', reason: null },
        )) ??
        (await move(claim, { ...guard, fate: 'UNDO' }, { state: 'COMPENSATING' }))
      );
    },

    /**
     * Writes an admin's decision on the parking of that number. Null where the claim is not parked
     * so any more, or was decided already: a stale second click changes nothing.
     * @param along what is written with it or not at all; where it answers false, nothing is
     */
    async decide(
      staff: StaffContext,
      claim: ClaimKey,
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
        const decided = await move(claim, guard, set, { session });
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
            targetId: claim._id,
            before: { state, reason, parking: number, decision: null },
            after: { state, reason, parking: number, decision: { action, note } },
          },
        );
        return decided;
      });
    },

    /** The user's claims that are not final: those a ban must stop. */
    async openOf(userId: string): Promise<Claim[]> {
      return await model.find({ userId, open: true }).hint(BY_PLAYER).lean<Claim[]>();
    },

    /** Every claim that is not final, the oldest first. */
    openClaims(): AsyncIterable<Claim> {
      return model.find({ open: true }).sort({ acceptedAt: 1 }).lean<Claim>().cursor();
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
