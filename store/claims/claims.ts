/**
 * The claims: the records that outlive their workflows, and every move of a record. Each move is
 * one guarded write, so that of two attempts one wins and the other reads what was decided.
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

/** The last move of a granted claim. */
interface GrantedEnd {
  claim: ClaimKey;
  filter: object;
  update: object;
}

/** Ends that are written with one command. Each rewrites a record of some two KiB. */
const ENDS_AT_ONCE = 50;

/**
 * Two times after a claim was recorded, in milliseconds of the server's clock. Until the first one
 * the request that recorded it may reject it, or be the first to start its run. From the second one
 * on others may. A write or a call to Temporal that is under way ends in between.
 */
export const RECORDER_MS = 5_000;
const OTHERS_AFTER_MS = 10_000;

const recorderUntil = ({ recordedAt }: Pick<Claim, 'recordedAt'>): Date =>
  new Date(recordedAt.getTime() + RECORDER_MS);

export type ClaimStore = ReturnType<typeof createClaimStore>;

/**
 * @param clock the database server's clock, for deadlines
 * @param now our clock, for the times in records
 */
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
      // It was found for another player, who asked for it in the same batch.
      return claim?.userId === userId ? claim : null;
    });
  }, MOST_READ);
  const readById = batchReads<Claim>((ids) => collection.find({ _id: { $in: ids } }).toArray());

  /**
   * The claim, or null where there is none.
   * @param userId its player, where known: the read then goes to one shard only
   */
  async function get(claimId: string, userId?: string): Promise<Claim | null> {
    return userId === undefined
      ? await readById(claimId)
      : await readByKey({ _id: claimId, userId });
  }

  /** Ends granted claims. False for a claim that turned out to be undone. */
  const endGranted = batch<GrantedEnd, boolean>(async (ends) => {
    const operations = ends.map(({ filter, update }) => ({ updateOne: { filter, update } }));
    const { matchedCount } = await collection.bulkWrite(operations, { ordered: false });
    if (matchedCount === ends.length) return ends.map(() => true);
    // The server only counts the matches. A claim that had ended as granted before is fine, too.
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
     * not have started the run: once a run may have asked a provider, only the run ends the claim.
     */
    recorderUntil,

    /** Whether only the request that recorded the claim may have started its run. */
    async isRecorders(claim: Pick<Claim, 'recordedAt'>): Promise<boolean> {
      return (await clock.nowMs()) < recorderUntil(claim).getTime();
    },

    /** Whether another than the request that recorded the claim may start its run. */
    async mayBeStarted({ recordedAt }: Pick<Claim, 'recordedAt'>): Promise<boolean> {
      return (await clock.nowMs()) >= recordedAt.getTime() + OTHERS_AFTER_MS;
    },

    /**
     * Ends a claim that has taken nothing but its entitlements, which this gives back. Null where
     * the claim moved on meanwhile, or time is over.
     * @param end.until the deadline by the server's clock; none unless given
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

    /** Shows that a provider is about to be asked for the condition, which may take long. */
    async showChecking(claim: ClaimKey): Promise<Claim | null> {
      const guard = { fate: null, state: 'PENDING_VALIDATION' };
      return await move(claim, guard, { state: 'CHECKING_CONDITIONS' });
    },

    /**
     * Records why the condition is not met. It is written once, so every later read shows the same.
     */
    async explain(claim: ClaimKey, explanation: Explanation): Promise<Claim | null> {
      return await move(
        claim,
        { fate: null, state: { $in: EARLY_STATES }, explanation: { $exists: false } },
        { explanation },
      );
    },

    /** Shows that the claim waits for room among the holds of a stock. */
    async showReserving(claim: ClaimKey): Promise<void> {
      const guard = { fate: null, state: { $in: statesBefore('RESERVING_STOCK') } };
      await move(claim, guard, { state: 'RESERVING_STOCK' });
    },

    /**
     * Records that a provider may have been asked from here on. @param askedBy the run that asks
     * first
     */
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

    /**
     * Decides to grant: every line's grant is confirmed. False where the claim has another fate.
     */
    async takeGrantFate(claim: ClaimKey, lines: Line[], steps: Step[]): Promise<boolean> {
      const guard = { fate: null, state: { $in: [...EARLY_STATES, 'FULFILLING'] } };
      const fate = moved({ state: 'FULFILLING', fate: 'GRANT', lines, steps });
      return (await collection.updateOne(named(claim, guard), fate)).matchedCount === 1;
    },

    /**
     * Decides to undo: from here on everything is undone. Null where the claim has a fate already.
     */
    async takeUndoFate(claim: ClaimKey, reason: Reason, steps: Step[]): Promise<Claim | null> {
      return await move(
        claim,
        { fate: null, state: { $in: statesBefore('COMPENSATING') } },
        { fate: 'UNDO', fateReason: reason, reason, state: 'COMPENSATING', steps },
      );
    },

    /**
     * Ends a granted claim: one with the fate `GRANT`, or one without a stock, whose fate this
     * sets.
     * @returns false where it turned out to be undone
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

    /** Ends an undone claim. Where no line of it is granted, its entitlements are given back. */
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

    /** The user's claims that are not final: those that a ban must stop. */
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

    /** Those of the claims that are final. A claim that was never recorded counts as final. */
    async finalAmong(claimIds: string[]): Promise<Set<string>> {
      const running = await model
        .find({ _id: { $in: claimIds }, open: true }, { _id: 1 })
        .lean<{ _id: string }[]>();
      const open = new Set(running.map((c) => c._id));
      return new Set(claimIds.filter((id) => !open.has(id)));
    },
  };
}
