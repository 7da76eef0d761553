/**
 * Checkpoints: a test stops a claim right before a certain call, changes something meanwhile, and
 * lets the claim go on.
 */
import type { ActivityDeps } from '../activities/deps.ts';
import { claimIdOf } from '../store/claims/claim-record.ts';
import type { Laurel } from './laurel.ts';

/**
 * The call before which the claim stops. `read`: the one activity reads the record. `reserve`: the run
 * takes a hold (S3), where the API has not. `settle`: the run takes the fate to grant (S5).
 */
export type Checkpoint = 'read' | 'reserve' | 'settle';

export interface Held {
  /** Resolves once the claim has reached the checkpoint. */
  reached: Promise<void>;
  /** Lets the claim go on, now and each time it reaches the checkpoint again. */
  open(): void;
}

/**
 * The same verb, with something done before each call. It has the verb's own type: whatever the verb
 * is given or answers, now or later, is passed on.
 */
export function behind<Args extends unknown[], Answer>(
  verb: (...args: Args) => Promise<Answer>,
  before: (...args: Args) => Promise<unknown>,
): (...args: Args) => Promise<Answer> {
  return async (...args) => {
    await before(...args);
    return await verb(...args);
  };
}

export type Checkpoints = ReturnType<typeof createCheckpoints>;

export function createCheckpoints() {
  const held = new Map<string, { reached: () => void; opened: Promise<void>; open: () => void }>();

  async function pass(checkpoint: Checkpoint, claimId: string): Promise<void> {
    const gate = held.get(`${checkpoint} ${claimId}`);
    gate?.reached();
    await gate?.opened;
  }

  return {
    /** Stops a claim each time it reaches the checkpoint. The claim need not exist yet. */
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

    /** Lets every claim go on. A failed test may have left some stopped, and workers wait for them. */
    openAll(): void {
      for (const gate of held.values()) gate.open();
    },

    /** The activities' dependencies, with the checkpoints before those calls. */
    around(deps: ActivityDeps): ActivityDeps {
      const { claims, stock } = deps;
      return {
        ...deps,
        claims: {
          ...claims,
          get: behind(claims.get, (claimId) => pass('read', claimId)),
          takeGrantFate: behind(claims.takeGrantFate, ({ _id }) => pass('settle', _id)),
          grant: behind(claims.grant, ({ _id }) => pass('settle', _id)),
        },
        stock: {
          ...stock,
          reserve: behind(stock.reserve, ({ holdId }) =>
            pass('reserve', holdId.split(':')[0] as string),
          ),
        },
      };
    },
  };
}

/** Makes a new player's claim of the event; resolves once it is at the checkpoint. */
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
