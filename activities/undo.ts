/** Undoing: the point of no return to the bad, the compensations, the end. All safe to repeat. */
import { activityInfo } from '@temporalio/activity';
import type { Line, Reason, Step } from '../domain/claims/claim.ts';
import { finalStateOf, grantIdOf, isFinal } from '../domain/claims/claim.ts';
import type { LookupAnswer, RevokeAnswer } from '../domain/claims/fulfillment.ts';
import { mayBeAsked, ProviderError } from '../domain/claims/fulfillment.ts';
import { holdsOf } from '../domain/claims/holds.ts';
import { withSteps } from '../domain/claims/steps.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import type { ClaimRef } from '../workflows/contract.ts';
import { type Ended, endOf, recordOf, stepNow } from './claim-and-steps.ts';
import type { ActivityDeps } from './deps.ts';
import { asking, broken, inTurn, providerFailure } from './failures.ts';
import { type LineRef, providerOf } from './fulfil.ts';

/** `GRANT`: it was settled instead, and stands. */
type UndoStart =
  /** `isAsked`: a provider may have been asked. It cannot become true any more. */
  { fate: 'UNDO'; reason: Reason; isAsked: boolean } | { fate: 'GRANT' };

export interface UndoRequest extends ClaimRef {
  /** Lines that the provider will not take back, after an admin gave up on them. */
  kept: string[];
}

/** Takes the fate `UNDO`, or says what was decided before. */
export async function beginUndo(
  deps: ActivityDeps,
  request: ClaimRef,
  reason: Reason,
  since: Step[],
): Promise<UndoStart> {
  const claim = await recordOf(deps.claims, request);
  const taken =
    claim.fate === null
      ? await deps.claims.takeUndoFate(claim, reason, withSteps(claim.steps, since))
      : null;
  const now = taken ?? (await recordOf(deps.claims, request));
  if (now.fate === 'GRANT') return { fate: 'GRANT' };
  if (now.fate === null) throw broken(`Claim ${now._id} is ${now.state} and cannot be undone.`);
  return { fate: 'UNDO', reason: now.fateReason ?? reason, isAsked: mayBeAsked(now) };
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

/** Whether the claim is undone, and with it this line. */
function mayBeRevoked({ fate, state, lines }: Claim, lineId: string): boolean {
  const isKept = isFinal(state) && lines.find((l) => l.lineId === lineId)?.state === 'GRANTED';
  return fate === 'UNDO' && !isKept;
}

/** Takes one line back at its provider. Whatever is not a definite answer is tried again, without end. */
export async function revokeLine(
  deps: ActivityDeps,
  request: LineRef,
): Promise<RevokeAnswer & { at: string; attempts: number }> {
  const claim = await recordOf(deps.claims, request);
  const told = () => ({ at: deps.now().toISOString(), attempts: activityInfo().attempt });
  // A run that was reset, or lost to another, would take back what the claim has ended with.
  if (!mayBeRevoked(claim, request.lineId)) return { state: 'REVOKED', ...told() };
  const { provider: name } = claim.snapshot;
  const provider = providerOf(deps, claim);
  const grantId = grantIdOf(claim._id, request.lineId);
  const pass = <T>(call: () => Promise<T>) =>
    inTurn(() => asking(() => deps.callLimiter.run(name, call)));
  const answer = await pass(() => provider.revoke(grantId));
  if (answer.state !== 'REFUSED') return { ...answer, ...told() };
  const { state } = await pass(() => provider.lookup(grantId));
  return { ...confirmed(state, answer), ...told() };
}

/** The record of a claim that is being undone. @throws ApplicationFailure where it is not. */
async function undoneRecord(deps: ActivityDeps, request: ClaimRef): Promise<Claim> {
  const claim = await recordOf(deps.claims, request);
  if (claim.fate !== 'UNDO') throw broken(`Claim ${claim._id} has the fate ${claim.fate}.`);
  return claim;
}

/** Gives the holds back; those of lines that stay granted are settled, as they are counted. */
export async function releaseHolds(deps: ActivityDeps, request: UndoRequest): Promise<Step> {
  const claim = await undoneRecord(deps, request);
  let changed = false;
  for (const hold of holdsOf(claim)) {
    const isKept = request.kept.includes(hold.rewardId);
    if (isKept) await deps.stock.settle(hold);
    if (isKept || (await deps.stock.release(hold))) changed = true;
  }
  return stepNow('UNDO_RESERVE', changed ? 'OK' : 'SKIPPED', deps.now());
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
 * Ends an undone claim, by the reason it was undone for, and gives its entitlement back unless the
 * player keeps something of it. Where it is parked because of what could not be taken back, a run that
 * was reset has taken it back after all.
 */
export async function finishUndo(deps: ActivityDeps, end: UndoEnd): Promise<Ended> {
  const claim = await undoneRecord(deps, end);
  if (isFinal(claim.state)) return endOf(claim);
  if (claim.state === 'NEEDS_ATTENTION' && claim.parking) {
    await deps.claims.unpark(claim, claim.parking.number, true);
  }
  const isEmpty = end.kept.length === 0;
  const reason = isEmpty ? (claim.fateReason ?? 'INTERNAL') : 'COMPENSATION_FAILED';
  const state = finalStateOf(reason);
  const entitlement = stepNow('UNDO_ENTITLEMENT', isEmpty ? 'OK' : 'SKIPPED', deps.now());
  const finished = await deps.claims.finishUndone(claim, {
    state,
    reason,
    lines: claim.lines.map((line) => endedLine(line, mayBeAsked(claim), end, deps.now())),
    steps: withSteps(claim.steps, [...end.since, entitlement]),
  });
  if (finished) return endOf(finished);
  const now = await recordOf(deps.claims, end);
  if (isFinal(now.state)) return endOf(now);
  throw new Error(`Claim ${claim._id} is ${now.state} and could not be ended.`);
}
