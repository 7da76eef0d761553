/** S0: from a request to a recorded claim, or the reason why not. */
import { DomainError } from '../../domain/errors.ts';
import { isOpenAt } from '../../domain/event.ts';
import { pinCondition } from '../../domain/explanation.ts';
import { periodKey } from '../../domain/period.ts';
import type { Claim, ClaimStore, NewClaim } from '../../store/claims.ts';
import type { EntitlementStore } from '../../store/entitlements.ts';
import type { EventStore, StoredEvent, StoredReward } from '../../store/events.ts';
import type { StockStore } from '../../store/stock.ts';
import type { UserStore } from '../../store/users.ts';

export interface AcceptDeps {
  store: {
    claims: ClaimStore;
    entitlements: EntitlementStore;
    events: EventStore;
    stock: StockStore;
    users: UserStore;
  };
  now: () => Date;
}

export interface ClaimRequest {
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

/** Refuses what is plainly impossible, so that no claim and no workflow is made for it. */
async function refuseImpossible(
  { store }: AcceptDeps,
  event: StoredEvent,
  claim: NewClaim,
): Promise<void> {
  const { eventId, userId, periodKey, snapshot } = claim;
  if ((await store.users.get(userId))?.status !== 'ACTIVE') {
    throw new DomainError('user_not_active', 'Your account is not active.');
  }
  if (!isOpenAt(event, claim.acceptedAt)) {
    throw new DomainError('event_not_open', 'This event takes no claims now.');
  }
  const { claimsPerPeriod } = snapshot;
  const limited = claim.lines
    .filter((line) => line.buckets !== null)
    .map(({ lineId, quantity }) => ({ rewardId: lineId, quantity }));
  const [isUsedUp, soldOut] = await Promise.all([
    store.entitlements.isUsedUp({ eventId, userId, periodKey, claimsPerPeriod }),
    limited.length > 0 ? store.stock.soldOut(eventId, limited) : [],
  ]);
  if (isUsedUp) {
    throw new DomainError('already_claimed', 'You have claimed this event in this period.');
  }
  if (soldOut.length > 0) {
    const names = soldOut.map((r) => r.rewardId).join(', ');
    throw new DomainError('sold_out', `Nothing is left of ${names}.`);
  }
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
  return {
    ...request,
    periodKey: periodKey(event.period, acceptedAt),
    acceptedAt,
    lines,
    snapshot: {
      eventVersion: event.version,
      provider: event.fulfillment.provider,
      claimsPerPeriod: event.claimsPerPeriod,
      startsAt: event.startsAt,
      claimUntil: event.claimUntil,
      parkedAfter: event.parkedAfter,
      condition: pinCondition(event, acceptedAt),
    },
  };
}

async function acceptNew(deps: AcceptDeps, request: ClaimRequest): Promise<Accepted> {
  const { events, claims } = deps.store;
  for (let reads = 0; reads < MAX_READS; reads++) {
    const event = await events.get(request.eventId);
    if (!event || event.status === 'DRAFT') {
      throw new DomainError('not_found', 'There is no event with this ID.');
    }
    const claim = draft(event, request, deps.now());
    await refuseImpossible(deps, event, claim);
    // From the mark on, nothing the claim was made of can change any more.
    if (!event.claimed && !(await events.markClaimed(event.eventId, event.version))) continue;
    const recorded = await claims.accept(claim);
    return recorded.created
      ? { claim: recorded.claim, replayed: false }
      : replay(recorded.claim, request);
  }
  throw new DomainError('unavailable', 'The event is being changed. Try again.', {
    retryAfterS: 1,
  });
}

/**
 * Records the claim, or finds the one its key stands for. A refusal leaves the key unused; right
 * before it is uttered the key is looked up once more, as the twin of a request in flight must get
 * the claim and not `already_claimed` or `sold_out`.
 * @throws DomainError
 */
export async function acceptClaim(deps: AcceptDeps, request: ClaimRequest): Promise<Accepted> {
  const { userId, idempotencyKey } = request;
  const earlier = await deps.store.claims.findByKey(userId, idempotencyKey);
  if (earlier) return replay(earlier, request);
  try {
    return await acceptNew(deps, request);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === 'idempotency_key_reused') throw error;
    const twin = await deps.store.claims.findByKey(userId, idempotencyKey);
    if (twin) return replay(twin, request);
    throw error;
  }
}
