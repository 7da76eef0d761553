/**
 * The claims: records that outlive their workflows. Here they are read. How they are recorded,
 * moved, listed and counted is in the files beside this one.
 */
import type { Connection } from 'mongoose';
import { batch, batchReads, MOST_READ } from '../mongodb/batching.ts';
import type { ServerClock } from '../mongodb/clock.ts';
import { createClaimAcceptance } from './claim-acceptance.ts';
import { createClaimCounts } from './claim-counts.ts';
import { createClaimLists } from './claim-lists.ts';
import { createClaimMoves } from './claim-moves.ts';
import { BY_PLAYER, type Claim, type ClaimKey, claimIdOf, claimModel } from './claim-record.ts';
import { createClaimSlimming } from './claim-slimming.ts';
import { createClaimSummary } from './claim-summary.ts';
import { countOpenClaims } from './open-claims.ts';

/**
 * Two times after a claim was recorded, in milliseconds of the server's clock. Until the first one
 * the request that recorded it may reject it, or be the first to start its run. From the second one
 * on others may. A write or a call to Temporal that is under way ends in between.
 */
export const RECORDER_MS = 5_000;
const OTHERS_AFTER_MS = 10_000;

const recorderUntil = ({ recordedAt }: Pick<Claim, 'recordedAt'>): Date =>
  new Date(recordedAt.getTime() + RECORDER_MS);

export type ClaimStore = ReturnType<typeof createClaimStore>;

/**
 * @param clock the database server's clock, for deadlines
 * @param now our clock, for the times in records
 */
export function createClaimStore(
  connection: Connection,
  clock: ServerClock,
  now: () => Date = () => new Date(),
) {
  const model = claimModel(connection);
  const collection = connection.collection<Claim>('claims');
  const readByKey = batch<ClaimKey, Claim | null>(async (keys) => {
    const ids = [...new Set(keys.map(({ _id }) => _id))];
    const userIds = [...new Set(keys.map(({ userId }) => userId))];
    const found = await collection
      .find({ _id: { $in: ids }, userId: { $in: userIds } }, { hint: { _id: 1 } })
      .toArray();
    const byId = new Map(found.map((claim) => [claim._id, claim]));
    return keys.map(({ _id, userId }) => {
      const claim = byId.get(_id);
      // It was found for another player, who asked for it in the same batch.
      return claim?.userId === userId ? claim : null;
    });
  }, MOST_READ);
  const readById = batchReads<Claim>((ids) => collection.find({ _id: { $in: ids } }).toArray());

  /**
   * The claim, or null where there is none.
   * @param userId its player, where known: the read then goes to one shard only
   */
  async function get(claimId: string, userId?: string): Promise<Claim | null> {
    if (userId === undefined) return await readById(claimId);
    return await readByKey({ _id: claimId, userId });
  }

  return {
    model,
    get,
    ...createClaimAcceptance(connection, readByKey, clock, now),
    ...createClaimMoves(connection, readByKey, now),
    ...createClaimLists(model),
    ...createClaimSlimming(connection, now),
    ...createClaimSummary(model, createClaimCounts(connection, now)),

    /** The player's claim with this key, or null. */
    async findByKey(userId: string, idempotencyKey: string): Promise<Claim | null> {
      return await get(claimIdOf(userId, idempotencyKey), userId);
    },

    /**
     * Until when the request that recorded the claim may reject it, by the server's clock. It must
     * not have started the run: once a run may have asked a provider, only the run ends the claim.
     */
    recorderUntil,

    /** Whether a start of the run by the request that recorded the claim would be the first. */
    async isRecorders(claim: Pick<Claim, 'recordedAt'>): Promise<boolean> {
      return (await clock.nowMs()) < recorderUntil(claim).getTime();
    },

    /** Whether another than the request that recorded the claim may start its run. */
    async mayBeStarted({ recordedAt }: Pick<Claim, 'recordedAt'>): Promise<boolean> {
      return (await clock.nowMs()) >= recordedAt.getTime() + OTHERS_AFTER_MS;
    },

    /** The user's claims that are not final: those that a ban must stop. */
    async openOf(userId: string): Promise<Claim[]> {
      return await model.find({ userId, open: true }).hint(BY_PLAYER).lean<Claim[]>();
    },

    /** Every claim that is not final, the oldest first. */
    openClaims(): AsyncIterable<Claim> {
      return model.find({ open: true }).sort({ acceptedAt: 1 }).lean<Claim>().cursor();
    },

    /** How many claims are open, by state, reason and provider. See `open-claims.ts`. */
    countOpen: () => countOpenClaims(model),

    /** How many claims are parked. */
    async countParked(): Promise<number> {
      return await model.countDocuments({ state: 'NEEDS_ATTENTION' });
    },

    /** Those of the claims that are final. A claim that was never recorded counts as final. */
    async finalAmong(claimIds: string[]): Promise<Set<string>> {
      const running = await model.find({ _id: { $in: claimIds }, open: true }, { _id: 1 }).lean();
      const open = new Set(running.map((c) => c._id));
      return new Set(claimIds.filter((id) => !open.has(id)));
    },
  };
}
