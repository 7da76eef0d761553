/**
 * Claims: the record that outlives the workflow, and every move it can make. Each move is one
 * guarded write, so that of two who try, one wins and the other reads what was decided.
 */
import type { Connection } from 'mongoose';
import {
  EARLY_STATES,
  finalStateOf,
  type Line,
  type Reason,
  type Step,
  statesBefore,
} from '../../domain/claims/claim.ts';
import type { Explanation } from '../../domain/conditions/explanation.ts';
import { batch, batchReads, MOST_READ } from '../mongodb/batching.ts';
import type { ServerClock } from '../mongodb/clock.ts';
import { createClaimAcceptance } from './claim-acceptance.ts';
import { createClaimCounts } from './claim-counts.ts';
import { createClaimLists } from './claim-lists.ts';
import { createClaimMoves } from './claim-moves.ts';
import { createClaimParking } from './claim-parking.ts';
import { BY_PLAYER, type Claim, type ClaimKey, claimIdOf, claimModel } from './claim-record.ts';
import { createClaimSummary } from './claim-summary.ts';

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

export type ClaimStore = ReturnType<typeof createClaimStore>;

export function createClaimStore(
  connection: Connection,
  clock: ServerClock,
  now: () => Date = () => new Date(),
) {
  const model = claimModel(connection);
  const moves = createClaimMoves(connection, now);
  const { collection, moved, named, move } = moves;
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
    ...createClaimAcceptance(connection, { read: readByKey, clock, now }),
    ...createClaimParking(connection, moves, now),
    ...createClaimLists(model),
    ...createClaimSummary(model, createClaimCounts(connection, now)),

    /** The player's claim with this key, or null. */
    async findByKey(userId: string, idempotencyKey: string): Promise<Claim | null> {
      return await get(claimIdOf(userId, idempotencyKey), userId);
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
