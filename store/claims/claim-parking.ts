/** Claims that wait for an admin: parked, decided on, gone on with. */
import type { ClientSession, Connection } from 'mongoose';
import { type Line, type Step, statesBefore } from '../../domain/claims/claim.ts';
import { createAuditLog } from '../audit-log.ts';
import { inTransaction } from '../mongodb/connection.ts';
import type { StaffContext } from '../users/staff.ts';
import type { ClaimMoves } from './claim-moves.ts';
import type { Claim, ClaimKey, Decision, Parking } from './claim-record.ts';

export function createClaimParking(connection: Connection, { move }: ClaimMoves, now: () => Date) {
  const audit = createAuditLog(connection, now);

  return {
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
  };
}
