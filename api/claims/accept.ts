/** S0: from a request to a recorded claim, or the reason why not. */

import { isHeldEarly } from '../../domain/claims/early-hold.ts';
import { wantedEntitlements } from '../../domain/claims/entitlements.ts';
import { claimPeriod, pinCondition, windowOf } from '../../domain/conditions/explanation.ts';
import { DomainError } from '../../domain/errors.ts';
import { isOpenAt, isShownAt } from '../../domain/events/event.ts';
import { alreadyClaimed } from '../../store/claims/claim-acceptance.ts';
import type { Claim, NewClaim } from '../../store/claims/claim-record.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import type { EventStore, StoredEvent, StoredReward } from '../../store/events/events.ts';
import type { RewardUnits, StockStore } from '../../store/stock/stock.ts';
import type { User } from '../../store/users/users.ts';
import type { RunStart } from '../../workflows/contract.ts';
import { createRecordQueue } from './admission.ts';
import { type HoldDeps, holdOrReject } from './early-hold.ts';
import { type FairQueue, NotAdmitted, Recalled } from './fair-queue.ts';
import { shareReads } from './shared-reads.ts';
import { createSoldOut } from './sold-out.ts';

export interface AcceptDeps {
  store: {
    claims: ClaimStore;
    events: EventStore;
    stock: StockStore;
    /** The player's record; as it was read a moment ago for this same request is enough. */
    users: { get(userId: string): Promise<Pick<User, 'status'> | null> };
  };
  now: () => Date;
}

interface AcceptanceOptions {
  /** FairQueue at the record. */
  records?: FairQueue;
  /** Whether units are held here, before the claim's run; else all is left to the run. */
  holdsEarly?: boolean;
  /** Told where a recorded claim could not be held here: its run will do it. */
  onHoldFailure?: HoldDeps['onFailure'];
}

/** Who waits for the same units; they are all told at once when there are none. */
function laneOf(of: { eventId: string; rewardId: string | null }): string {
  return of.rewardId === null ? of.eventId : `${of.eventId}/${of.rewardId}`;
}

interface ClaimRequest {
  userId: string;
  eventId: string;
  /** The reward the player chose; null for all of them. */
  rewardId: string | null;
  idempotencyKey: string;
}

export interface Accepted {
  claim: Claim;
  /** The key stood for this claim already. */
  replayed: boolean;
  /** Where this request recorded it and is to start its run; absent where it is not. */
  start?: RunStart;
}

/** An operator may change the event between our reading and marking it; this often we read again. */
const MAX_READS = 5;

/** The claim the key stands for, where it is for the same event and reward. @throws DomainError */
function replay(claim: Claim, request: ClaimRequest): Accepted {
  if (claim.eventId === request.eventId && claim.rewardId === request.rewardId) {
    return { claim, replayed: true };
  }
  throw new DomainError(
    'idempotency_key_reused',
    'This idempotency key belongs to a claim of another event or reward.',
  );
}

/** The rewards a claim is for. @throws DomainError where the request does not fit the selection */
function chosen(event: StoredEvent, rewardId: string | null): StoredReward[] {
  const wrong = (message: string) =>
    new DomainError('invalid_request', 'The body does not fit the event. See `errors`.', {
      errors: [{ pointer: '/rewardId', message }],
    });
  if (event.rewardSelection === 'ALL') {
    if (rewardId === null) return event.rewards;
    throw wrong('This event gives all its rewards at once; leave this out.');
  }
  if (rewardId === null) throw wrong('This event gives one reward of your choice: name it.');
  const reward = event.rewards.find((r) => r.rewardId === rewardId);
  if (!reward) throw wrong('The event has no such reward.');
  return [reward];
}

/** What the claim takes of the event's limited rewards. */
const limitedOf = ({ lines }: NewClaim): RewardUnits[] =>
  lines
    .filter((line) => line.buckets !== null)
    .map(({ lineId, quantity }) => ({ rewardId: lineId, quantity }));

/** Refuses what is plainly impossible but for want of an entitlement or of units. @throws DomainError */
async function refuseImpossible(
  { store }: AcceptDeps,
  event: StoredEvent,
  { userId, acceptedAt }: NewClaim,
): Promise<void> {
  const user = await store.users.get(userId);
  if (user?.status !== 'ACTIVE') {
    throw new DomainError('user_not_active', 'Your account is not active.');
  }
  if (!isOpenAt(event, acceptedAt)) {
    throw new DomainError('event_not_open', 'This event takes no claims now.');
  }
}

/** What of the event a claim is judged by to its end. */
export function snapshotOf(event: StoredEvent, acceptedAt: Date): Claim['snapshot'] {
  return {
    eventVersion: event.version,
    provider: event.fulfillment.provider,
    ...windowOf(event),
    parkedAfter: event.parkedAfter,
    condition: pinCondition(event, acceptedAt),
  };
}

/** What will be recorded: everything the claim is judged by from now on, as it stands now. */
function draft(event: StoredEvent, request: ClaimRequest, acceptedAt: Date): NewClaim {
  const lines = chosen(event, request.rewardId).map(
    ({ rewardId, kind, name, quantity, buckets }) => ({
      lineId: rewardId,
      kind,
      name,
      quantity,
      buckets,
    }),
  );
  const { key: periodKey } = claimPeriod(event, acceptedAt);
  return {
    ...request,
    periodKey,
    rights: wantedEntitlements(event, periodKey),
    acceptedAt,
    lines,
    snapshot: snapshotOf(event, acceptedAt),
  };
}

/**
 * The way from a request to a recorded claim, of one process. Bounded: what stands before the record
 * is a queue, and beyond it is 503.
 */
export function createAcceptance(deps: AcceptDeps, options: AcceptanceOptions = {}) {
  const { claims, events, stock } = deps.store;
  const { records = createRecordQueue(), holdsEarly = true, onHoldFailure: onFailure } = options;
  const soldOut = createSoldOut(stock, (of) => records.recall(laneOf(of)));
  const holding = { claims, stock, now: deps.now, onSoldOut: soldOut.remember, onFailure };
  const readEvent = shareReads(
    (eventId: string) => eventId,
    (eventId: string) => events.get(eventId),
  );

  async function drafted(request: ClaimRequest): Promise<{ event: StoredEvent; claim: NewClaim }> {
    const event = await readEvent(request.eventId);
    const acceptedAt = deps.now();
    if (!event || !isShownAt(event, acceptedAt)) {
      throw new DomainError('not_found', 'There is no event with this ID.');
    }
    return { event, claim: draft(event, request, acceptedAt) };
  }

  /** Refuses where there are no units; the other reasons come before that one. @throws DomainError */
  async function checkUnits(request: ClaimRequest, claim: NewClaim): Promise<void> {
    try {
      await soldOut.check(request, limitedOf(claim));
    } catch (error) {
      if (await claims.isUsedUp(request.userId, claim.rights)) throw alreadyClaimed();
      throw error;
    }
  }

  /** Everything that would refuse the claim now, for one that is likely to be. @throws DomainError */
  async function look(request: ClaimRequest): Promise<void> {
    const { event, claim } = await drafted(request);
    await refuseImpossible(deps, event, claim);
    await checkUnits(request, claim);
  }

  /** The record, and the units of a claim that they decide. Null where the event was just changed. */
  async function record(
    request: ClaimRequest,
    { event, claim }: { event: StoredEvent; claim: NewClaim },
  ): Promise<Accepted | null> {
    if (!event.claimed) {
      // What is refused must not freeze an event that has no claim yet.
      const earlier = await earlierOf(request);
      if (earlier) return earlier;
      if (await claims.isUsedUp(request.userId, claim.rights)) throw alreadyClaimed();
      // From the mark on, nothing the claim was made of can change any more.
      if (!(await events.markClaimed(event.eventId, event.version))) return null;
    }
    const recorded = await claims.accept(claim);
    if (!recorded.created) return replay(recorded.claim, request);
    if (!holdsEarly || !isHeldEarly(claim)) {
      return {
        claim: recorded.claim,
        replayed: false,
        start: { isHeld: false, isAlone: true },
      };
    }
    return { ...(await holdOrReject(holding, recorded.claim)), replayed: false };
  }

  async function acceptNew(request: ClaimRequest): Promise<Accepted> {
    for (let reads = 0; reads < MAX_READS; reads++) {
      const read = await drafted(request);
      await refuseImpossible(deps, read.event, read.claim);
      // Nothing here finds out that it is sold out but a look.
      const isLeftToRun = !holdsEarly || !isHeldEarly(read.claim);
      if (isLeftToRun) await checkUnits(request, read.claim);
      const accepted = await record(request, read);
      if (accepted) return accepted;
    }
    throw new DomainError('unavailable', 'The event is being changed. Try again.', {
      retryAfterS: 1,
    });
  }

  async function earlierOf(request: ClaimRequest): Promise<Accepted | null> {
    const earlier = await claims.findByKey(request.userId, request.idempotencyKey);
    return earlier && replay(earlier, request);
  }

  /** Refused as sold out without a turn, a record or a run, where that was seen before and still is. */
  async function acceptInTurn(request: ClaimRequest): Promise<Accepted> {
    for (;;) {
      if (soldOut.isSeen(request)) await look(request);
      // A replay does not stand in line. Where there is none, the record's own ID tells it apart.
      if (records.isFull()) {
        const earlier = await earlierOf(request);
        if (earlier) return earlier;
      }
      try {
        return await records.run(laneOf(request), async () => {
          // Found out after the look above, and before this one stood in line to be recalled.
          if (soldOut.isSeen(request)) throw new Recalled();
          return await acceptNew(request);
        });
      } catch (error) {
        // Sold out while this one waited: that is looked at, and said, without a turn.
        if (!(error instanceof Recalled)) throw error;
      }
    }
  }

  return {
    /**
     * Records the claim, or finds the one its key stands for. A refusal leaves the key unused; right
     * before it is uttered the key is looked up once more, as the twin of a request in flight must
     * get the claim and not `already_claimed` or `sold_out`.
     * @throws DomainError
     */
    async accept(request: ClaimRequest): Promise<Accepted> {
      try {
        return await acceptInTurn(request);
      } catch (error) {
        // Who is turned away was looked up before, and no answer about the claim is given.
        if (!(error instanceof DomainError) || error instanceof NotAdmitted) throw error;
        if (error.code === 'idempotency_key_reused') throw error;
        const twin = await earlierOf(request);
        if (twin) return twin;
        throw error;
      }
    },
  };
}
