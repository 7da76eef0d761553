/**
 * Parking: the claim waits for a person. What the person, or the player's status, decides about it.
 */
import { type Reason, type Step, type StepName, withSteps } from '../domain/claims/claim.ts';
import type { ClaimRef } from '../workflows/contract.ts';
import type { ActivityDeps } from './deps.ts';
import { recordOf } from './read-claim.ts';

interface ParkRequest extends ClaimRef {
  /** The parking's number: one more than the claim's last one. A decision names it. */
  number: number;
  reason: Reason;
  step: StepName;
  detail: string;
  /** The lines that the claim is parked for. */
  lineIds: string[];
  /** The steps since the record was last written. */
  since: Step[];
  /** When each line's grant was confirmed so far, by line. ISO 8601. */
  grantedAt: Record<string, string>;
}

/**
 * What ends a wait for a person. `RETRY` and `ABORT`: as decided. `USER_NOT_ACTIVE`: the player
 * left. `OVERTAKEN`: another run has changed the claim, and its record is followed.
 */
export type ParkingOutcome = 'RETRY' | 'ABORT' | 'USER_NOT_ACTIVE' | 'OVERTAKEN';

/** Parks the claim. False if another run has changed it: its record is followed then. */
export async function park(deps: ActivityDeps, request: ParkRequest): Promise<boolean> {
  const { number, reason, step, detail, lineIds } = request;
  const claim = await recordOf(deps.claims, request);
  if (claim.state === 'NEEDS_ATTENTION' && claim.parking?.number === number) return true;
  const lines = claim.lines.map((line) => {
    const at = request.grantedAt[line.lineId];
    return at ? { ...line, state: 'GRANTED' as const, grantedAt: new Date(at) } : line;
  });
  const steps = withSteps(claim.steps, request.since);
  const parking = { number, reason, step, detail, lineIds };
  return (await deps.claims.park(claim, parking, { lines, steps })) !== null;
}

/** One parking of a claim. */
interface ParkingRef extends ClaimRef {
  number: number;
}

/**
 * What was decided about this parking; null if the claim is to wait on. An abort comes before a
 * player who left, and that before a retry.
 */
export async function readParkingOutcome(
  deps: Pick<ActivityDeps, 'claims' | 'player'>,
  request: ParkingRef,
): Promise<ParkingOutcome | null> {
  const { state, fate, parking, userId } = await recordOf(deps.claims, request);
  if (state !== 'NEEDS_ATTENTION' || parking?.number !== request.number) return 'OVERTAKEN';
  const decided = parking.decision?.action ?? null;
  if (decided === 'ABORT') return 'ABORT';
  if (fate === null && (await deps.player(userId))?.status !== 'ACTIVE') return 'USER_NOT_ACTIVE';
  return decided;
}

interface UnparkRequest extends ParkingRef {
  /** Whether an admin decided. If not, a decision that was written meanwhile counts first. */
  isDecided: boolean;
}

/**
 * Ends a parking: the claim goes on forward, or is undone further. False if a decision must be read
 * first.
 */
export async function unpark(deps: ActivityDeps, request: UnparkRequest): Promise<boolean> {
  const { claimId, userId, number, isDecided } = request;
  if (await deps.claims.unpark({ _id: claimId, userId }, number, isDecided)) return true;
  // An earlier attempt of this activity may have done it.
  const { state, parking } = await recordOf(deps.claims, request);
  return state !== 'NEEDS_ATTENTION' && parking?.number === number;
}

/** Why S2 or S4 was stopped. `RETRY`: for no reason that holds, so the step is tried again. */
export async function whyStopped(
  deps: Pick<ActivityDeps, 'claims' | 'player'>,
  claim: ClaimRef,
): Promise<Exclude<ParkingOutcome, 'ABORT'>> {
  const { fate, userId } = await recordOf(deps.claims, claim);
  if (fate !== null) return 'OVERTAKEN';
  return (await deps.player(userId))?.status === 'ACTIVE' ? 'RETRY' : 'USER_NOT_ACTIVE';
}
