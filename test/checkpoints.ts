/**
 * Checkpoints: a test holds a claim right before something is done for it, does something to the
 * world meanwhile, and lets the claim go on.
 */
import type { ActivityDeps } from '../activities/deps.ts';
import { claimIdOf } from '../store/claims/claim-record.ts';
import type { Laurel } from './laurel.ts';

/**
 * `read`: its record is read by its one activity. `reserve`: its run takes a hold (S3), where the API
 * has not. `settle`: every grant is confirmed, its fate is not yet taken (S5).
 */
export type Checkpoint = 'read' | 'reserve' | 'settle';

interface Held {
  /** Resolves once the claim has come there. */
  reached: Promise<void>;
  /** Lets it go on, now and whenever it comes there again. */
  open(): void;
}

type Checkpoints = ReturnType<typeof createCheckpoints>;

export function createCheckpoints() {
  const held = new Map<string, { reached: () => void; opened: Promise<void>; open: () => void }>();

  async function pass(checkpoint: Checkpoint, claimId: string): Promise<void> {
    const gate = held.get(`${checkpoint} ${claimId}`);
    gate?.reached();
    await gate?.opened;
  }

  return {
    /** Holds a claim, which need not exist yet, whenever it comes there. */
    hold(checkpoint: Checkpoint, claimId: string): Held {
      const reached = Promise.withResolvers<void>();
      const opened = Promise.withResolvers<void>();
      const open = opened.resolve;
      held.set(`${checkpoint} ${claimId}`, {
        reached: reached.resolve,
        opened: opened.promise,
        open,
      });
      return { reached: reached.promise, open };
    },

    /** Lets every claim go on that a test which failed has left behind, so that workers can stop. */
    openAll(): void {
      for (const gate of held.values()) gate.open();
    },

    /** What activities are given, with a checkpoint before each of these. */
    around(deps: ActivityDeps): ActivityDeps {
      const { claims, stock } = deps;
      return {
        ...deps,
        claims: {
          ...claims,
          async get(claimId, userId) {
            await pass('read', claimId);
            return await claims.get(claimId, userId);
          },
          async takeGrantFate(claim, lines, steps) {
            await pass('settle', claim._id);
            return await claims.takeGrantFate(claim, lines, steps);
          },
          async grant(claim, lines, steps) {
            await pass('settle', claim._id);
            return await claims.grant(claim, lines, steps);
          },
        },
        stock: {
          ...stock,
          async reserve(request, how) {
            await pass('reserve', request.holdId.split(':')[0] as string);
            return await stock.reserve(request, how);
          },
        },
      };
    },
  };
}

/** A new player's claim of the event, which has come to the checkpoint. */
export async function heldClaim(
  laurel: Laurel,
  checkpoints: Checkpoints,
  eventId: string,
  checkpoint: Checkpoint,
) {
  const { id, token } = await laurel.signIn();
  const claimId = claimIdOf(id, 'mine');
  const gate = checkpoints.hold(checkpoint, claimId);
  await laurel.claim(eventId, token, { key: 'mine' });
  await gate.reached;
  return { claimId, id, token, gate };
}
