/**
 * The hold before the run: what S3 would take, taken right after S0, so that whoever comes too late
 * is rejected without a run. Only the request that recorded the claim does so, and only for a while:
 * nobody else has started the claim's run by then.
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
  /** Told of each claim that found its reward sold out. */
  onSoldOut(of: { eventId: string; rewardId: string | null }): void;
  /** Told where it is not known here what came of it: the claim's run finds out. */
  onFailure?: ((claimId: string, error: unknown) => void) | undefined;
}

/** The claim, and how its run is to be started: absent where it is not, or by others. */
interface Outcome {
  claim: Claim;
  start?: RunStart;
}

/** Holds line after line; the first that is sold out ends it. Null where everything is held. */
async function firstSoldOut({ stock }: HoldDeps, claim: Claim, until: Date) {
  for (const hold of holdsOf(claim)) {
    if ((await stock.reserve(hold, { until })) === 'SOLD_OUT') return hold.rewardId;
  }
  return null;
}

/** The story of a claim that got no units. */
function rejectedSteps(claim: Claim, lineId: string, startedAt: Date, now: Date): Step[] {
  const at = { startedAt: startedAt.toISOString(), endedAt: now.toISOString(), attempts: 1 };
  return [...claim.steps, { step: 'S3_RESERVE', outcome: 'REFUSED', detail: lineId, ...at }];
}

/** Null where it could not be ended here. */
async function reject(deps: HoldDeps, claim: Claim, end: { steps: Step[]; until: Date }) {
  const { claims, onFailure } = deps;
  try {
    return await claims.refuse(claim, { reason: 'SOLD_OUT', ...end });
  } catch (error) {
    onFailure?.(claim._id, error);
    return null;
  }
}

/** Of a bundle, what lies before the line that was gone. */
async function release(
  { stock, onFailure }: HoldDeps,
  claim: Claim,
  goneId: string,
): Promise<void> {
  for (const hold of holdsOf(claim)) {
    if (hold.rewardId === goneId) return;
    await stock.release(hold).catch((error: unknown) => onFailure?.(claim._id, error));
  }
}

/** Takes the holds of a claim that this very request has recorded, or rejects it. Never fails. */
export async function holdOrReject(deps: HoldDeps, claim: Claim): Promise<Outcome> {
  const { eventId, rewardId } = claim;
  const until = deps.claims.recorderUntil(claim);
  const startedAt = deps.now();
  let gone: string | null;
  try {
    gone = await firstSoldOut(deps, claim, until);
  } catch (error) {
    deps.onFailure?.(claim._id, error);
    // What was written may arrive yet: the run is not the first to take anything.
    return { claim, start: { isHeld: false, isAlone: false } };
  }
  if (gone === null) return { claim, start: { isHeld: true, isAlone: true } };
  deps.onSoldOut({ eventId, rewardId });
  const steps = rejectedSteps(claim, gone, startedAt, deps.now());
  const rejected = await reject(deps, claim, { steps, until });
  // It may be rejected yet, so nobody starts its run as long as that can be.
  if (!rejected) return { claim };
  // Not before: somebody else could hold the same lines for it again.
  await release(deps, claim, gone);
  return { claim: rejected };
}
