/** S4: one attempt at one line, at whichever provider the claim was accepted with. */
import { activityInfo } from '@temporalio/activity';
import { grantIdOf } from '../domain/claims/claim.ts';
import type {
  FulfillmentProvider,
  GrantAnswer,
  GrantRequest,
  LookupAnswer,
} from '../domain/claims/fulfillment.ts';
import { ProviderError } from '../domain/claims/fulfillment.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import { CHECK_VALID_MS, type ClaimRef } from '../workflows/contract.ts';
import { claimAndPlayer, ownRunId, recordOf } from './claim-and-steps.ts';
import type { ActivityDeps } from './deps.ts';
import { asking, broken, isOursToRepeat, providerFailure, TooSlow } from './failures.ts';

/** One line of a claim. */
export interface LineRef extends ClaimRef {
  lineId: string;
}

export interface LineRequest extends LineRef {
  /** The line may have been asked for before this activity: look it up first. */
  resumed: boolean;
}

interface Answered {
  /** When it was known, by our clock. */
  at: string;
  attempts: number;
  /** An earlier attempt may have left a request under way to the provider. */
  mayStillArrive: boolean;
}

export type LineAnswer =
  | ({ state: 'GRANTED' | 'PENDING' } & Answered)
  | ({ state: 'REFUSED'; detail: string } & Answered)
  /** Nothing was asked: the player left, or the claim's fate was decided elsewhere. */
  | ({ state: 'STOPPED' } & Answered)
  /**
   * MongoDB is away, or the provider has as many calls as it may have: says nothing about the
   * provider, so it must not use up its attempts.
   */
  | { state: 'DATABASE_AWAY' };

/** What a provider knows of a line. */
export type Known =
  | { state: 'GRANTED'; at: string }
  | { state: 'REFUSED'; at: string; detail: string }
  | { state: 'PENDING'; at: string }
  | { state: 'NEVER_SEEN'; at: string };

/** `DATABASE_AWAY` as of `LineAnswer`: the provider was not asked. */
type LookupResult = Known | { state: 'DATABASE_AWAY' };

export function requestOf(claim: Claim, lineId: string): GrantRequest {
  const line = claim.lines.find((l) => l.lineId === lineId);
  if (!line) throw broken(`Claim ${claim._id} has no line ${lineId}.`);
  const { kind, name, quantity } = line;
  return {
    grantId: grantIdOf(claim._id, lineId),
    claimId: claim._id,
    userId: claim.userId,
    eventId: claim.eventId,
    reward: { rewardId: lineId, kind, name, quantity },
  };
}

export function providerOf(deps: ActivityDeps, claim: Claim): FulfillmentProvider {
  const { provider } = claim.snapshot;
  const found = deps.provider(provider);
  if (found) return found;
  throw providerFailure(
    new ProviderError('UNAVAILABLE', `No provider named ${provider} is configured.`),
  );
}

/** What a lookup says of a grant; one that was revoked behind our back counts as refused. */
export function meaningOf(known: LookupAnswer): GrantAnswer | { state: 'NEVER_SEEN' } {
  switch (known.state) {
    case 'REFUSED':
      return known;
    case 'REVOKED':
      return { state: 'REFUSED', detail: 'The provider revoked it.' };
    case 'GRANTED':
    case 'PENDING':
    case 'NEVER_SEEN':
      return { state: known.state };
  }
}

/** What the provider knows. */
async function lookUp(deps: ActivityDeps, claim: Claim, grantId: string): Promise<Known> {
  const provider = providerOf(deps, claim);
  const { callLimiter } = deps;
  const known = await asking(() =>
    callLimiter.run(claim.snapshot.provider, () => provider.lookup(grantId)),
  );
  return { ...meaningOf(known), at: deps.now().toISOString() };
}

/** Whether the claim may still be fulfilled: read anew at every attempt, as a ban must take hold. */
async function mayGoOn(deps: ActivityDeps, claim: ClaimRef): Promise<boolean> {
  const [{ fate }, status] = await claimAndPlayer(deps, claim);
  return fate === null && status === 'ACTIVE';
}

/**
 * Asks for a grant right after a last look at the claim; null where it is not to be granted any
 * more. A look that took too long is no good: the claim may be undone by now.
 */
async function askFor(
  deps: ActivityDeps,
  claim: Claim,
  grant: GrantRequest,
): Promise<GrantAnswer | null> {
  const provider = providerOf(deps, claim);
  // Its turn may take a while to come, and what was seen before would be old by then.
  return await deps.callLimiter.run(claim.snapshot.provider, async () => {
    const lookedAtMs = performance.now();
    if (!(await mayGoOn(deps, grant))) return null;
    if (performance.now() - lookedAtMs > CHECK_VALID_MS) {
      throw new TooSlow('The database was too slow to ask the provider safely.');
    }
    return await asking(() => provider.grant(grant));
  });
}

/** One attempt: look up where the line may have been asked for before, and ask where it was not. */
async function attemptLine(deps: ActivityDeps, request: LineRequest): Promise<LineAnswer> {
  const { attempt: attempts } = activityInfo();
  const claim = await recordOf(deps.claims, request);
  // A run that was reset believes that it is the first to ask; the record knows better.
  const mayStillArrive = request.resumed || attempts > 1 || claim.askedBy !== ownRunId();
  const grant = requestOf(claim, request.lineId);
  const answered = () => ({ at: deps.now().toISOString(), attempts, mayStillArrive });

  if (mayStillArrive) {
    // A player who left is not asked after: what was granted is to be revoked, not to stand.
    if (!(await mayGoOn(deps, request))) return { state: 'STOPPED', ...answered() };
    const known = await lookUp(deps, claim, grant.grantId);
    if (known.state !== 'NEVER_SEEN') return { ...known, attempts, mayStillArrive };
  }
  const answer = await askFor(deps, claim, grant);
  return { ...(answer ?? { state: 'STOPPED' }), ...answered() };
}

/**
 * One attempt at one line. A provider without a definite answer fails the attempt, for Temporal to
 * repeat; every repetition begins with a lookup.
 */
export async function grantLine(deps: ActivityDeps, request: LineRequest): Promise<LineAnswer> {
  try {
    return await attemptLine(deps, request);
  } catch (error) {
    if (isOursToRepeat(deps, error)) return { state: 'DATABASE_AWAY' };
    throw error;
  }
}

/** Asks a provider once what became of a line it said was pending. */
export async function lookupLine(deps: ActivityDeps, request: LineRef): Promise<LookupResult> {
  try {
    const claim = await recordOf(deps.claims, request);
    return await lookUp(deps, claim, grantIdOf(claim._id, request.lineId));
  } catch (error) {
    if (isOursToRepeat(deps, error)) return { state: 'DATABASE_AWAY' };
    throw error;
  }
}
