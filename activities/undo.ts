/** Undoing: the point of no return to the bad, the compensations, the end. All safe to repeat. */
import { activityInfo } from '@temporalio/activity';
import type { Line, Reason, Step } from '../domain/claim.ts';
import { type FinalState, finalStateOf, grantIdOf, isFinal } from '../domain/claim.ts';
import type { LookupAnswer, RevokeAnswer } from '../domain/fulfillment.ts';
import { ProviderError } from '../domain/fulfillment.ts';
import { withSteps } from '../domain/steps.ts';
import type { Claim } from '../store/claims.ts';
import type { ActivityDeps } from './deps.ts';
import { asking, broken, inTurn, providerFailure } from './failures.ts';
import { recordOf, stepNow } from './record.ts';

/** `GRANT`: it was settled instead, and stands. */
export type UndoStart =
  /** `isAsked`: a provider may have been asked. It cannot become true any more. */
  { fate: 'UNDO'; reason: Reason; isAsked: boolean } | { fate: 'GRANT' };

export interface UndoRequest {
  claimId: string;
  /** Lines that the provider will not take back, after an admin gave up on them. */
  kept: string[];
}

/** Takes the fate `UNDO`, or says what was decided before. */
export async function beginUndo(
  deps: ActivityDeps,
  claimId: string,
  reason: Reason,
  since: Step[],
): Promise<UndoStart> {
  const claim = await recordOf(deps.claims, claimId);
  const taken =
    claim.fate === null
      ? await deps.claims.takeUndoFate(claimId, reason, withSteps(claim.steps, since))
      : null;
  const now = taken ?? (await recordOf(deps.claims, claimId));
  if (now.fate === 'GRANT') return { fate: 'GRANT' };
  if (now.fate === null) throw broken(`Claim ${claimId} is ${now.state} and cannot be undone.`);
  return { fate: 'UNDO', reason: now.fateReason ?? reason, isAsked: now.asked };
}

/**
 * Whether the provider really still has given what it will not take back. Many answer a `DELETE` they
 * have done before with 409, and its first answer may have been lost.
 */
function confirmed(state: LookupAnswer['state'], refusal: RevokeAnswer): RevokeAnswer {
  switch (state) {
    case 'GRANTED':
      return refusal;
    case 'PENDING':
    case 'NEVER_SEEN': {
      // It may be given yet or never: an admin could only guess, so it is asked again.
      const contradiction = `A grant to revoke is ${state}, and yet it cannot be revoked.`;
      throw providerFailure(new ProviderError('UNAVAILABLE', contradiction));
    }
    case 'REVOKED':
    case 'REFUSED':
      return { state: 'REVOKED' };
  }
}

/** Takes one line back at its provider. Whatever is not a definite answer is tried again, without end. */
export async function revokeLine(
  deps: ActivityDeps,
  request: { claimId: string; lineId: string },
): Promise<RevokeAnswer & { at: string; attempts: number }> {
  const claim = await recordOf(deps.claims, request.claimId);
  const told = () => ({ at: deps.now().toISOString(), attempts: activityInfo().attempt });
  // A run that was reset would take back what the claim has ended with.
  if (isFinal(claim.state)) return { state: 'REVOKED', ...told() };
  const { provider: name } = claim.snapshot;
  const provider = deps.provider(name);
  if (!provider) {
    const missing = `No provider named ${name} is configured.`;
    throw providerFailure(new ProviderError('UNAVAILABLE', missing));
  }
  const grantId = grantIdOf(claim._id, request.lineId);
  const pass = <T>(call: () => Promise<T>) =>
    inTurn(() => asking(() => deps.turnstile.pass(name, call)));
  const answer = await pass(() => provider.revoke(grantId));
  if (answer.state !== 'REFUSED') return { ...answer, ...told() };
  const { state } = await pass(() => provider.lookup(grantId));
  return { ...confirmed(state, answer), ...told() };
}

/** The record of a claim that is being undone. @throws ApplicationFailure where it is not. */
async function undoneRecord(deps: ActivityDeps, claimId: string): Promise<Claim> {
  const claim = await recordOf(deps.claims, claimId);
  if (claim.fate !== 'UNDO') throw broken(`Claim ${claimId} has the fate ${claim.fate}.`);
  return claim;
}

/** Gives the holds back; those of lines that stay granted are settled, as they are counted. */
export async function releaseHolds(deps: ActivityDeps, request: UndoRequest): Promise<Step> {
  const claim = await undoneRecord(deps, request.claimId);
  let changed = false;
  for (const { lineId, quantity, buckets } of claim.lines) {
    if (buckets === null) continue;
    const holdId = grantIdOf(claim._id, lineId);
    const close = request.kept.includes(lineId) ? deps.stock.settle : deps.stock.release;
    if (await close(holdId, quantity)) changed = true;
  }
  return stepNow('UNDO_RESERVE', changed ? 'OK' : 'SKIPPED', deps.now());
}

/** Gives the entitlement back, unless the player keeps something of the claim. */
export async function giveBackEntitlement(deps: ActivityDeps, request: UndoRequest): Promise<Step> {
  const claim = await undoneRecord(deps, request.claimId);
  // What a final claim has left behind is for reconciliation, which knows what it was granted.
  const mayGive = request.kept.length === 0 && !isFinal(claim.state);
  const given = mayGive && (await deps.entitlements.giveBack(claim._id));
  return stepNow('UNDO_ENTITLEMENT', given ? 'OK' : 'SKIPPED', deps.now());
}

export interface UndoEnd extends UndoRequest {
  since: Step[];
}

function endedLine(line: Line, asked: boolean, end: UndoEnd, now: Date): Line {
  if (end.kept.includes(line.lineId)) {
    return { ...line, state: 'GRANTED', grantedAt: line.grantedAt ?? now };
  }
  return { ...line, state: asked ? 'REVOKED' : 'CANCELLED', grantedAt: null };
}

/**
 * Ends an undone claim, by the reason it was undone for. Where it is parked because of what could
 * not be taken back, a run that was reset has taken it back after all.
 */
export async function finishUndo(
  deps: ActivityDeps,
  end: UndoEnd,
): Promise<{ state: FinalState; reason: Reason | null }> {
  const claim = await undoneRecord(deps, end.claimId);
  if (isFinal(claim.state)) return { state: claim.state, reason: claim.reason };
  if (claim.state === 'NEEDS_ATTENTION' && claim.parking) {
    await deps.claims.unpark(claim._id, claim.parking.number, true);
  }
  const reason = end.kept.length > 0 ? 'COMPENSATION_FAILED' : (claim.fateReason ?? 'INTERNAL');
  const state = finalStateOf(reason);
  const finished = await deps.claims.finish(claim._id, {
    state,
    reason,
    lines: claim.lines.map((line) => endedLine(line, claim.asked, end, deps.now())),
    steps: withSteps(claim.steps, end.since),
  });
  if (finished) return { state, reason };
  const now = await recordOf(deps.claims, claim._id);
  if (isFinal(now.state)) return { state: now.state, reason: now.reason };
  throw new Error(`Claim ${claim._id} is ${now.state} and could not be ended.`);
}
