/**
 * S1 to S5 in one activity, as far as they go at once. Every run of a claim begins with it, and
 * most claims end in it. Whatever is left, the workflow does step by step.
 */
import { activityInfo } from '@temporalio/activity';
import {
  isEarly,
  isFinal,
  type Reason,
  refusalsAmong,
  type Step,
  type StepName,
  type StepOutcome,
  skipped,
  withSteps,
} from '../domain/claims/claim.ts';
import { isAskedUnrecorded, isMailbox, mayBeAsked } from '../domain/claims/fulfillment.ts';
import { holdsOf, needsHold } from '../domain/claims/holds.ts';
import { StockBusy } from '../domain/claims/stock-busy.ts';
import type { Explanation } from '../domain/conditions/explanation.ts';
import type { UserStatus } from '../domain/user.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import {
  type ClaimRef,
  type FulfillmentPolicy,
  type LimitedQueue,
  providerQueue,
} from '../workflows/contract.ts';
import { judgeCondition, NOT_MET } from './check-condition.ts';
import type { ActivityDeps } from './deps.ts';
import { askAtOnce, type FirstTry } from './first-try.ts';
import { claimAndPlayer, type Ended, endOf, recordOf } from './read-claim.ts';
import { ownRunId, stepNow } from './running-activity.ts';
import { settleClaim } from './settle.ts';

export interface AdvanceRequest extends ClaimRef {
  /** No other attempt at this claim was made, as far as the run's history shows. */
  isFirst: boolean;
  /** The request that recorded the claim holds its units. */
  isHeld: boolean;
  /** False: only read the claim. */
  mayGoOn: boolean;
  /** The steps S1 and S2, if game servers said that the condition is met. Null otherwise. */
  met: Step[] | null;
}

/** What the workflow needs to know of a claim's record. */
interface ClaimView extends Pick<Claim, 'state' | 'fate' | 'fateReason' | 'asked'> {
  provider: string;
  /** A provider may have been asked, even if the record does not say so. */
  mayBeAsked: boolean;
  lineIds: string[];
  /** The claim's condition is checked by game servers. */
  asksGame: boolean;
  /**
   * `isGivenUp`: an admin aborted while lines could not be taken back: these lines stay granted.
   */
  parking: { number: number; reason: Reason; lineIds: string[]; isGivenUp: boolean } | null;
}

/** What is left for the workflow to do. Recorded histories have these fields: keep their names. */
export interface Left {
  view: ClaimView;
  policy: FulfillmentPolicy;
  /** The steps that are not on the record yet. */
  untold: Step[];
  /** Why the claim must be undone; null if nothing refuses it. */
  refused: Reason | null;
  /** A request for a line may be under way: S4 begins with a lookup, and undoing asks twice. */
  isResumed: boolean;
  /** How long to wait before the provider is asked again, in milliseconds. */
  restMs: number;
}

/**
 * How far the claim came. An `end` with something `left`: the claim ended without a grant, but a
 * provider may have been asked for one, now or before.
 */
export type Advanced = { end: Ended; left: Left | null } | { end: null; left: Left };

/** The state of one call of `advance`, carried from step to step. */
interface AdvanceContext {
  readonly deps: ActivityDeps;
  readonly request: AdvanceRequest;
  /** No other run and no earlier attempt can have held or asked for anything. */
  readonly isFirst: boolean;
  /** The record already said that a provider may have been asked. */
  readonly wasAsked: boolean;
  /** When the record and the player were read, in milliseconds of `performance.now()`. */
  readonly checkedAtMs: number;
  /** The player's external ID; null where there is none. */
  readonly externalId: string | null;
  claim: Claim;
  /** The steps that are not on the record yet. */
  unrecordedSteps: Step[];
  hasHeld: boolean;
  /** What came of the first try at the provider. */
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

/**
 * The policy for a claim. Timeouts and attempts are the same for all; a provider with a limit has a
 * queue of its own. A condition that asks several providers is checked on the common queue.
 */
export function policyFor(
  { policy, callLimiter }: Pick<ActivityDeps, 'policy' | 'callLimiter'>,
  { snapshot }: Pick<Claim, 'snapshot'>,
): FulfillmentPolicy {
  const queueOf = (name: string | undefined): LimitedQueue | undefined =>
    name !== undefined && callLimiter.isLimited(name)
      ? { queue: providerQueue(name), waitMs: callLimiter.longestWaitMs }
      : undefined;
  const [asked, another] = snapshot.condition?.providers ?? [];
  const limited = queueOf(snapshot.provider);
  const limitedCheck = another === undefined ? queueOf(asked) : undefined;
  return { ...policy, ...(limited && { limited }), ...(limitedCheck && { limitedCheck }) };
}

/**
 * Leaves the rest to the workflow. Nothing is left of a final claim, unless it ended without a
 * grant that may have been asked for.
 */
function leaveRest(ctx: AdvanceContext, refused: Reason | null = null): Advanced {
  const { deps, claim, unrecordedSteps, isFirst, wasAsked, tried } = ctx;
  const left: Left = {
    view: viewOf(claim),
    policy: policyFor(deps, claim),
    untold: unrecordedSteps,
    refused,
    // A first try that was decided leaves no request under way.
    isResumed: wasAsked || tried.end === 'UNDECIDED' || (isAskedUnrecorded(claim) && !isFirst),
    restMs: tried.end === 'UNDECIDED' ? tried.restMs : 0,
  };
  if (!isFinal(claim.state)) return { end: null, left };
  const mayHaveAsked = tried.end !== 'NOT_ASKED' || (mayBeAsked(claim) && !isFirst);
  const isClean = claim.state === 'GRANTED' || !mayHaveAsked;
  return { end: endOf(claim), left: isClean ? null : left };
}

/** The claim ended in this activity. */
function finish(ctx: AdvanceContext, claim: Claim): Advanced {
  return leaveRest({ ...ctx, claim, unrecordedSteps: [] });
}

/** Another run has changed the claim: what its record says now is left to the workflow. */
async function followRecord(ctx: AdvanceContext): Promise<Advanced> {
  ctx.claim = await recordOf(ctx.deps.claims, ctx.request);
  ctx.unrecordedSteps = [];
  return leaveRest(ctx);
}

/** Adds a step. It starts where the last one ended. */
function addStep(
  { deps, unrecordedSteps }: AdvanceContext,
  name: StepName,
  outcome: StepOutcome,
  detail: string | null = null,
): void {
  const after = unrecordedSteps.at(-1)?.endedAt;
  unrecordedSteps.push(stepNow(name, outcome, deps.now(), detail, after));
}

/** Adds a step that has nothing to do. */
function skipStep({ deps, unrecordedSteps }: AdvanceContext, name: StepName): void {
  const at = unrecordedSteps.at(-1)?.endedAt ?? deps.now().toISOString();
  unrecordedSteps.push(skipped(name, at));
}

const allSteps = ({ claim, unrecordedSteps }: AdvanceContext): Step[] =>
  withSteps(claim.steps, unrecordedSteps);

/** Whether no run can have held or asked for anything: only the entitlement is taken. */
function hasOnlyEntitlement({ request, claim, isFirst, hasHeld, tried }: AdvanceContext): boolean {
  if (hasHeld || tried.end !== 'NOT_ASKED' || request.isHeld) return false;
  return isFirst || !(needsHold(claim) || mayBeAsked(claim));
}

/** Refuses the claim: in one write if only its entitlement is taken; else the workflow undoes it. */
async function refuse(
  ctx: AdvanceContext,
  reason: Reason,
  explanation?: Explanation,
): Promise<Advanced> {
  const { deps, claim } = ctx;
  if (hasOnlyEntitlement(ctx)) {
    const end = { reason, steps: allSteps(ctx), ...(explanation && { explanation }) };
    const refused = await deps.claims.refuse(claim, end);
    return refused ? finish(ctx, refused) : await followRecord(ctx);
  }
  const isNew = explanation !== undefined && claim.explanation === undefined;
  if (isNew && !(await deps.claims.explain(claim, explanation))) return await followRecord(ctx);
  return leaveRest(ctx, reason);
}

/** The rule of S1 that refuses the claim; null if none does. */
function ruleAgainst({ acceptedAt, snapshot }: Claim, status: UserStatus | null): Reason | null {
  // As of the acceptance: a claim that was accepted in time is granted, however late it is now.
  const isOpen = acceptedAt >= snapshot.startsAt && acceptedAt < snapshot.claimableUntil;
  const [first] = refusalsAmong({ USER_NOT_ACTIVE: status !== 'ACTIVE', EVENT_NOT_OPEN: !isOpen });
  return first ?? null;
}

/** S1: the player's status and the claim window. */
async function validate(ctx: AdvanceContext, status: UserStatus | null): Promise<Advanced | null> {
  const refused = ruleAgainst(ctx.claim, status);
  if (ctx.request.met && !refused) return null;
  addStep(ctx, 'S1_VALIDATE', refused ? 'REFUSED' : 'OK', refused);
  return refused && (await refuse(ctx, refused));
}

/** S2 by our own data. A condition that asks game servers is left to the workflow. */
async function checkCondition(ctx: AdvanceContext): Promise<Advanced | null> {
  const { deps, claim, request } = ctx;
  if (request.met) return null;
  if (asksGame(claim)) return leaveRest(ctx);
  if (!claim.snapshot.condition) {
    skipStep(ctx, 'S2_CONDITIONS');
    return null;
  }
  const verdict = await judgeCondition(deps, claim);
  if (verdict.isMet) {
    addStep(ctx, 'S2_CONDITIONS', 'OK');
    return null;
  }
  addStep(ctx, 'S2_CONDITIONS', 'REFUSED', NOT_MET);
  return await refuse(ctx, 'CONDITION_NOT_MET', verdict.explanation);
}

/**
 * Holds the units of one line after the other, until a line is sold out.
 * @param isLikely the holds were probably made by an earlier attempt: they are looked for first
 * @returns the first reward that is sold out; null if everything is held
 * @throws StockBusy if units are left but cannot be held now
 */
async function firstSoldOut(
  { claims, stock }: Pick<ActivityDeps, 'claims' | 'stock'>,
  claim: Claim,
  { isLikely }: { isLikely: boolean },
): Promise<string | null> {
  for (const hold of holdsOf(claim)) {
    const reserved = await stock.reserve(hold, { isLikely }).catch(async (error: unknown) => {
      // The wait may be long now: the player sees the state.
      if (error instanceof StockBusy) await claims.showReserving(claim);
      throw error;
    });
    if (reserved === 'SOLD_OUT') return hold.rewardId;
  }
  return null;
}

/** S3: a hold for every limited line. */
async function reserve(ctx: AdvanceContext): Promise<Advanced | null> {
  const { deps, claim, request, isFirst } = ctx;
  if (!needsHold(claim)) {
    skipStep(ctx, 'S3_RESERVE');
    return null;
  }
  ctx.hasHeld = true;
  const soldOut = request.isHeld ? null : await firstSoldOut(deps, claim, { isLikely: !isFirst });
  addStep(ctx, 'S3_RESERVE', soldOut === null ? 'OK' : 'REFUSED', soldOut);
  return soldOut === null ? null : await refuse(ctx, 'SOLD_OUT');
}

/** S4 as far as it goes at once. The mailbox needs no call: a granted claim is the mail. */
async function fulfill(ctx: AdvanceContext): Promise<Advanced | null> {
  const { deps, claim } = ctx;
  const unfinished = isMailbox(claim.snapshot.provider) ? null : await tryProvider(ctx);
  if (unfinished) return unfinished;
  // The last check before the end: a player who left until now gets nothing.
  const isActive = (await deps.player(claim.userId))?.status === 'ACTIVE';
  addStep(ctx, 'S4_FULFIL', isActive ? 'OK' : 'STOPPED', isActive ? null : 'USER_NOT_ACTIVE');
  return isActive ? null : await refuse(ctx, 'USER_NOT_ACTIVE');
}

/** The first try at an HTTP provider. Null if it granted every line. */
async function tryProvider(ctx: AdvanceContext): Promise<Advanced | null> {
  const { deps, isFirst, checkedAtMs, externalId } = ctx;
  const isUnrecorded = isAskedUnrecorded(ctx.claim);
  if (!isUnrecorded && !(await recordAsking(ctx))) return await followRecord(ctx);
  const mayHaveAsked = isUnrecorded && !isFirst;
  const tried = await askAtOnce(deps, ctx.claim, { mayHaveAsked, externalId, checkedAtMs });
  ctx.tried = tried;
  if (tried.end === 'GRANTED') return null;
  if (tried.end === 'REFUSED') {
    addStep(ctx, 'S4_FULFIL', 'REFUSED', tried.detail);
    return leaveRest(ctx, 'FULFILLMENT_REFUSED');
  }
  if (isUnrecorded && !(await recordAsking(ctx))) return await followRecord(ctx);
  return leaveRest(ctx);
}

/**
 * Records that a provider may have been asked, and the steps so far. False if the claim was
 * changed.
 */
async function recordAsking(ctx: AdvanceContext): Promise<boolean> {
  const { deps, claim } = ctx;
  const asking = await deps.claims.startFulfilling(claim, allSteps(ctx), ownRunId());
  if (!asking) return false;
  ctx.claim = asking;
  ctx.unrecordedSteps = [];
  return true;
}

/** S5. */
async function settle(ctx: AdvanceContext): Promise<Advanced> {
  const { deps, claim, tried, unrecordedSteps } = ctx;
  const grantedAt = tried.end === 'GRANTED' ? tried.grantedAt : {};
  const settled = await settleClaim(deps, claim, { grantedAt, since: unrecordedSteps });
  return settled ? finish(ctx, settled) : await followRecord(ctx);
}

/**
 * Takes a claim through its steps as far as they go at once. Safe to repeat at any point: each step
 * finds what an earlier attempt did.
 */
export async function advance(deps: ActivityDeps, request: AdvanceRequest): Promise<Advanced> {
  const checkedAtMs = performance.now();
  const [claim, player] = await claimAndPlayer(deps, request);
  const ctx: AdvanceContext = {
    deps,
    request,
    isFirst: request.isFirst && activityInfo().attempt === 1,
    wasAsked: claim.asked,
    checkedAtMs,
    externalId: player?.externalId ?? null,
    claim,
    unrecordedSteps: [...(request.met ?? [])],
    hasHeld: false,
    tried: { end: 'NOT_ASKED' },
  };
  if (!isEarly(claim) || !request.mayGoOn) return leaveRest(ctx);
  return (
    (await validate(ctx, player?.status ?? null)) ??
    (await checkCondition(ctx)) ??
    (await reserve(ctx)) ??
    (await fulfill(ctx)) ??
    (await settle(ctx))
  );
}
