/** S2: whether the player meets the event's condition, judged as of the claim's acceptance. */
import { isEarly, type Step } from '../domain/claims/claim.ts';
import { isLimited, needsHold } from '../domain/claims/holds.ts';
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
import type { ActivityDeps } from './deps.ts';
import { brokenData, notConfigured, orDatabaseAway, withProviderFailures } from './failures.ts';
import { claimAndPlayer, recordOf } from './read-claim.ts';
import { stepNow } from './running-activity.ts';

type ConditionCheck =
  /** `NOT_MET`: the explanation is on the record. */
  | { state: 'MET' | 'NOT_MET' | 'USER_NOT_ACTIVE'; step: Step }
  /** Another run has changed the claim: follow the record. */
  | { state: 'OVERTAKEN' }
  /**
   * MongoDB is away, or a provider's limit has no free slot: must not use up the providers'
   * attempts.
   */
  | { state: 'DATABASE_AWAY' };

/** The detail of S2 on a claim that is refused for its condition. */
export const NOT_MET = 'The condition is not met: see the explanation.';

/** Records that the claim asks game servers now. */
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
  const player = { userId: claim.userId, externalId: account.externalId };
  const facts = await readFacts(pinned.tree, judgement, {
    userId: claim.userId,
    account,
    gauges: deps.gauges,
    progress: deps.progress,
    async askProvider(name, metrics) {
      const game = deps.gameData(name);
      if (!game) throw notConfigured(name);
      return await deps.callLimiter.run(name, () => game.metrics(player, metrics));
    },
  });
  return explain(pinned.tree, facts);
}

/** What the player is told: the condition with their numbers, the event's windows, what is left. */
async function explanationOf(
  deps: ActivityDeps,
  claim: Claim,
  pinned: PinnedCondition,
  condition: Explanation['condition'],
): Promise<Explanation> {
  const levels = needsHold(claim) ? await deps.stock.levels(claim.eventId) : [];
  const { startsAt, endsAt, claimableUntil } = claim.snapshot;
  return {
    condition,
    judgedFor: claim.acceptedAt,
    window: { startsAt, endsAt, claimableUntil },
    period: pinned.period,
    rewards: claim.lines.map((line) => {
      const available = levels.find((level) => level.rewardId === line.lineId)?.available ?? 0;
      return { rewardId: line.lineId, available: isLimited(line) ? available : null };
    }),
  };
}

/** What S2 found: the condition is met, or the explanation why it is not. */
type ConditionVerdict = { isMet: true } | { isMet: false; explanation: Explanation };

/**
 * Judges the claim's condition. If a verdict is on the record, it counts.
 * @throws ApplicationFailure (not retried) if the claim has no condition or no player
 * @throws ProviderError if a provider gives no answer
 */
export async function judgeCondition(deps: ActivityDeps, claim: Claim): Promise<ConditionVerdict> {
  // Judged once: progress that is counted late must not change a no into a yes.
  if (claim.explanation) return { isMet: false, explanation: claim.explanation };
  const pinned = claim.snapshot.condition;
  if (!pinned) throw brokenData(`Claim ${claim._id} has no condition to check.`);
  const account = await deps.conditionFacts.ofPlayer(claim.userId, pinned.tree);
  if (!account) throw brokenData(`The player of claim ${claim._id} is gone.`);
  const condition = await explainFor(deps, claim, pinned, account);
  if (condition.met) return { isMet: true };
  return { isMet: false, explanation: await explanationOf(deps, claim, pinned, condition) };
}

async function attempt(deps: ActivityDeps, request: ClaimRef): Promise<ConditionCheck> {
  const [claim, player] = await claimAndPlayer(deps, request);
  if (!isEarly(claim)) return { state: 'OVERTAKEN' };
  if (player?.status !== 'ACTIVE') {
    const step = stepNow('S2_CONDITIONS', 'STOPPED', deps.now(), 'USER_NOT_ACTIVE');
    return { state: 'USER_NOT_ACTIVE', step };
  }
  const verdict = await judgeCondition(deps, claim);
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
 * Judges the condition. A claim is never refused because a provider gives no answer.
 * @throws ApplicationFailure (retried) if a provider gives no answer
 */
export async function checkCondition(deps: ActivityDeps, claim: ClaimRef): Promise<ConditionCheck> {
  return await orDatabaseAway(deps, () => withProviderFailures(() => attempt(deps, claim)));
}
