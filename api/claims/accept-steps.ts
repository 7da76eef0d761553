/** The steps of accepting a claim, each with what it reads and writes. What it finds is a value. */

import { isHeldEarly } from '../../domain/claims/holds.ts';
import { DomainError } from '../../domain/errors.ts';
import { alreadyClaimed } from '../../store/claims/claim-acceptance.ts';
import type { Claim, NewClaim } from '../../store/claims/claim-record.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import type { EventStore, StoredEvent } from '../../store/events/events.ts';
import type { StockStore } from '../../store/stock/stock.ts';
import type { User } from '../../store/users/users.ts';
import type { RunStart } from '../../workflows/contract.ts';
import type { SoldOut } from './admission/sold-out.ts';
import {
  type ClaimRequest,
  type Draft,
  draftOf,
  firstRefusal,
  isSameRequest,
  limitedUnitsOf,
  plainRefusal,
} from './claim-draft.ts';
import { type HoldDeps, holdOrReject } from './early-hold.ts';

export interface AcceptDeps {
  store: {
    claims: ClaimStore;
    events: EventStore;
    stock: StockStore;
    /** The player's record; a read made a moment ago for this same request is fresh enough. */
    users: { get(userId: string): Promise<Pick<User, 'status'> | null> };
  };
  now: () => Date;
}

/** What the steps work with. */
export interface StepDeps extends AcceptDeps {
  soldOut: SoldOut;
  readEvent(eventId: string): Promise<StoredEvent | null>;
  /** Whether the API holds units before the claim's run; if not, the run takes all holds. */
  holdsEarly: boolean;
  /** Called if the API could not hold the units of a recorded claim: its run will. */
  onHoldFailure?: HoldDeps['onFailure'];
}

export interface Accepted {
  claim: Claim;
  /** The key stood for this claim already. */
  replayed: boolean;
  /** How its run is to be started; absent if this request must not start it. */
  start?: RunStart;
}

/** What came of a request. */
export type Result =
  | { state: 'ACCEPTED'; accepted: Accepted }
  /** A rule refuses the claim, or the event kept changing. */
  | { state: 'REFUSED'; refusal: DomainError }
  /** The key stands for another claim. */
  | { state: 'KEY_REUSED'; refusal: DomainError }
  /** There was no record slot in time: nothing is said about the claim. */
  | { state: 'TURNED_AWAY'; refusal: DomainError };

export const refused = (refusal: DomainError): Result => ({ state: 'REFUSED', refusal });

/** The claim that the player's key stands for already; null if there is none. */
export async function earlierOf(
  { store }: StepDeps,
  request: ClaimRequest,
): Promise<Result | null> {
  const earlier = await store.claims.findByKey(request.userId, request.idempotencyKey);
  return earlier && replayOf(earlier, request);
}

/** A draft of the claim; or its refusal, if it is plainly impossible. */
export async function readDraft(
  { store, now, readEvent }: StepDeps,
  request: ClaimRequest,
): Promise<Draft | DomainError> {
  const event = await readEvent(request.eventId);
  const acceptedAt = now();
  const draft = draftOf(event, request, acceptedAt);
  if (draft instanceof DomainError) return draft;
  const user = await store.users.get(request.userId);
  return plainRefusal(user, draft.event, acceptedAt) ?? draft;
}

/** Everything that would refuse the claim now. Changes nothing. */
export async function refusalNow(
  deps: StepDeps,
  request: ClaimRequest,
): Promise<DomainError | null> {
  const draft = await readDraft(deps, request);
  return draft instanceof DomainError ? draft : await unitsRefusal(deps, request, draft.claim);
}

/** Looks at the units, unless they are held here: then the hold finds out. */
export async function refusalBeforeRecord(
  deps: StepDeps,
  request: ClaimRequest,
  { claim }: Draft,
): Promise<DomainError | null> {
  return isHeldHere(deps, claim) ? null : await unitsRefusal(deps, request, claim);
}

/**
 * Marks an event as claimed, before its first claim: from then on nothing that a claim is made of
 * can change. A request that is refused must not freeze an event, so it is first looked at what
 * would refuse this one.
 * @returns `CHANGED` if the event is not any more as it was read
 */
export async function markFirst(
  deps: StepDeps,
  request: ClaimRequest,
  { event, claim }: Draft,
): Promise<'MARKED' | 'CHANGED' | Result> {
  if (event.claimed) return 'MARKED';
  const earlier = await earlierOf(deps, request);
  if (earlier) return earlier;
  const refusal = await claimedRefusal(deps, claim);
  if (refusal) return refused(refusal);
  const { events } = deps.store;
  return (await events.markClaimed(event.eventId, event.version)) ? 'MARKED' : 'CHANGED';
}

/** Records the claim; then holds its units or rejects it, if that is the API's to do. */
export async function recordAndHold(
  deps: StepDeps,
  request: ClaimRequest,
  claim: NewClaim,
): Promise<Result> {
  const { claims, stock } = deps.store;
  const recorded = await orRefusal(claims.accept(claim));
  if (recorded instanceof DomainError) return refused(recorded);
  if (!recorded.created) return replayOf(recorded.claim, request);
  if (!isHeldHere(deps, claim)) {
    const start = { isHeld: false, isAlone: true };
    return { state: 'ACCEPTED', accepted: { claim: recorded.claim, start, replayed: false } };
  }
  const { now, soldOut, onHoldFailure: onFailure } = deps;
  const holding = { claims, stock, now, onSoldOut: soldOut.remember, onFailure };
  const held = await holdOrReject(holding, recorded.claim);
  return { state: 'ACCEPTED', accepted: { ...held, replayed: false } };
}

const isHeldHere = ({ holdsEarly }: StepDeps, claim: NewClaim) => holdsEarly && isHeldEarly(claim);

async function claimedRefusal(
  { store }: StepDeps,
  { userId, rights }: NewClaim,
): Promise<DomainError | null> {
  return (await store.claims.isUsedUp(userId, rights)) ? alreadyClaimed() : null;
}

/** Looks whether enough units are left. If not, what the player has had is looked at as well. */
async function unitsRefusal(
  deps: StepDeps,
  request: ClaimRequest,
  claim: NewClaim,
): Promise<DomainError | null> {
  const refusal = await deps.soldOut.refusalOf(request, limitedUnitsOf(claim));
  if (!refusal) return null;
  return firstRefusal({ ALREADY_CLAIMED: await claimedRefusal(deps, claim), SOLD_OUT: refusal });
}

/** A replay of the claim, if it is for the same event and reward. */
function replayOf(claim: Claim, request: ClaimRequest): Result {
  if (isSameRequest(claim, request)) {
    return { state: 'ACCEPTED', accepted: { claim, replayed: true } };
  }
  const detail = 'This idempotency key belongs to a claim of another event or reward.';
  return { state: 'KEY_REUSED', refusal: new DomainError('idempotency_key_reused', detail) };
}

/** The store throws what refuses a claim; here that is a value. */
async function orRefusal<T>(answer: Promise<T>): Promise<T | DomainError> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}
