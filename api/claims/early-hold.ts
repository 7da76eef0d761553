/**
 * Holds a claim's units right after its record, before its run, so that a player who comes too late
 * is rejected without a run. Only the request that recorded the claim does this, and only within
 * its time as the recorder: until then nobody else starts the claim's run.
 */
import type { Step } from '../../domain/claims/claim.ts';
import { holdsOf } from '../../domain/claims/holds.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import type { StockStore } from '../../store/stock/stock.ts';
import type { RunStart } from '../../workflows/contract.ts';

export interface HoldDeps {
  claims: Pick<ClaimStore, 'refuse' | 'recorderUntil'>;
  stock: Pick<StockStore, 'reserve' | 'release'>;
  now: () => Date;
  /** Called with what a claim found sold out. */
  onSoldOut(of: { eventId: string; rewardId: string | null }): void;
  /** Called if a write failed, so that it is not known what stands: the claim's run finds out. */
  onFailure?: ((claimId: string, error: unknown) => void) | undefined;
}

/** The claim, and how its run is to be started; without `start` this request must not start it. */
interface Outcome {
  claim: Claim;
  start?: RunStart;
}

/** Holds line after line. Answers the first reward that is sold out, or null. */
async function firstSoldOut(
  { stock }: HoldDeps,
  claim: Claim,
  until: Date,
): Promise<string | null> {
  for (const hold of holdsOf(claim)) {
    if ((await stock.reserve(hold, { until })) === 'SOLD_OUT') return hold.rewardId;
  }
  return null;
}

/** The steps of a claim that got no units. */
function rejectedSteps(claim: Claim, lineId: string, startedAt: Date, now: Date): Step[] {
  const at = { startedAt: startedAt.toISOString(), endedAt: now.toISOString(), attempts: 1 };
  return [...claim.steps, { step: 'S3_RESERVE', outcome: 'REFUSED', detail: lineId, ...at }];
}

/** The rejected claim; null if it could not be rejected, or if that is not known. */
async function reject(
  deps: HoldDeps,
  claim: Claim,
  end: { steps: Step[]; until: Date },
): Promise<Claim | null> {
  const { claims, onFailure } = deps;
  try {
    return await claims.refuse(claim, { reason: 'SOLD_OUT', ...end });
  } catch (error) {
    onFailure?.(claim._id, error);
    return null;
  }
}

/** Releases what a bundle holds: the lines before the one that was sold out. */
async function release(
  { stock, onFailure }: HoldDeps,
  claim: Claim,
  soldOutId: string,
): Promise<void> {
  for (const hold of holdsOf(claim)) {
    if (hold.rewardId === soldOutId) return;
    await stock.release(hold).catch((error: unknown) => onFailure?.(claim._id, error));
  }
}

/**
 * Takes the holds of a claim that this same request has recorded, or rejects the claim. Never
 * throws: what fails is left to the claim's run.
 */
export async function holdOrReject(deps: HoldDeps, claim: Claim): Promise<Outcome> {
  const { eventId, rewardId } = claim;
  const until = deps.claims.recorderUntil(claim);
  const startedAt = deps.now();
  let soldOutId: string | null;
  try {
    soldOutId = await firstSoldOut(deps, claim, until);
  } catch (error) {
    deps.onFailure?.(claim._id, error);
    // The write may still arrive, so the run must look for holds before it takes any.
    return { claim, start: { isHeld: false, isAlone: false } };
  }
  if (soldOutId === null) return { claim, start: { isHeld: true, isAlone: true } };
  deps.onSoldOut({ eventId, rewardId });
  const steps = rejectedSteps(claim, soldOutId, startedAt, deps.now());
  const rejected = await reject(deps, claim, { steps, until });
  // The write that rejects it may still arrive: until it cannot any more, nobody starts its run.
  if (!rejected) return { claim };
  // Only now: before the end somebody else could hold the same lines for this claim again.
  await release(deps, claim, soldOutId);
  return { claim: rejected };
}
