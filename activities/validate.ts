/** S1: where this run of the claim goes on; at a claim's beginning, whether the rules let it in. */
import type { ClaimState, Fate, Reason, Step } from '../domain/claim.ts';
import { isFinal } from '../domain/claim.ts';
import { isHeldEarly } from '../domain/early-hold.ts';
import { withSteps } from '../domain/steps.ts';
import type { Claim } from '../store/claims.ts';
import { type FulfillmentPolicy, type LimitedQueue, providerQueue } from '../workflows/contract.ts';
import type { ActivityDeps } from './deps.ts';
import { recordOf, stepNow } from './record.ts';

/** What a run needs to know of the record; the rest stays in MongoDB. */
export interface ClaimView {
  state: ClaimState;
  reason: Reason | null;
  fate: Fate | null;
  fateReason: Reason | null;
  provider: string;
  /** A provider may have been asked for its lines already. */
  asked: boolean;
  lineIds: string[];
  /** Whom S2 asks. */
  condition: 'BOOKS' | 'PROVIDERS' | null;
  /** `isGivenUp`: an admin aborted an undoing that was stuck there, so its lines stay granted. */
  parking: { number: number; reason: Reason; lineIds: string[]; isGivenUp: boolean } | null;
}

export interface Validation {
  view: ClaimView;
  policy: FulfillmentPolicy;
  /** S1 as it went in this run; null where the claim was past it. */
  step: Step | null;
  /** Why a rule stopped it, null where none did. */
  refused: Reason | null;
}

/** Our own books are asked in passing; a game server may be slow, or away. */
function whomToAsk(condition: Claim['snapshot']['condition']): 'BOOKS' | 'PROVIDERS' | null {
  if (!condition) return null;
  return condition.providers.length > 0 ? 'PROVIDERS' : 'BOOKS';
}

function viewOf(claim: Claim): ClaimView {
  const { state, reason, fate, fateReason, asked, snapshot, lines, parking } = claim;
  return {
    state,
    reason,
    fate,
    fateReason,
    asked,
    provider: snapshot.provider,
    lineIds: lines.map((line) => line.lineId),
    condition: whomToAsk(snapshot.condition),
    parking: parking && {
      number: parking.number,
      reason: parking.reason,
      lineIds: parking.lineIds,
      isGivenUp: parking.reason === 'COMPENSATION_FAILED' && parking.decision?.action === 'ABORT',
    },
  };
}

/** The same patience for all; a provider with a limit has a queue of its own. */
function policyFor({ policy, turnstile }: ActivityDeps, { snapshot }: Claim): FulfillmentPolicy {
  const queueOf = (name: string | undefined): LimitedQueue | undefined =>
    name !== undefined && turnstile.isLimited(name)
      ? { queue: providerQueue(name), waitMs: turnstile.longestWaitMs }
      : undefined;
  const [asked, another] = snapshot.condition?.providers ?? [];
  const limited = queueOf(snapshot.provider);
  const limitedCheck = another === undefined ? queueOf(asked) : undefined;
  return { ...policy, ...(limited && { limited }), ...(limitedCheck && { limitedCheck }) };
}

const isPastValidation = (claim: Claim): boolean =>
  claim.fate !== null ||
  isFinal(claim.state) ||
  claim.state === 'FULFILLING' ||
  claim.state === 'NEEDS_ATTENTION';

/** The rules, in the order a player would ask them; the entitlement is taken by the last. */
export async function refusal(deps: ActivityDeps, claim: Claim): Promise<Reason | null> {
  const { userId, eventId, periodKey, acceptedAt, snapshot } = claim;
  if ((await deps.userStatus(userId)) !== 'ACTIVE') return 'USER_NOT_ACTIVE';
  // Judged as at acceptance: whoever got a 202 inside the window is served, however late it is now.
  const { startsAt, claimableUntil } = snapshot;
  if (acceptedAt < startsAt || acceptedAt >= claimableUntil) return 'EVENT_NOT_OPEN';
  const { claimsPerPeriod } = snapshot;
  const request = { claimId: claim._id, eventId, userId, periodKey, claimsPerPeriod };
  const isTaken = await deps.entitlements.take(request, deps.now(), isHeldEarly(claim));
  return isTaken ? null : 'ALREADY_CLAIMED';
}

/**
 * Reads the record, and for a claim at its beginning takes the entitlement. A claim that a rule
 * refuses with nothing taken becomes final here; a player who left is undone by the workflow, as an
 * earlier run may have taken something.
 */
export async function validate(deps: ActivityDeps, claimId: string): Promise<Validation> {
  const claim = await recordOf(deps.claims, claimId);
  const policy = policyFor(deps, claim);
  if (isPastValidation(claim)) return { view: viewOf(claim), policy, step: null, refused: null };

  const refused = await refusal(deps, claim);
  const step = stepNow('S1_VALIDATE', refused ? 'REFUSED' : 'OK', deps.now(), refused);
  if (refused === null || refused === 'USER_NOT_ACTIVE') {
    return { view: viewOf(claim), policy, step, refused };
  }
  const rejected = await deps.claims.reject(claimId, refused, withSteps(claim.steps, [step]));
  const view = viewOf(rejected ?? (await recordOf(deps.claims, claimId)));
  return { view, policy, step: null, refused: null };
}
