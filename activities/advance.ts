/**
 * The one way of every claim: S1 to S5 as far as they go at once, in one activity. Where it comes to
 * no end, the workflow goes on step by step from what stands on the record.
 */
import { activityInfo } from '@temporalio/activity';
import {
  type ClaimState,
  type Fate,
  isEarly,
  isFinal,
  type Reason,
  type Step,
  type StepName,
  type StepOutcome,
} from '../domain/claims/claim.ts';
import { isAskedUnrecorded, isMailbox, mayBeAsked } from '../domain/claims/fulfillment.ts';
import { isLimited } from '../domain/claims/holds.ts';
import { skipped, withSteps } from '../domain/claims/steps.ts';
import type { Explanation } from '../domain/conditions/explanation.ts';
import type { UserStatus } from '../domain/user.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import type { ClaimRef, FulfillmentPolicy } from '../workflows/contract.ts';
import {
  claimAndPlayer,
  type Ended,
  endOf,
  ownRunId,
  recordOf,
  stepNow,
} from './claim-and-steps.ts';
import { judge, NOT_MET } from './conditions.ts';
import type { ActivityDeps } from './deps.ts';
import { askAtOnce, type FirstTry } from './first-try.ts';
import { policyFor } from './policy.ts';
import { firstSoldOut } from './reserve.ts';
import { settleClaim } from './settle.ts';

export interface AdvanceRequest extends ClaimRef {
  /** No other attempt at this claim has been made, as far as its run's history tells. */
  isFirst: boolean;
  /** The request that recorded the claim holds its units. */
  isHeld: boolean;
  /** False only looks where the claim stands. */
  mayGoOn: boolean;
  /** S1 and S2 as they went, where game servers said that its condition is met. */
  met: Step[] | null;
}

/** What a run needs to know of the record; the rest stays in MongoDB. */
export interface ClaimView {
  state: ClaimState;
  fate: Fate | null;
  fateReason: Reason | null;
  provider: string;
  /** The record says that a provider may have been asked. */
  asked: boolean;
  /** One may have been, as far as the record tells. */
  mayBeAsked: boolean;
  lineIds: string[];
  /** Game servers are asked whether its condition is met. */
  asksGame: boolean;
  /** `isGivenUp`: an admin aborted an undoing that was stuck there, so its lines stay granted. */
  parking: { number: number; reason: Reason; lineIds: string[]; isGivenUp: boolean } | null;
}

/** What is left for the workflow to do, step by step. */
export interface Left {
  view: ClaimView;
  policy: FulfillmentPolicy;
  /** Steps that the record does not tell yet. */
  untold: Step[];
  /** Why it is to be undone, null where nothing speaks against it. */
  refused: Reason | null;
  /** A request for its lines may be under way: S4 begins with a lookup, undoing asks twice. */
  isResumed: boolean;
  /** For how long the provider is not to be asked again, in milliseconds. */
  restMs: number;
}

/**
 * How far the claim came. `end` with something `left`: it has ended without a grant, and this attempt
 * or one before may have asked for one.
 */
export type Advanced = { end: Ended; left: Left | null } | { end: null; left: Left };

/** A claim on its way through the steps. */
interface Passage {
  readonly deps: ActivityDeps;
  readonly request: AdvanceRequest;
  /** Neither another run nor an earlier attempt can have taken or asked for anything. */
  readonly isFirst: boolean;
  /** The record said that a provider may have been asked when this began. */
  readonly wasAsked: boolean;
  /** When the record and the player were looked at, on the process's own clock. */
  readonly lookedAtMs: number;
  claim: Claim;
  /** The steps that the record does not tell yet. */
  told: Step[];
  hasHeld: boolean;
  /** What came of the first try at its provider. */
  tried: FirstTry;
}

const asksGame = ({ snapshot }: Claim): boolean => (snapshot.condition?.providers ?? []).length > 0;

function viewOf(claim: Claim): ClaimView {
  const { state, fate, fateReason, asked, snapshot, lines, parking } = claim;
  return {
    state,
    fate,
    fateReason,
    provider: snapshot.provider,
    asked,
    mayBeAsked: mayBeAsked(claim),
    lineIds: lines.map((line) => line.lineId),
    asksGame: asksGame(claim),
    parking: parking && {
      number: parking.number,
      reason: parking.reason,
      lineIds: parking.lineIds,
      isGivenUp: parking.reason === 'COMPENSATION_FAILED' && parking.decision?.action === 'ABORT',
    },
  };
}

/** Leaves the claim to the workflow, as its record stands. */
function leave(passage: Passage, refused: Reason | null = null): Advanced {
  const { deps, claim, told, isFirst, wasAsked, tried } = passage;
  const left: Left = {
    view: viewOf(claim),
    policy: policyFor(deps, claim),
    untold: told,
    refused,
    // Of what was decided at the first try no request is under way.
    isResumed: wasAsked || tried.end === 'UNDECIDED' || (isAskedUnrecorded(claim) && !isFirst),
    restMs: tried.end === 'UNDECIDED' ? tried.restMs : 0,
  };
  if (!isFinal(claim.state)) return { end: null, left };
  const mayHaveAsked = tried.end !== 'NOT_ASKED' || (mayBeAsked(claim) && !isFirst);
  const isClean = claim.state === 'GRANTED' || !mayHaveAsked;
  return { end: endOf(claim), left: isClean ? null : left };
}

/** The claim has come to its end here. */
function finish(passage: Passage, claim: Claim): Advanced {
  return leave({ ...passage, claim, told: [] });
}

/** Another run has moved the claim on: its record is followed. */
async function follow(passage: Passage): Promise<Advanced> {
  passage.claim = await recordOf(passage.deps.claims, passage.request);
  passage.told = [];
  return leave(passage);
}

/** One step more of the story, from where the last one ended. */
function tell(
  { deps, told }: Passage,
  name: StepName,
  outcome: StepOutcome,
  detail: string | null = null,
): void {
  told.push(stepNow(name, outcome, deps.now(), detail, told.at(-1)?.endedAt));
}

/** A step with nothing to do. */
function skip({ deps, told }: Passage, name: StepName): void {
  told.push(skipped(name, told.at(-1)?.endedAt ?? deps.now().toISOString()));
}

const storyOf = ({ claim, told }: Passage): Step[] => withSteps(claim.steps, told);

/** Whether nothing but its entitlement can have been taken for the claim, by this run or another. */
function liesNothing({ request, claim, isFirst, hasHeld, tried }: Passage): boolean {
  if (hasHeld || tried.end !== 'NOT_ASKED' || request.isHeld) return false;
  return isFirst || !(isLimited(claim) || mayBeAsked(claim));
}

/** Ends the claim in one write where nothing lies; else the workflow undoes it. */
async function refuse(
  passage: Passage,
  reason: Reason,
  explanation?: Explanation,
): Promise<Advanced> {
  const { deps, claim } = passage;
  if (liesNothing(passage)) {
    const end = { reason, steps: storyOf(passage), ...(explanation && { explanation }) };
    const refused = await deps.claims.refuse(claim, end);
    return refused ? finish(passage, refused) : await follow(passage);
  }
  const isNew = explanation !== undefined && claim.explanation === undefined;
  if (isNew && !(await deps.claims.explain(claim, explanation))) return await follow(passage);
  return leave(passage, reason);
}

/** S1: the rule that speaks against the claim, null where none does. */
function ruleAgainst({ acceptedAt, snapshot }: Claim, status: UserStatus | null): Reason | null {
  if (status !== 'ACTIVE') return 'USER_NOT_ACTIVE';
  // Judged as at acceptance: whoever got a 202 inside the window is served, however late it is now.
  const isOpen = acceptedAt >= snapshot.startsAt && acceptedAt < snapshot.claimableUntil;
  return isOpen ? null : 'EVENT_NOT_OPEN';
}

async function validate(passage: Passage, status: UserStatus | null): Promise<Advanced | null> {
  const refused = ruleAgainst(passage.claim, status);
  if (passage.request.met && !refused) return null;
  tell(passage, 'S1_VALIDATE', refused ? 'REFUSED' : 'OK', refused);
  return refused && (await refuse(passage, refused));
}

/** S2 by our own books. */
async function checkCondition(passage: Passage): Promise<Advanced | null> {
  const { deps, claim, request } = passage;
  if (request.met) return null;
  if (asksGame(claim)) return leave(passage);
  if (!claim.snapshot.condition) {
    skip(passage, 'S2_CONDITIONS');
    return null;
  }
  const verdict = await judge(deps, claim);
  if (verdict.isMet) {
    tell(passage, 'S2_CONDITIONS', 'OK');
    return null;
  }
  tell(passage, 'S2_CONDITIONS', 'REFUSED', NOT_MET);
  return await refuse(passage, 'CONDITION_NOT_MET', verdict.explanation);
}

/** S3: a hold on every line with a stock. */
async function reserve(passage: Passage): Promise<Advanced | null> {
  const { deps, claim, request, isFirst } = passage;
  if (!isLimited(claim)) {
    skip(passage, 'S3_RESERVE');
    return null;
  }
  passage.hasHeld = true;
  const soldOut = request.isHeld ? null : await firstSoldOut(deps, claim, { isLikely: !isFirst });
  tell(passage, 'S3_RESERVE', soldOut === null ? 'OK' : 'REFUSED', soldOut);
  return soldOut === null ? null : await refuse(passage, 'SOLD_OUT');
}

/** S4 as far as it goes at once. A line of our own mailbox lies there once the claim is granted. */
async function fulfil(passage: Passage): Promise<Advanced | null> {
  const { deps, claim } = passage;
  const unfinished = isMailbox(claim.snapshot.provider) ? null : await ask(passage);
  if (unfinished) return unfinished;
  // Looked at once more right before the end: until then, whoever leaves gets nothing.
  const isActive = (await deps.userStatus(claim.userId)) === 'ACTIVE';
  tell(passage, 'S4_FULFIL', isActive ? 'OK' : 'STOPPED', isActive ? null : 'USER_NOT_ACTIVE');
  return isActive ? null : await refuse(passage, 'USER_NOT_ACTIVE');
}

/** The first try at a provider over HTTP; null where it granted every line. */
async function ask(passage: Passage): Promise<Advanced | null> {
  const { deps, isFirst, lookedAtMs } = passage;
  const isUnrecorded = isAskedUnrecorded(passage.claim);
  if (!isUnrecorded && !(await showAsking(passage))) return await follow(passage);
  const mayHaveAsked = isUnrecorded && !isFirst;
  const tried = await askAtOnce(deps, passage.claim, { mayHaveAsked, lookedAtMs });
  passage.tried = tried;
  switch (tried.end) {
    case 'GRANTED':
      return null;
    case 'REFUSED':
      tell(passage, 'S4_FULFIL', 'REFUSED', tried.detail);
      return leave(passage, 'FULFILLMENT_REFUSED');
    case 'UNDECIDED':
    case 'NOT_ASKED':
      if (isUnrecorded && !(await showAsking(passage))) return await follow(passage);
      return leave(passage);
  }
}

/** The record says that a provider may have been asked, and tells the steps so far. False where it moved on. */
async function showAsking(passage: Passage): Promise<boolean> {
  const { deps, claim } = passage;
  const asking = await deps.claims.startFulfilling(claim, storyOf(passage), ownRunId());
  if (!asking) return false;
  passage.claim = asking;
  passage.told = [];
  return true;
}

/** S5. */
async function settle(passage: Passage): Promise<Advanced> {
  const { deps, claim, tried, told } = passage;
  const grantedAt = tried.end === 'GRANTED' ? tried.grantedAt : {};
  const settled = await settleClaim(deps, claim, { grantedAt, since: told });
  return settled ? finish(passage, settled) : await follow(passage);
}

/**
 * Takes a claim as far as it goes at once. Safe to repeat at any point: each step finds what an
 * earlier attempt has left.
 */
export async function advance(deps: ActivityDeps, request: AdvanceRequest): Promise<Advanced> {
  const lookedAtMs = performance.now();
  const [claim, status] = await claimAndPlayer(deps, request);
  const passage: Passage = {
    deps,
    request,
    isFirst: request.isFirst && activityInfo().attempt === 1,
    wasAsked: claim.asked,
    lookedAtMs,
    claim,
    told: [...(request.met ?? [])],
    hasHeld: false,
    tried: { end: 'NOT_ASKED' },
  };
  if (!isEarly(claim) || !request.mayGoOn) return leave(passage);
  return (
    (await validate(passage, status)) ??
    (await checkCondition(passage)) ??
    (await reserve(passage)) ??
    (await fulfil(passage)) ??
    (await settle(passage))
  );
}
