/**
 * The moves of a claim's record: on its path, from acceptance to its end, and while it is parked
 * and waits for an admin. Each is one guarded write, so that of two attempts one wins and the other
 * reads what was decided. Null or false says that the guard did not hold.
 */
import type { ClientSession, Connection } from 'mongoose';
import {
  EARLY_STATES,
  finalStateOf,
  type Line,
  type Reason,
  type Step,
  statesBefore,
} from '../../domain/claims/claim.ts';
import type { Explanation } from '../../domain/conditions/explanation.ts';
import { createAuditLog } from '../audit-log.ts';
import { batch } from '../mongodb/batching.ts';
import { inTransaction } from '../mongodb/connection.ts';
import type { StaffContext } from '../users/staff.ts';
import type { Claim, ClaimKey, Decision, Parking } from './claim-record.ts';

/** The last move of a granted claim. */
interface GrantedEnd {
  claim: ClaimKey;
  filter: object;
  update: object;
}

/** Ends that are written with one command. Each rewrites a record of some two KiB. */
const ENDS_AT_ONCE = 50;

/** The one guarded write that each move is, and its parts. @param now our clock */
function createGuardedMoves(connection: Connection, now: () => Date) {
  // The driver's collection, as each claim is written several times and mongoose is slower. The
  // values were checked before.
  const collection = connection.collection<Claim>('claims');

  /**
   * The update of a move. The end of a claim removes its open mark; an end without a grant also
   * gives its entitlements back.
   */
  function moved(set: Partial<Claim>, isEmptyEnd = false) {
    return {
      $set: { ...set, updatedAt: now() },
      $inc: { version: 1 },
      $unset: {
        ...(set.endedAt && { open: true as const }),
        ...(isEmptyEnd && { entitlements: true as const }),
      },
    };
  }

  const named = ({ _id, userId }: ClaimKey, guard: object) => ({ _id, userId, ...guard });

  /** One guarded move. Null where the guard does not hold: then read the record and follow it. */
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

  return { collection, moved, named, move };
}

/**
 * @param read reads the claim's record, or null where there is none
 * @param now our clock, for the times in records
 */
export function createClaimMoves(
  connection: Connection,
  read: (claim: ClaimKey) => Promise<Claim | null>,
  now: () => Date,
) {
  const guarded = createGuardedMoves(connection, now);
  const { collection, moved, named, move } = guarded;

  /** Ends granted claims. False for a claim that turned out to be undone. */
  const endGranted = batch<GrantedEnd, boolean>(async (ends) => {
    const operations = ends.map(({ filter, update }) => ({ updateOne: { filter, update } }));
    const { matchedCount } = await collection.bulkWrite(operations, { ordered: false });
    if (matchedCount === ends.length) return ends.map(() => true);
    // The server only counts the matches. A claim that had ended as granted before is fine, too.
    const records = await Promise.all(ends.map(({ claim }) => read(claim)));
    return records.map((claim) => claim?.state === 'GRANTED');
  }, ENDS_AT_ONCE);

  return {
    ...createParking(connection, guarded, now),

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

    /** Records why the condition is not met: once, so that every later read shows the same. */
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

    /** Records that a provider may have been asked from here on, first by the run `askedBy`. */
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

    /** Decides to grant: every line's grant is confirmed. False for a claim with another fate. */
    async takeGrantFate(claim: ClaimKey, lines: Line[], steps: Step[]): Promise<boolean> {
      const guard = { fate: null, state: { $in: [...EARLY_STATES, 'FULFILLING'] } };
      const fate = moved({ state: 'FULFILLING', fate: 'GRANT', lines, steps });
      return (await collection.updateOne(named(claim, guard), fate)).matchedCount === 1;
    },

    /** Decides to undo: from here on everything is undone. Null for a claim with a fate. */
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
      claim: ClaimKey & Pick<Claim, 'fate' | 'state' | 'acceptedAt' | 'snapshot'>,
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
  };
}

/** The moves of a parked claim, which waits for an admin: park, decide, go on. */
function createParking(
  connection: Connection,
  { move }: ReturnType<typeof createGuardedMoves>,
  now: () => Date,
) {
  const audit = createAuditLog(connection, now);

  return {
    /** Parks a claim for the `number`th time. Null where the record does not allow it any more. */
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
     * Goes on after a parking: forward from where the claim stood, or with undoing where that had
     * begun. Without a decision it only goes on where none is recorded, so that an admin's decision
     * made meanwhile is not lost.
     * @returns null where the claim is not parked with that number, or a decision came first
     */
    async unpark(claim: ClaimKey, number: number, isDecided: boolean): Promise<Claim | null> {
      const guard = {
        state: 'NEEDS_ATTENTION',
        'parking.number': number,
        ...(!isDecided && { 'parking.decision': null }),
      };
      const forward = { ...guard, fate: null };
      const checking = { state: 'CHECKING_CONDITIONS', reason: null } as const;
      return (
        (await move(claim, { ...forward, asked: true }, { state: 'FULFILLING', reason: null })) ??
        (await move(claim, { ...forward, asked: false }, checking)) ??
        (await move(claim, { ...guard, fate: 'UNDO' }, { state: 'COMPENSATING' }))
      );
    },

    /**
     * Records an admin's decision on the parking with that number. Null where the claim is no
     * longer parked with it, or was decided on already: a late second click changes nothing.
     * @param along a write in the same transaction; where it returns false, nothing is written
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
            after: { state, reason, parking: number, decision: { action, note: null } },
            // The note is about the claim's player.
            ...(note !== null && {
              personal: [{ of: claim.userId, fields: { after: { decision: { note } } } }],
            }),
          },
        );
        return decided;
      });
    },
  };
}
