/** While a crowd waits for an event, its runs are not started: deciding comes before granting. */

import type { FairQueue } from './fair-queue.ts';
import type { Starter } from './starter.ts';

/** Requests waiting for one event that make a crowd: more than are recorded in half a second. */
const CROWD = 250;

/** Longest delay of a start, in milliseconds: less than the longest wait at the door. */
const LONGEST_DELAY_MS = 10_000;

/**
 * Wraps a starter: the runs of an event with a crowd at the door start once all have passed it. On
 * a machine of few cores the runs would slow the decisions down; later they cost the same. If the
 * process dies before, reconciliation starts them.
 */
export function startAfterCrowds(starter: Starter, door: FairQueue): Starter {
  return {
    async start(claim, known) {
      if (door.waitingIn(claim.eventId) < CROWD) return await starter.start(claim, known);
      const longest = Promise.withResolvers<void>();
      const timer = setTimeout(longest.resolve, LONGEST_DELAY_MS);
      void Promise.race([door.cleared(claim.eventId), longest.promise]).then(() => {
        clearTimeout(timer);
        return starter.start(claim, known);
      });
    },
  };
}
