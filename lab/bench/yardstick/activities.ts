/** The six steps of the plain saga: the writes of a claim of ours, and the reads that each step needs. */
import { grantIdOf } from '../../../domain/claims/claim.ts';
import { wantedEntitlements } from '../../../domain/claims/entitlements.ts';
import { windowOf } from '../../../domain/conditions/explanation.ts';
import type { Claim } from '../../../store/claims/claim-record.ts';
import type { Store } from '../../../store/index.ts';

/** What the steps after the first are given. */
export interface SagaClaim {
  claimId: string;
  userId: string;
}

export interface SagaInput {
  userId: string;
  eventId: string;
  idempotencyKey: string;
}

export type SagaActivities = ReturnType<typeof createSagaActivities>;

/** The only line of a claim. Every claim here has one limited line. */
function lineOf(claim: Claim) {
  const [line] = claim.lines;
  if (!line || line.buckets === null) throw new Error(`${claim._id} is not of one limited line`);
  return { ...line, buckets: line.buckets, holdId: grantIdOf(claim._id, line.lineId) };
}

async function claimOf({ claims }: Store, { claimId, userId }: SagaClaim): Promise<Claim> {
  const claim = await claims.get(claimId, userId);
  if (!claim) throw new Error(`no claim ${claimId}`);
  return claim;
}

/** The claim, after its player's status was read again. */
async function claimOfActive(store: Store, of: SagaClaim): Promise<Claim> {
  const claim = await claimOf(store, of);
  if ((await store.users.get(claim.userId))?.status !== 'ACTIVE') throw new Error('not active');
  return claim;
}

async function accept(
  { users, events, claims }: Store,
  { userId, eventId, idempotencyKey }: SagaInput,
): Promise<SagaClaim> {
  const acceptedAt = new Date();
  const [user, event] = await Promise.all([users.get(userId), events.get(eventId)]);
  if (user?.status !== 'ACTIVE' || !event) throw new Error(`no claim of ${eventId}`);
  const periodKey = 'once';
  const { claim } = await claims.accept({
    userId,
    idempotencyKey,
    eventId,
    rewardId: null,
    periodKey,
    rights: wantedEntitlements(event, periodKey),
    acceptedAt,
    lines: event.rewards.map(({ rewardId, ...rest }) => ({ lineId: rewardId, ...rest })),
    snapshot: {
      eventVersion: event.version,
      provider: 'mailbox',
      ...windowOf(event),
      parkedAfter: event.parkedAfter,
    },
  });
  return { claimId: claim._id, userId };
}

async function reserve(store: Store, of: SagaClaim): Promise<void> {
  const claim = await claimOfActive(store, of);
  const { holdId, lineId: rewardId, quantity, buckets } = lineOf(claim);
  const { eventId } = claim;
  const held = await store.stock.reserve({ holdId, eventId, rewardId, quantity, buckets });
  if (held !== 'HELD') throw new Error(held);
}

async function settle(store: Store, of: SagaClaim): Promise<void> {
  const { claims, stock } = store;
  const claim = await claimOf(store, of);
  const { holdId, quantity } = lineOf(claim);
  const lines = claim.lines.map((line) => {
    return { ...line, state: 'GRANTED' as const, grantedAt: new Date() };
  });
  if (!(await claims.takeGrantFate(claim, lines, claim.steps))) {
    throw new Error(`${claim._id} moved on`);
  }
  await stock.settle({ eventId: claim.eventId, holdId, quantity });
  await claims.grant({ ...claim, fate: 'GRANT' }, lines, claim.steps);
}

/** The activities of the saga. Each throws an Error for a claim that cannot be granted. */
export function createSagaActivities(store: Store) {
  return {
    accept: (input: SagaInput) => accept(store, input),

    validate: async (of: SagaClaim): Promise<void> => void (await claimOfActive(store, of)),

    /** The events here have no condition. */
    async checkCondition(_of: SagaClaim): Promise<void> {},

    reserve: (of: SagaClaim) => reserve(store, of),

    /** The claim's own line is the mail, so nothing is written. */
    fulfil: async (of: SagaClaim): Promise<void> => void (await claimOfActive(store, of)),

    settle: (of: SagaClaim) => settle(store, of),
  };
}
