/**
 * Undoing a claim: its fate `UNDO`, the compensations, the end. Each activity is safe to repeat.
 */
import { activityInfo } from '@temporalio/activity';
import {
  finalStateOf,
  grantIdOf,
  isFinal,
  type Line,
  type Reason,
  type Step,
  withSteps,
} from '../domain/claims/claim.ts';
import {
  type LookupAnswer,
  mayBeAsked,
  ProviderError,
  type RevokeAnswer,
} from '../domain/claims/fulfillment.ts';
import { holdsOf } from '../domain/claims/holds.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import type { ClaimRef } from '../workflows/contract.ts';
import type { ActivityDeps } from './deps.ts';
import { brokenData, providerFailure, retriedForSlot, withProviderFailures } from './failures.ts';
import { type LineRef, providerOf } from './grant-line.ts';
import { type Ended, endOf, recordOf } from './read-claim.ts';
import { stepNow } from './running-activity.ts';

/** The claim's fate. `GRANT`: another run has settled it, and the grant stands. */
export type UndoStart =
  /**
   * `isAsked`: whether a provider may have been asked. With the fate taken, it cannot change any
   * more.
   */
  { fate: 'UNDO'; reason: Reason; isAsked: boolean } | { fate: 'GRANT' };

interface UndoRequest extends ClaimRef {
  /** Lines that the provider does not take back, after an admin gave up on them. */
  kept: string[];
}

/**
 * Takes the fate `UNDO`, or reads the fate that the claim has.
 * @param since the steps since the record was last written
 * @throws ApplicationFailure (not retried) if the claim can have no fate any more
 */
export async function beginUndo(
  deps: ActivityDeps,
  request: ClaimRef,
  reason: Reason,
  since: Step[],
): Promise<UndoStart> {
  const claim = await recordOf(deps.claims, request);
  const steps = withSteps(claim.steps, since);
  const taken = claim.fate === null && (await deps.claims.takeUndoFate(claim, reason, steps));
  const now = taken || (await recordOf(deps.claims, request));
  if (now.fate === 'GRANT') return { fate: 'GRANT' };
  if (now.fate === null) throw brokenData(`Claim ${now._id} is ${now.state} and cannot be undone.`);
  return { fate: 'UNDO', reason: now.fateReason ?? reason, isAsked: mayBeAsked(now) };
}

/**
 * Checks a provider's refusal to revoke against its lookup. Many providers answer a second `DELETE`
 * with 409, and the answer to the first may have been lost.
 * @throws ApplicationFailure (retried) if the two answers contradict each other
 */
export function refusalOrRevoked(
  state: LookupAnswer['state'],
  refusal: RevokeAnswer,
): RevokeAnswer {
  if (state === 'GRANTED') return refusal;
  if (state === 'REVOKED' || state === 'REFUSED') return { state: 'REVOKED' };
  // Nobody can tell whether it will be granted, an admin neither: the provider is asked again.
  const contradiction = `A grant to revoke is ${state}, and yet it cannot be revoked.`;
  throw providerFailure(new ProviderError('UNAVAILABLE', contradiction));
}

/**
 * Whether the line is to be taken back: the claim is undone, and has not ended with the line kept.
 */
function mayBeRevoked({ fate, state, lines }: Claim, lineId: string): boolean {
  const isKept = isFinal(state) && lines.find((l) => l.lineId === lineId)?.state === 'GRANTED';
  return fate === 'UNDO' && !isKept;
}

/**
 * Takes one line back at its provider. `at`: when the answer was known, by our own clock.
 * @throws ApplicationFailure (retried without a limit) if the provider gives no definite answer
 */
export async function revokeLine(
  deps: ActivityDeps,
  request: LineRef,
): Promise<RevokeAnswer & { at: string; attempts: number }> {
  const claim = await recordOf(deps.claims, request);
  const times = () => ({ at: deps.now().toISOString(), attempts: activityInfo().attempt });
  // A run that was reset, or that another has overtaken, must not take back what the player keeps.
  if (!mayBeRevoked(claim, request.lineId)) return { state: 'REVOKED', ...times() };
  const { provider: name } = claim.snapshot;
  const provider = providerOf(deps, claim);
  const grantId = grantIdOf(claim._id, request.lineId);
  const ask = <T>(call: () => Promise<T>) =>
    retriedForSlot(() => withProviderFailures(() => deps.callLimiter.run(name, call)));
  const answer = await ask(() => provider.revoke(grantId));
  if (answer.state !== 'REFUSED') return { ...answer, ...times() };
  const { state } = await ask(() => provider.lookup(grantId));
  return { ...refusalOrRevoked(state, answer), ...times() };
}

/**
 * The record of a claim with the fate `UNDO`.
 * @throws ApplicationFailure (not retried) if it has another
 */
async function undoneRecord(deps: ActivityDeps, request: ClaimRef): Promise<Claim> {
  const claim = await recordOf(deps.claims, request);
  if (claim.fate !== 'UNDO') throw brokenData(`Claim ${claim._id} has the fate ${claim.fate}.`);
  return claim;
}

/** Gives the holds back. Holds of lines that stay granted are settled: those units are given. */
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

interface UndoEnd extends UndoRequest {
  /** The steps since the record was last written. */
  since: Step[];
}

function endedLine(line: Line, asked: boolean, end: UndoEnd, now: Date): Line {
  if (end.kept.includes(line.lineId)) {
    return { ...line, state: 'GRANTED', grantedAt: line.grantedAt ?? now };
  }
  return { ...line, state: asked ? 'REVOKED' : 'CANCELLED', grantedAt: null };
}

/**
 * Ends an undone claim for the reason that it is undone for. Its entitlement is given back, unless
 * the player keeps a line. A claim that is still parked leaves its parking: a run that was reset
 * could take the lines back after all.
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
