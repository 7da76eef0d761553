/** The six steps of the plain saga: the same reads and writes of the same stores as a claim of ours. */
import { grantIdOf } from '../../domain/claim.ts';
import { windowOf } from '../../domain/explanation.ts';
import type { Claim } from '../../store/claims.ts';
import type { Store } from '../../store/index.ts';
import type { SagaInput } from './workflows.ts';

export type SagaActivities = ReturnType<typeof createSagaActivities>;

/** Every claim here is of one line with a stock. */
function lineOf(claim: Claim) {
  const [line] = claim.lines;
  if (!line || line.buckets === null) throw new Error(`${claim._id} is not of one limited line`);
  return { ...line, buckets: line.buckets, holdId: grantIdOf(claim._id, line.lineId) };
}

export function createSagaActivities(store: Store) {
  const { users, events, claims, entitlements, stock, mailbox } = store;

  async function record(claimId: string): Promise<Claim> {
    const claim = await claims.get(claimId);
    if (!claim) throw new Error(`no claim ${claimId}`);
    return claim;
  }

  /** The claim, and its player looked at again. */
  async function recordOfActive(claimId: string): Promise<Claim> {
    const claim = await record(claimId);
    if ((await users.get(claim.userId))?.status !== 'ACTIVE') throw new Error('not active');
    return claim;
  }

  return {
    async accept({ userId, eventId, idempotencyKey }: SagaInput): Promise<string> {
      const acceptedAt = new Date();
      await claims.findByKey(userId, idempotencyKey);
      await users.get(userId);
      await users.get(userId);
      const event = await events.get(eventId);
      if (!event) throw new Error(`no event ${eventId}`);
      const { claimsPerPeriod, parkedAfter } = event;
      const periodKey = 'once';
      const rewards = event.rewards.map(({ rewardId, quantity }) => ({ rewardId, quantity }));
      await Promise.all([
        entitlements.isUsedUp({ eventId, userId, periodKey, claimsPerPeriod }),
        stock.soldOut(eventId, rewards),
      ]);
      const { claim } = await claims.accept({
        userId,
        idempotencyKey,
        eventId,
        rewardId: null,
        periodKey,
        acceptedAt,
        lines: event.rewards.map(({ rewardId, ...rest }) => ({ lineId: rewardId, ...rest })),
        snapshot: {
          eventVersion: event.version,
          provider: 'mailbox',
          claimsPerPeriod,
          ...windowOf(event),
          parkedAfter,
        },
      });
      return claim._id;
    },

    async validate(claimId: string): Promise<void> {
      const { userId, eventId, periodKey, snapshot } = await recordOfActive(claimId);
      const { claimsPerPeriod } = snapshot;
      const request = { claimId, eventId, userId, periodKey, claimsPerPeriod };
      if (!(await entitlements.take(request, new Date()))) throw new Error('claimed already');
    },

    /** There is none. */
    async checkCondition(_claimId: string): Promise<void> {},

    async reserve(claimId: string): Promise<void> {
      const claim = await recordOfActive(claimId);
      const { holdId, lineId: rewardId, quantity, buckets } = lineOf(claim);
      const { eventId } = claim;
      const held = await stock.reserve({ holdId, eventId, rewardId, quantity, buckets });
      if (held !== 'HELD') throw new Error(held);
      await claims.startFulfilling(claimId, claim.steps);
    },

    async fulfil(claimId: string): Promise<void> {
      const { userId, eventId } = await record(claimId);
      const {
        holdId,
        lineId: rewardId,
        kind,
        name,
        quantity,
      } = lineOf(await recordOfActive(claimId));
      const reward = { rewardId, kind, name, quantity };
      await mailbox.grant({ grantId: holdId, claimId, userId, eventId, reward });
    },

    async settle(claimId: string): Promise<void> {
      const claim = await record(claimId);
      const { holdId, quantity } = lineOf(claim);
      const lines = claim.lines.map((line) => {
        return { ...line, state: 'GRANTED' as const, grantedAt: new Date() };
      });
      await claims.takeGrantFate(claimId, lines, claim.steps);
      await stock.settle(holdId, quantity);
      const end = { state: 'GRANTED' as const, reason: null, lines, steps: claim.steps };
      await claims.finish(claimId, end);
    },
  };
}
