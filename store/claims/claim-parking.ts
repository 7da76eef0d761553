/** Parked claims, which wait for an admin: park, decide, go on. */
import type { ClientSession, Connection } from 'mongoose';
import { type Line, type Step, statesBefore } from '../../domain/claims/claim.ts';
import { createAuditLog } from '../audit-log.ts';
import { inTransaction } from '../mongodb/connection.ts';
import type { StaffContext } from '../users/staff.ts';
import type { Claim, ClaimKey, Decision, Parking } from './claim-record.ts';
import type { GuardedMoves } from './guarded-moves.ts';

/** @param now our clock */
export function createClaimParking(
  connection: Connection,
  { move }: GuardedMoves,
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
            after: { state, reason, parking: number, decision: { action, note } },
          },
        );
        return decided;
      });
    },
  };
}
