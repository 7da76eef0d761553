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
export interface HoldOutcome {
  claim: Claim;
  start?: RunStart;
}

/** Holds line after line. Answers the first reward that is sold out, or null. */
async function firstSoldOut(stock: HoldDeps['stock'], claim: Claim, until: Date) {
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

/**
 * Takes the holds of a claim that this same request has recorded, or rejects the claim. Never
 * throws: what fails is left to the claim's run.
 */
export async function holdOrReject(deps: HoldDeps, claim: Claim): Promise<HoldOutcome> {
  const { claims, stock, now } = deps;
  const { eventId, rewardId } = claim;
  const until = claims.recorderUntil(claim);
  const startedAt = now();
  const onFailure = (error: unknown): undefined => {
    deps.onFailure?.(claim._id, error);
  };
  const soldOutId = await firstSoldOut(stock, claim, until).catch(onFailure);
  // The write may still arrive, so the run must look for holds before it takes any.
  if (soldOutId === undefined) return { claim, start: { isHeld: false, isAlone: false } };
  if (soldOutId === null) return { claim, start: { isHeld: true, isAlone: true } };
  deps.onSoldOut({ eventId, rewardId });
  const steps = rejectedSteps(claim, soldOutId, startedAt, now());
  const end = { reason: 'SOLD_OUT', steps, until } as const;
  const rejected = await claims.refuse(claim, end).catch(onFailure);
  // The write that rejects it may still arrive: until it cannot any more, nobody starts its run.
  if (!rejected) return { claim };
  // Only now: before the end somebody else could hold the same lines for this claim again.
  for (const hold of holdsOf(claim)) {
    // A bundle holds the lines before the one that was sold out.
    if (hold.rewardId === soldOutId) break;
    await stock.release(hold).catch(onFailure);
  }
  return { claim: rejected };
}
