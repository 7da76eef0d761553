/** Parking a claim for a person, and what that person or the player's leaving decided. */
import type { Reason, Step, StepName } from '../domain/claim.ts';
import { withSteps } from '../domain/steps.ts';
import type { ActivityDeps } from './deps.ts';
import { recordOf } from './record.ts';

export interface ParkRequest {
  claimId: string;
  /** One more than the claim's last parking; a decision names it. */
  number: number;
  reason: Reason;
  step: StepName;
  detail: string;
  since: Step[];
  /** When each line confirmed so far was granted, by line. */
  grantedAt: Record<string, string>;
}

/** What a parked claim should do now; null: go on waiting. */
export type Verdict = 'RETRY' | 'ABORT' | 'USER_NOT_ACTIVE' | null;

/** Parks the claim; false where another run has moved it on, whose record is then to be followed. */
export async function park(deps: ActivityDeps, request: ParkRequest): Promise<boolean> {
  const { claimId, number, reason, step, detail } = request;
  const claim = await recordOf(deps.claims, claimId);
  const isParked = claim.state === 'NEEDS_ATTENTION' && claim.parking?.number === number;
  if (isParked) return true;
  const lines = claim.lines.map((line) => {
    const at = request.grantedAt[line.lineId];
    return at ? { ...line, state: 'GRANTED' as const, grantedAt: new Date(at) } : line;
  });
  const steps = withSteps(claim.steps, request.since);
  const parked = await deps.claims.park(
    claimId,
    { number, reason, step, detail },
    { lines, steps },
  );
  return parked !== null;
}

/** Reads what was decided about this parking. A player who left outranks a retry. */
export async function readVerdict(
  deps: ActivityDeps,
  request: { claimId: string; number: number },
): Promise<Verdict> {
  const { fate, parking, userId } = await recordOf(deps.claims, request.claimId);
  const decided =
    parking?.number === request.number && parking.decision ? parking.decision.action : null;
  if (decided === 'ABORT') return 'ABORT';
  if (fate === null && (await deps.userStatus(userId)) !== 'ACTIVE') return 'USER_NOT_ACTIVE';
  return decided;
}

/** Moves a parked claim on, forward or with its undoing. */
export async function unpark(
  deps: ActivityDeps,
  request: { claimId: string; number: number },
): Promise<void> {
  await deps.claims.unpark(request.claimId, request.number);
}

/** Why fulfilment was stopped; `RETRY` where it was a false alarm. */
export async function whyStopped(
  deps: ActivityDeps,
  claimId: string,
): Promise<'USER_NOT_ACTIVE' | 'OVERTAKEN' | 'RETRY'> {
  const { fate, userId } = await recordOf(deps.claims, claimId);
  if (fate !== null) return 'OVERTAKEN';
  return (await deps.userStatus(userId)) === 'ACTIVE' ? 'RETRY' : 'USER_NOT_ACTIVE';
}
