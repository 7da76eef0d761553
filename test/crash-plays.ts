/** What people and other claims do to a claim whose worker is killed. */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Claim } from '../store/claims/claim-record.ts';
import { HOLDS_PER_BUCKET } from '../store/stock/stock.ts';
import { type ClaimSignal, SIGNALS } from '../workflows/contract.ts';
import { recordOf, workflowOf } from './helpers.ts';
import type { Laurel } from './laurel.ts';
import { decide, leaves } from './outcomes.ts';

export interface CrashClaim {
  claimId: string;
  userId: string;
  eventId: string;
}

interface World {
  laurel: Laurel;
  /** Resolves once the record is so. */
  seen(claimId: string, fits: (claim: Claim) => boolean): Promise<void>;
}

/** What somebody does to a claim that runs, and what they wait for first. */
export interface Play {
  awaits(world: World, claim: CrashClaim): Promise<unknown>;
  does(world: World, claim: CrashClaim): Promise<unknown>;
}

/** In milliseconds: all claims must reach their points, and the next worker must start. */
export const PATIENCE_MS = 180_000;

const isParked = ({ state }: Claim) => state === 'NEEDS_ATTENTION';

/** Signals the claim's run, however long that takes. A run that is over got the signal before. */
async function signal(laurel: Laurel, claimId: string, name: ClaimSignal): Promise<void> {
  const run = workflowOf(laurel, await recordOf(laurel, claimId));
  await run.signal(name).catch((error: unknown) => {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  });
}

/** An admin decides once the claim is parked. */
export const decided = (decision: 'retry' | 'abort'): Play => ({
  awaits: ({ seen }, { claimId }) => seen(claimId, isParked),
  async does({ laurel }, { claimId }) {
    await decide(laurel, claimId, decision);
    // The API's own signal is given up on after three seconds, and no reconciliation runs yet.
    await signal(laurel, claimId, SIGNALS.decided);
  },
});

/** The player is banned once the game gave the cape and did not give the mount. */
export const banned: Play = {
  async awaits({ laurel }, { claimId }) {
    const answers = (lineId: string) =>
      laurel.game
        .requests()
        .filter((r) => r.grantId === `${claimId}:${lineId}`)
        .map((r) => r.answer);
    const isSo = () => answers('cape').includes(200) && answers('mount').includes(503);
    await laurel.game.waitFor(isSo, PATIENCE_MS);
  },
  async does({ laurel }, { claimId, userId }) {
    await leaves(laurel, userId);
    await signal(laurel, claimId, SIGNALS.userLeft);
  },
};

const strangersAt = ({ eventId }: CrashClaim): string[] =>
  Array.from({ length: HOLDS_PER_BUCKET }, (_, n) => `clm_${eventId}n${n}:cape`);

/** Fills the cape's only bucket with holds of other claims. */
export async function crowd({ store }: Laurel, claim: CrashClaim): Promise<void> {
  const holds = strangersAt(claim);
  const levels = { stock: 10 + holds.length, holds };
  await store.stock.model.updateOne({ eventId: claim.eventId, rewardId: 'cape' }, levels);
}

/** Removes those holds once the claim waits. Reconciliation may have removed some before. */
export const makeRoom: Play = {
  awaits: ({ seen }, { claimId }) => seen(claimId, ({ state }) => state !== 'PENDING_VALIDATION'),
  async does({ laurel }, claim) {
    const holds = { $setDifference: ['$holds', strangersAt(claim)] };
    const taken = { $add: ['$granted', { $size: '$holds' }] };
    await laurel.store.stock.model.collection.updateOne(
      { eventId: claim.eventId, rewardId: 'cape' },
      [{ $set: { holds, stock: 10 } }, { $set: { available: { $subtract: ['$stock', taken] } } }],
    );
  },
};
