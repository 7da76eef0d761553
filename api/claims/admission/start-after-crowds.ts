/** In a crowd, deciding comes before granting: its runs wait until its players know. */

import type { FairQueue } from './fair-queue.ts';
import type { Starter } from './starter.ts';

/** So many who wait for one event are a crowd: more than are recorded in half a second. */
const CROWD = 250;

/** A run waits for its event's crowd no longer than this, in milliseconds: one player's patience. */
const LONGEST_PAUSE_MS = 10_000;

/**
 * Starts runs as `starter` does, but those of an event with a crowd at the door once all have passed
 * it. On a machine of few cores, what a run costs would keep the others from knowing; all in all it
 * costs the same later. Where the process dies meanwhile, reconciliation starts them.
 */
export function startAfterCrowds(starter: Starter, door: FairQueue): Starter {
  return {
    async start(claim, known) {
      if (door.waitingIn(claim.eventId) < CROWD) return await starter.start(claim, known);
      const longest = Promise.withResolvers<void>();
      const timer = setTimeout(longest.resolve, LONGEST_PAUSE_MS);
      void Promise.race([door.cleared(claim.eventId), longest.promise]).then(() => {
        clearTimeout(timer);
        return starter.start(claim, known);
      });
    },
  };
}
