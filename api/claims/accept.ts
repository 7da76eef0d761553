/**
 * S0: from a request to a recorded claim, or the reason why not. What the steps decide by is in
 * `claim-draft.ts`. What a step finds is a value; only `accept` throws: the API answers a refusal
 * like any other.
 */
import { isHeldEarly } from '../../domain/claims/holds.ts';
import { DomainError } from '../../domain/errors.ts';
import { alreadyClaimed } from '../../store/claims/claim-acceptance.ts';
import type { Claim, NewClaim } from '../../store/claims/claim-record.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import type { EventStore } from '../../store/events/events.ts';
import type { StockStore } from '../../store/stock/stock.ts';
import type { User } from '../../store/users/users.ts';
import { tracer } from '../../tracing/spans.ts';
import { traceparentOf } from '../../tracing/traceparent.ts';
import { createRecordQueue } from './admission/admission.ts';
import type { FairQueue } from './admission/fair-queue.ts';
import { shareReads } from './admission/shared-reads.ts';
import { createSoldOut, laneOf } from './admission/sold-out.ts';
import {
  type ClaimRequest,
  type Draft,
  draftOf,
  firstRefusal,
  limitedUnitsOf,
  plainRefusal,
} from './claim-draft.ts';
import { type HoldDeps, type HoldOutcome, holdOrReject } from './early-hold.ts';

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

interface AcceptanceOptions {
  /** The queue for a record slot. */
  records?: FairQueue;
  /** Whether the API holds units before the claim's run; if not, the run takes all holds. */
  holdsEarly?: boolean;
  /** Called if the API could not hold the units of a recorded claim: its run will. */
  onHoldFailure?: HoldDeps['onFailure'];
}

export interface Accepted extends HoldOutcome {
  /** The key stood for this claim already. */
  replayed: boolean;
}

/** What came of a request. */
type Result =
  | { state: 'ACCEPTED'; accepted: Accepted }
  /** A rule refuses the claim, or the event kept changing. */
  | { state: 'REFUSED'; refusal: DomainError }
  /** The key stands for another claim. */
  | { state: 'KEY_REUSED'; refusal: DomainError }
  /** There was no record slot in time: nothing is said about the claim. */
  | { state: 'TURNED_AWAY'; refusal: DomainError };

/** Reads of the event for one claim: an operator may change it between a read and the mark. */
const MAX_READS = 5;

/** Accepting claims in one process, which remembers what it has seen sold out. */
export function createAcceptance({ store, now }: AcceptDeps, options: AcceptanceOptions = {}) {
  const { records = createRecordQueue(), holdsEarly = true, onHoldFailure: onFailure } = options;
  const { claims, events, stock, users } = store;
  const soldOut = createSoldOut(stock, (of) => records.recall(laneOf(of)));
  const holding = { claims, stock, now, onSoldOut: soldOut.remember, onFailure };
  const readEvent = shareReads(
    (eventId: string) => eventId,
    (eventId: string) => events.get(eventId),
  );
  const isHeldHere = (claim: NewClaim) => holdsEarly && isHeldEarly(claim);

  /** Accepts the claim in a record slot. What is seen sold out is refused without one. */
  async function acceptQueued(request: ClaimRequest): Promise<Result> {
    for (;;) {
      const refusal = soldOut.isSeen(request) ? await refusalNow(request) : null;
      if (refusal) return refused(refusal);
      // A replay does not wait. With a free slot this look is spared: the record finds the replay.
      const earlier = records.isFull() ? await earlierOf(request) : null;
      if (earlier) return earlier;
      const queued = await records.run(laneOf(request), async () =>
        // Maybe seen sold out after the look above and before this one waited: then nobody
        // recalled it.
        soldOut.isSeen(request) ? null : await acceptNow(request),
      );
      if (queued.state === 'TURNED_AWAY') return queued;
      if (queued.state === 'DONE' && queued.value) return queued.value;
      // Seen sold out before it had a slot: look again.
    }
  }

  /** The steps of one claim, in order. */
  async function acceptNow(request: ClaimRequest): Promise<Result> {
    for (let reads = 0; reads < MAX_READS; reads++) {
      const draft = await readDraft(request);
      if (draft instanceof DomainError) return refused(draft);
      // Units that are held here need no look: the hold finds out.
      const refusal = isHeldHere(draft.claim) ? null : await unitsRefusal(request, draft.claim);
      if (refusal) return refused(refusal);
      const mark = await markFirst(request, draft);
      if (mark === 'CHANGED') continue;
      if (mark !== 'MARKED') return mark;
      return await recordAndHold(request, draft.claim);
    }
    const detail = 'The event is being changed. Try again.';
    return refused(new DomainError('unavailable', detail, { retryAfterS: 1 }));
  }

  /** The claim that the player's key stands for already; null if there is none. */
  async function earlierOf(request: ClaimRequest): Promise<Result | null> {
    const earlier = await claims.findByKey(request.userId, request.idempotencyKey);
    return earlier && replayOf(earlier, request);
  }

  /** A draft of the claim; or its refusal, if it is plainly impossible. */
  async function readDraft(request: ClaimRequest): Promise<Draft | DomainError> {
    const event = await readEvent(request.eventId);
    const acceptedAt = now();
    const draft = draftOf(event, request, acceptedAt);
    if (draft instanceof DomainError) return draft;
    const user = await users.get(request.userId);
    return plainRefusal(user, draft.event, acceptedAt) ?? draft;
  }

  /** Everything that would refuse the claim now. Changes nothing. */
  async function refusalNow(request: ClaimRequest): Promise<DomainError | null> {
    const draft = await readDraft(request);
    return draft instanceof DomainError ? draft : await unitsRefusal(request, draft.claim);
  }

  async function claimedRefusal({ userId, rights }: NewClaim): Promise<DomainError | null> {
    return (await claims.isUsedUp(userId, rights)) ? alreadyClaimed() : null;
  }

  /** Looks whether enough units are left. If not, what the player has had is looked at as well. */
  async function unitsRefusal(request: ClaimRequest, claim: NewClaim): Promise<DomainError | null> {
    const refusal = await soldOut.refusalOf(request, limitedUnitsOf(claim));
    if (!refusal) return null;
    return firstRefusal({ ALREADY_CLAIMED: await claimedRefusal(claim), SOLD_OUT: refusal });
  }

  /**
   * Marks an event as claimed, before its first claim: from then on nothing that a claim is made
   * of can change. A request that is refused must not freeze an event, so it is first looked at
   * what would refuse this one.
   * @returns `CHANGED` if the event is not any more as it was read
   */
  async function markFirst(
    request: ClaimRequest,
    { event, claim }: Draft,
  ): Promise<'MARKED' | 'CHANGED' | Result> {
    if (event.claimed) return 'MARKED';
    const earlier = await earlierOf(request);
    if (earlier) return earlier;
    const refusal = await claimedRefusal(claim);
    if (refusal) return refused(refusal);
    return (await events.markClaimed(event.eventId, event.version)) ? 'MARKED' : 'CHANGED';
  }

  /** Records the claim; then holds its units or rejects it, if that is the API's to do. */
  async function recordAndHold(request: ClaimRequest, claim: NewClaim): Promise<Result> {
    const recorded = await claims.accept(traced(claim)).catch(refusalIn);
    if (recorded instanceof DomainError) return refused(recorded);
    if (!recorded.created) return replayOf(recorded.claim, request);
    const held = isHeldHere(claim)
      ? await holdOrReject(holding, recorded.claim)
      : { claim: recorded.claim, start: { isHeld: false, isAlone: true } };
    return { state: 'ACCEPTED', accepted: { ...held, replayed: false } };
  }

  return {
    /**
     * Records the claim, or finds the one its key stands for. A refusal leaves the key unused.
     * Right before a refusal the key is looked up once more: the twin of a request in flight must
     * get the claim, and not `already_claimed` or `sold_out`.
     * @throws DomainError the refusal
     */
    async accept(request: ClaimRequest): Promise<Accepted> {
      const result = await acceptQueued(request);
      const twin = result.state === 'REFUSED' ? await earlierOf(request) : null;
      const answer = twin ?? result;
      if (answer.state === 'ACCEPTED') return answer.accepted;
      throw answer.refusal;
    },
  };
}

/** The claim with the trace of the request, so that its run goes on in it, whoever starts the run. */
function traced(claim: NewClaim): NewClaim {
  const span = tracer()?.current();
  return span ? { ...claim, traceparent: traceparentOf(span) } : claim;
}

const refused = (refusal: DomainError): Result => ({ state: 'REFUSED', refusal });

/** A replay of the claim, if it is for the same event and reward. */
function replayOf(claim: Claim, { eventId, rewardId }: ClaimRequest): Result {
  if (claim.eventId === eventId && claim.rewardId === rewardId) {
    return { state: 'ACCEPTED', accepted: { claim, replayed: true } };
  }
  const detail = 'This idempotency key belongs to a claim of another event or reward.';
  return { state: 'KEY_REUSED', refusal: new DomainError('idempotency_key_reused', detail) };
}

/** The store throws what refuses a claim; here that is a value. */
function refusalIn(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  throw error;
}
