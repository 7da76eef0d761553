/** S2: whether the event's condition holds for the player, judged as at the claim's acceptance. */
import { EARLY_STATES, type Step } from '../domain/claim.ts';
import { explain } from '../domain/condition.ts';
import { readFacts } from '../domain/condition-facts.ts';
import { type Explanation, judgementOf, type PinnedCondition } from '../domain/explanation.ts';
import { ProviderError } from '../domain/fulfillment.ts';
import type { Claim } from '../store/claims.ts';
import type { PlayerFacts } from '../store/condition-facts.ts';
import type { ActivityDeps } from './deps.ts';
import { asking, broken, isOursToRepeat } from './failures.ts';
import { recordOf, stepNow } from './record.ts';

export type ConditionCheck =
  /** `NOT_MET`: its explanation stands on the record. */
  | { state: 'MET' | 'NOT_MET' | 'USER_NOT_ACTIVE'; step: Step }
  /** Another run has moved the claim on: follow the record. */
  | { state: 'OVERTAKEN' }
  /** MongoDB is away, or a provider at its limit: must not use up the providers' attempts. */
  | { state: 'DATABASE_AWAY' };

const isEarly = ({ fate, state }: Claim): boolean =>
  fate === null && (EARLY_STATES as readonly string[]).includes(state);

/** Says that the claim is about to ask a game server. */
export async function showChecking(deps: ActivityDeps, claimId: string): Promise<void> {
  await deps.claims.showChecking(claimId);
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
      return await deps.turnstile.pass(name, () => game.metrics(claim.userId, metrics));
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
  const isLimited = claim.lines.some((line) => line.buckets !== null);
  const books = isLimited ? await deps.stock.books(claim.eventId) : [];
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

async function judge(deps: ActivityDeps, claimId: string): Promise<ConditionCheck> {
  const found = await deps.conditionFacts.ofClaim(claimId);
  if (!found) throw broken(`There is no record of claim ${claimId}.`);
  const { claim, player } = found;
  const notMet = () => {
    const detail = 'The condition is not met: see the explanation.';
    return {
      state: 'NOT_MET',
      step: stepNow('S2_CONDITIONS', 'REFUSED', deps.now(), detail),
    } as const;
  };
  if (!isEarly(claim)) return { state: 'OVERTAKEN' };
  if (player?.status !== 'ACTIVE') {
    const step = stepNow('S2_CONDITIONS', 'STOPPED', deps.now(), 'USER_NOT_ACTIVE');
    return { state: 'USER_NOT_ACTIVE', step };
  }
  // Judged once: what is counted late must not turn a no into a yes halfway.
  if (claim.explanation) return notMet();

  const pinned = claim.snapshot.condition;
  if (!pinned) throw broken(`Claim ${claimId} has no condition to check.`);
  const condition = await explainFor(deps, claim, pinned, player);
  if (condition.met) return { state: 'MET', step: stepNow('S2_CONDITIONS', 'OK', deps.now()) };
  const explanation = await explanationOf(deps, claim, pinned, condition);
  if (await deps.claims.explain(claimId, explanation)) return notMet();
  const now = await recordOf(deps.claims, claimId);
  return isEarly(now) && now.explanation ? notMet() : { state: 'OVERTAKEN' };
}

/**
 * Judges the condition. A provider without an answer fails the attempt, for Temporal to repeat; the
 * claim is never refused for that.
 */
export async function checkCondition(deps: ActivityDeps, claimId: string): Promise<ConditionCheck> {
  try {
    return await asking(() => judge(deps, claimId));
  } catch (error) {
    if (isOursToRepeat(deps, error)) return { state: 'DATABASE_AWAY' };
    throw error;
  }
}
