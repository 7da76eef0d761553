/** What one pass of reconciliation repaired. */

/** How many things were repaired, by kind. */
export type Mended = typeof NOTHING_MENDED;

export const NOTHING_MENDED = {
  /** Open claims without a run; a run was started. */
  runsStarted: 0,
  /** Decisions on parked claims whose signal was lost; the signal was sent again. */
  decisionsSent: 0,
  /** Claims of players who left; they were told to stop. */
  claimsStopped: 0,
  /** Parked claims that nobody decided on in time; their event's policy decided. */
  parkingsExpired: 0,
  /** Holds of final claims; they were given back. */
  holdsFreed: 0,
};
