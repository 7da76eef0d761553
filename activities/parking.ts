/** Parking a claim for a person, and what that person or the player's leaving decided. */
import type { Reason, Step, StepName } from '../domain/claims/claim.ts';
import { withSteps } from '../domain/claims/steps.ts';
import type { ClaimRef } from '../workflows/contract.ts';
import { recordOf } from './claim-and-steps.ts';
import type { ActivityDeps } from './deps.ts';

export interface ParkRequest extends ClaimRef {
  /** One more than the claim's last parking; a decision names it. */
  number: number;
  reason: Reason;
  step: StepName;
  detail: string;
  /** The lines it is about. */
  lineIds: string[];
  since: Step[];
  /** When each line confirmed so far was granted, by line. */
  grantedAt: Record<string, string>;
}

/** What a parked claim should do now; null: go on waiting. `OVERTAKEN`: it is not parked so any more. */
export type Verdict = 'RETRY' | 'ABORT' | 'USER_NOT_ACTIVE' | 'OVERTAKEN' | null;

/** Parks the claim; false where another run has moved it on, whose record is then to be followed. */
export async function park(deps: ActivityDeps, request: ParkRequest): Promise<boolean> {
  const { number, reason, step, detail, lineIds } = request;
  const claim = await recordOf(deps.claims, request);
  const isParked = claim.state === 'NEEDS_ATTENTION' && claim.parking?.number === number;
  if (isParked) return true;
  const lines = claim.lines.map((line) => {
    const at = request.grantedAt[line.lineId];
    return at ? { ...line, state: 'GRANTED' as const, grantedAt: new Date(at) } : line;
  });
  const steps = withSteps(claim.steps, request.since);
  const parked = await deps.claims.park(
    claim,
    { number, reason, step, detail, lineIds },
    { lines, steps },
  );
  return parked !== null;
}

/** One parking of a claim. */
export interface ParkingRef extends ClaimRef {
  number: number;
}

/** Reads what was decided about this parking. A player who left outranks a retry. */
export async function readVerdict(deps: ActivityDeps, request: ParkingRef): Promise<Verdict> {
  const { state, fate, parking, userId } = await recordOf(deps.claims, request);
  if (state !== 'NEEDS_ATTENTION' || parking?.number !== request.number) return 'OVERTAKEN';
  const decided = parking.decision?.action ?? null;
  if (decided === 'ABORT') return 'ABORT';
  if (fate === null && (await deps.userStatus(userId)) !== 'ACTIVE') return 'USER_NOT_ACTIVE';
  return decided;
}

export interface UnparkRequest extends ParkingRef {
  /** False where nobody decided: then a decision written meanwhile goes first. */
  isDecided: boolean;
}

/** Moves a parked claim on, forward or with its undoing; false where a decision is to be read first. */
export async function unpark(deps: ActivityDeps, request: UnparkRequest): Promise<boolean> {
  const { claimId, userId, number, isDecided } = request;
  if (await deps.claims.unpark({ _id: claimId, userId }, number, isDecided)) return true;
  // An earlier try of this very step may have moved it.
  const { state, parking } = await recordOf(deps.claims, request);
  return state !== 'NEEDS_ATTENTION' && parking?.number === number;
}

/** Why fulfillment was stopped; `RETRY` where it was a false alarm. */
export async function whyStopped(
  deps: ActivityDeps,
  claim: ClaimRef,
): Promise<'USER_NOT_ACTIVE' | 'OVERTAKEN' | 'RETRY'> {
  const { fate, userId } = await recordOf(deps.claims, claim);
  if (fate !== null) return 'OVERTAKEN';
  return (await deps.userStatus(userId)) === 'ACTIVE' ? 'RETRY' : 'USER_NOT_ACTIVE';
}
