/**
 * The short way: S1 to S5 of a claim that asks nobody outside, in one activity and with one look at
 * the record. The same verbs in the same order as on the long way, so whatever it leaves behind, where
 * it stops or dies, is what the long way leaves there too, and goes on from.
 */
import type { Step, StepName } from '../domain/claim.ts';
import { isShortWay } from '../domain/short-way.ts';
import { skipped } from '../domain/steps.ts';
import type { Claim } from '../store/claims.ts';
import { CHECK_VALID_MS } from '../workflows/contract.ts';
import type { ActivityDeps } from './deps.ts';
import { providerOf, requestOf } from './fulfil.ts';
import { ownRunId, recordOf, stepNow } from './record.ts';
import { firstSoldOut } from './reserve.ts';
import { settleClaim } from './settle.ts';
import { refusal } from './validate.ts';

/** One step after the other, each from where the last one ended. */
function createStory(deps: ActivityDeps) {
  let endedAt: string | undefined;
  return (name: StepName): Step => {
    const step = stepNow(name, 'OK', deps.now(), null, endedAt);
    endedAt = step.endedAt;
    return step;
  };
}

/** Grants line after line; null where one is not granted, or the look at the claim is too old by then. */
async function grantLines(
  deps: ActivityDeps,
  claim: Claim,
  lookedAtMs: number,
): Promise<Record<string, string> | null> {
  const provider = providerOf(deps, claim);
  const grantedAt: Record<string, string> = {};
  for (const { lineId } of claim.lines) {
    if (performance.now() - lookedAtMs > CHECK_VALID_MS) return null;
    const answer = await provider.grant(requestOf(claim, lineId));
    if (answer.state !== 'GRANTED') return null;
    grantedAt[lineId] = deps.now().toISOString();
  }
  return grantedAt;
}

/**
 * Grants a claim that is just beginning. False where anything is not as usual: nothing was decided
 * then, and the long way takes the claim from where its record says it stands.
 */
export async function grantShort(deps: ActivityDeps, claimId: string): Promise<boolean> {
  const claim = await recordOf(deps.claims, claimId);
  if (claim.state !== 'PENDING_VALIDATION' || !isShortWay(claim)) return false;
  const tell = createStory(deps);

  if ((await refusal(deps, claim)) !== null) return false;
  const validated = tell('S1_VALIDATE');
  const unasked = skipped('S2_CONDITIONS', validated.endedAt);

  if ((await firstSoldOut(deps, claim)) !== null) return false;
  const isLimited = claim.lines.some((line) => line.buckets !== null);
  const reserved = isLimited ? tell('S3_RESERVE') : skipped('S3_RESERVE', validated.endedAt);

  const story = [...claim.steps, validated, unasked, reserved];
  const asking = await deps.claims.startFulfilling(claimId, story, ownRunId());
  // From here on the record stops whoever undoes the claim; that its player stays is looked at anew.
  const lookedAtMs = performance.now();
  if (!asking || (await deps.userStatus(claim.userId)) !== 'ACTIVE') return false;
  const grantedAt = await grantLines(deps, asking, lookedAtMs);
  if (!grantedAt) return false;
  const settled = await settleClaim(deps, asking, { grantedAt, since: [tell('S4_FULFIL')] });
  return settled.state === 'GRANTED';
}
