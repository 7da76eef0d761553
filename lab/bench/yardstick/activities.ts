/** The six steps of the plain saga: the writes of a claim of ours, and the reads that each step needs by itself. */
import { grantIdOf } from '../../../domain/claims/claim.ts';
import { wantedEntitlements } from '../../../domain/claims/entitlements.ts';
import { windowOf } from '../../../domain/conditions/explanation.ts';
import type { Claim } from '../../../store/claims/claim-record.ts';
import type { Store } from '../../../store/index.ts';

/** What its steps after the first are told. */
interface SagaClaim {
  claimId: string;
  userId: string;
}

export interface SagaInput {
  userId: string;
  eventId: string;
  idempotencyKey: string;
}

export type SagaActivities = ReturnType<typeof createSagaActivities>;

/** Every claim here is of one line with a stock. */
function lineOf(claim: Claim) {
  const [line] = claim.lines;
  if (!line || line.buckets === null) throw new Error(`${claim._id} is not of one limited line`);
  return { ...line, buckets: line.buckets, holdId: grantIdOf(claim._id, line.lineId) };
}

export function createSagaActivities(store: Store) {
  const { users, events, claims, stock } = store;

  async function record({ claimId, userId }: SagaClaim): Promise<Claim> {
    const claim = await claims.get(claimId, userId);
    if (!claim) throw new Error(`no claim ${claimId}`);
    return claim;
  }

  /** The claim, and its player looked at again. */
  async function recordOfActive(of: SagaClaim): Promise<Claim> {
    const claim = await record(of);
    if ((await users.get(claim.userId))?.status !== 'ACTIVE') throw new Error('not active');
    return claim;
  }

  return {
    async accept({ userId, eventId, idempotencyKey }: SagaInput): Promise<SagaClaim> {
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
    },

    async validate(of: SagaClaim): Promise<void> {
      await recordOfActive(of);
    },

    /** There is none. */
    async checkCondition(_of: SagaClaim): Promise<void> {},

    async reserve(of: SagaClaim): Promise<void> {
      const claim = await recordOfActive(of);
      const { holdId, lineId: rewardId, quantity, buckets } = lineOf(claim);
      const { eventId } = claim;
      const held = await stock.reserve({ holdId, eventId, rewardId, quantity, buckets });
      if (held !== 'HELD') throw new Error(held);
    },

    /** The claim's own line is the mail. */
    async fulfil(of: SagaClaim): Promise<void> {
      await recordOfActive(of);
    },

    async settle(of: SagaClaim): Promise<void> {
      const claim = await record(of);
      const { holdId, quantity } = lineOf(claim);
      const lines = claim.lines.map((line) => {
        return { ...line, state: 'GRANTED' as const, grantedAt: new Date() };
      });
      if (!(await claims.takeGrantFate(claim, lines, claim.steps))) {
        throw new Error(`${claim._id} moved on`);
      }
      await stock.settle({ eventId: claim.eventId, holdId, quantity });
      await claims.grant({ ...claim, fate: 'GRANT' }, lines, claim.steps);
    },
  };
}
