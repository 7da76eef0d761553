/** S4: one attempt at one line of a claim, at the provider that the claim was accepted with. */
import { activityInfo } from '@temporalio/activity';
import { grantIdOf } from '../domain/claims/claim.ts';
import type {
  FulfillmentProvider,
  GrantAnswer,
  GrantRequest,
  LookupAnswer,
} from '../domain/claims/fulfillment.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import { CHECK_VALID_MS, type ClaimRef } from '../workflows/contract.ts';
import type { ActivityDeps, Player } from './deps.ts';
import {
  brokenData,
  notConfigured,
  orDatabaseAway,
  providerFailure,
  TooSlow,
  withProviderFailures,
} from './failures.ts';
import { claimAndPlayer, recordOf } from './read-claim.ts';
import { ownRunId } from './running-activity.ts';

/** One line of a claim. */
export interface LineRef extends ClaimRef {
  lineId: string;
}

interface LineRequest extends LineRef {
  /** The line may have been asked for before this activity: it is looked up first. */
  resumed: boolean;
}

interface Answered {
  /** When the answer was known, by our own clock. ISO 8601. */
  at: string;
  attempts: number;
  /** A request of an earlier attempt may still be on its way to the provider. */
  mayStillArrive: boolean;
}

type LineAnswer =
  | (GrantAnswer & Answered)
  /** Not asked for: the player left, or the claim has a fate already. */
  | ({ state: 'STOPPED' } & Answered)
  /**
   * The attempt failed for a reason of ours: MongoDB is away, or the provider's limit has no free
   * slot. It must not use up the provider's attempts.
   */
  | { state: 'DATABASE_AWAY' };

/** What a provider knows about a line. */
export type Known = (GrantAnswer | { state: 'NEVER_SEEN' }) & { at: string };

/** `DATABASE_AWAY` as in `LineAnswer`: the provider was not asked. */
type LookupResult = Known | { state: 'DATABASE_AWAY' };

/**
 * The request that asks for one line, without the player's external ID.
 * @throws ApplicationFailure (not retried) if there is no such line
 */
export function requestOf(claim: Claim, lineId: string): GrantRequest {
  const line = claim.lines.find((l) => l.lineId === lineId);
  if (!line) throw brokenData(`Claim ${claim._id} has no line ${lineId}.`);
  const { kind, name, quantity } = line;
  return {
    grantId: grantIdOf(claim._id, lineId),
    claimId: claim._id,
    userId: claim.userId,
    eventId: claim.eventId,
    reward: { rewardId: lineId, kind, name, quantity },
  };
}

/** The claim's provider. @throws ApplicationFailure (retried) while it is not configured */
export function providerOf(deps: ActivityDeps, claim: Claim): FulfillmentProvider {
  const { provider } = claim.snapshot;
  const found = deps.provider(provider);
  if (!found) throw providerFailure(notConfigured(provider));
  return found;
}

/** What a lookup means for the claim. A grant that somebody else revoked counts as refused. */
export function meaningOf(known: LookupAnswer): GrantAnswer | { state: 'NEVER_SEEN' } {
  if (known.state === 'REFUSED') return known;
  if (known.state === 'REVOKED') return { state: 'REFUSED', detail: 'The provider revoked it.' };
  return { state: known.state };
}

/** Looks a grant up at its provider. */
async function lookUp(deps: ActivityDeps, claim: Claim, grantId: string): Promise<Known> {
  const provider = providerOf(deps, claim);
  const known = await withProviderFailures(() =>
    deps.callLimiter.run(claim.snapshot.provider, () => provider.lookup(grantId)),
  );
  return { ...meaningOf(known), at: deps.now().toISOString() };
}

/**
 * The claim's player; null if the claim may not be granted any more. Read again at every attempt,
 * so that a ban takes effect.
 */
async function playerToGrant(deps: ActivityDeps, claim: ClaimRef): Promise<Player | null> {
  const [{ fate }, player] = await claimAndPlayer(deps, claim);
  return fate === null && player?.status === 'ACTIVE' ? player : null;
}

/**
 * Asks for a grant, right after a last check of the claim. Null if the claim may not be granted.
 * @throws TooSlow if the check took so long that the claim may be undone by now
 */
async function askFor(
  deps: ActivityDeps,
  claim: Claim,
  grant: GrantRequest,
): Promise<GrantAnswer | null> {
  const provider = providerOf(deps, claim);
  // The check comes inside: the wait for a slot may be long, and an earlier check would be
  // outdated.
  return await deps.callLimiter.run(claim.snapshot.provider, async () => {
    const checkedAtMs = performance.now();
    const player = await playerToGrant(deps, grant);
    if (!player) return null;
    if (performance.now() - checkedAtMs > CHECK_VALID_MS) {
      throw new TooSlow('The database was too slow to ask the provider safely.');
    }
    const request = { ...grant, externalId: player.externalId };
    return await withProviderFailures(() => provider.grant(request));
  });
}

/** One attempt: a lookup if the line may have been asked for before, then the request if needed. */
async function attemptLine(deps: ActivityDeps, request: LineRequest): Promise<LineAnswer> {
  const { attempt: attempts } = activityInfo();
  const claim = await recordOf(deps.claims, request);
  // A run that was reset does not know that an earlier run asked. The record does.
  const mayStillArrive = request.resumed || attempts > 1 || claim.askedBy !== ownRunId();
  const grant = requestOf(claim, request.lineId);
  const answered = () => ({ at: deps.now().toISOString(), attempts, mayStillArrive });

  if (mayStillArrive) {
    // No lookup for a player who left: a grant that was made is revoked, not settled.
    if (!(await playerToGrant(deps, request))) return { state: 'STOPPED', ...answered() };
    const known = await lookUp(deps, claim, grant.grantId);
    if (known.state !== 'NEVER_SEEN') return { ...known, attempts, mayStillArrive };
  }
  const answer = await askFor(deps, claim, grant);
  return { ...(answer ?? { state: 'STOPPED' }), ...answered() };
}

/**
 * One attempt at one line. Every attempt after the first begins with a lookup.
 * @throws ApplicationFailure (retried) if the provider gives no definite answer
 */
export async function grantLine(deps: ActivityDeps, request: LineRequest): Promise<LineAnswer> {
  return await orDatabaseAway(deps, () => attemptLine(deps, request));
}

/**
 * Asks a provider once what became of a line.
 * @throws ApplicationFailure (retried) if the provider gives no definite answer
 */
export async function lookupLine(deps: ActivityDeps, request: LineRef): Promise<LookupResult> {
  return await orDatabaseAway(deps, async () => {
    const claim = await recordOf(deps.claims, request);
    return await lookUp(deps, claim, grantIdOf(claim._id, request.lineId));
  });
}
