/** S2: whether the event's condition holds for the player, judged as at the claim's acceptance. */
import { isEarly, type Step } from '../domain/claims/claim.ts';
import { ProviderError } from '../domain/claims/fulfillment.ts';
import { isLimited } from '../domain/claims/holds.ts';
import { explain } from '../domain/conditions/condition.ts';
import { readFacts } from '../domain/conditions/condition-facts.ts';
import {
  type Explanation,
  judgementOf,
  type PinnedCondition,
} from '../domain/conditions/explanation.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import type { PlayerFacts } from '../store/player-events/condition-facts.ts';
import type { ClaimRef } from '../workflows/contract.ts';
import { claimAndPlayer, recordOf, stepNow } from './claim-and-steps.ts';
import type { ActivityDeps } from './deps.ts';
import { asking, broken, isOursToRepeat } from './failures.ts';

export type ConditionCheck =
  /** `NOT_MET`: its explanation stands on the record. */
  | { state: 'MET' | 'NOT_MET' | 'USER_NOT_ACTIVE'; step: Step }
  /** Another run has moved the claim on: follow the record. */
  | { state: 'OVERTAKEN' }
  /** MongoDB is away, or a provider at its limit: must not use up the providers' attempts. */
  | { state: 'DATABASE_AWAY' };

/** What a claim that is refused for its condition says of it. */
export const NOT_MET = 'The condition is not met: see the explanation.';

/** Says that the claim is about to ask a game server. */
export async function showChecking(deps: ActivityDeps, claim: ClaimRef): Promise<void> {
  await deps.claims.showChecking({ _id: claim.claimId, userId: claim.userId });
}

async function explainFor(
  deps: ActivityDeps,
  claim: Claim,
  pinned: PinnedCondition,
  account: PlayerFacts,
) {
  const judgement = judgementOf(pinned, claim.snapshot, claim.acceptedAt);
  const facts = await readFacts(pinned.tree, judgement, {
    userId: claim.userId,
    account,
    gauges: deps.gauges,
    progress: deps.progress,
    async askProvider(name, metrics) {
      const game = deps.gameData(name);
      if (!game) {
        throw new ProviderError('UNAVAILABLE', `No provider named ${name} is configured.`);
      }
      return await deps.callLimiter.run(name, () => game.metrics(claim.userId, metrics));
    },
  });
  return explain(pinned.tree, facts);
}

/** The answer to the player: the tree, and the windows around it. */
async function explanationOf(
  deps: ActivityDeps,
  claim: Claim,
  pinned: PinnedCondition,
  condition: Explanation['condition'],
): Promise<Explanation> {
  const books = isLimited(claim) ? await deps.stock.books(claim.eventId) : [];
  const { startsAt, endsAt, claimableUntil } = claim.snapshot;
  return {
    condition,
    judgedFor: claim.acceptedAt,
    window: { startsAt, endsAt, claimableUntil },
    period: pinned.period,
    rewards: claim.lines.map(({ lineId, buckets }) => {
      const available = books.find((b) => b.rewardId === lineId)?.available ?? 0;
      return { rewardId: lineId, available: buckets === null ? null : available };
    }),
  };
}

/** Whether the condition holds; where it does not, with what the player is told of it. */
export async function judge(
  deps: ActivityDeps,
  claim: Claim,
): Promise<{ isMet: true } | { isMet: false; explanation: Explanation }> {
  // Judged once: what is counted late must not turn a no into a yes halfway.
  if (claim.explanation) return { isMet: false, explanation: claim.explanation };
  const pinned = claim.snapshot.condition;
  if (!pinned) throw broken(`Claim ${claim._id} has no condition to check.`);
  const account = await deps.conditionFacts.ofPlayer(claim.userId, pinned.tree);
  if (!account) throw broken(`The player of claim ${claim._id} is gone.`);
  const condition = await explainFor(deps, claim, pinned, account);
  if (condition.met) return { isMet: true };
  return { isMet: false, explanation: await explanationOf(deps, claim, pinned, condition) };
}

async function attempt(deps: ActivityDeps, request: ClaimRef): Promise<ConditionCheck> {
  const [claim, status] = await claimAndPlayer(deps, request);
  if (!isEarly(claim)) return { state: 'OVERTAKEN' };
  if (status !== 'ACTIVE') {
    const step = stepNow('S2_CONDITIONS', 'STOPPED', deps.now(), 'USER_NOT_ACTIVE');
    return { state: 'USER_NOT_ACTIVE', step };
  }
  const verdict = await judge(deps, claim);
  if (verdict.isMet) return { state: 'MET', step: stepNow('S2_CONDITIONS', 'OK', deps.now()) };
  const notMet = () => {
    const step = stepNow('S2_CONDITIONS', 'REFUSED', deps.now(), NOT_MET);
    return { state: 'NOT_MET', step } as const;
  };
  if (claim.explanation || (await deps.claims.explain(claim, verdict.explanation))) return notMet();
  const now = await recordOf(deps.claims, request);
  return isEarly(now) && now.explanation ? notMet() : { state: 'OVERTAKEN' };
}

/**
 * Judges the condition. A provider without an answer fails the attempt, for Temporal to repeat; the
 * claim is never refused for that.
 */
export async function checkCondition(deps: ActivityDeps, claim: ClaimRef): Promise<ConditionCheck> {
  try {
    return await asking(() => attempt(deps, claim));
  } catch (error) {
    if (isOursToRepeat(deps, error)) return { state: 'DATABASE_AWAY' };
    throw error;
  }
}
