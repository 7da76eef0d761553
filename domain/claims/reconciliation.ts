/** What one pass of reconciliation repaired. */

/** How many things were repaired, by kind. */
export interface Mended {
  /** Open claims without a run; a run was started. */
  runsStarted: number;
  /** Decisions on parked claims whose signal was lost; the signal was sent again. */
  decisionsSent: number;
  /** Claims of players who left; they were told to stop. */
  claimsStopped: number;
  /** Holds of final claims; they were given back. */
  holdsFreed: number;
  /** Parked claims that nobody decided on in time; their event's policy decided. */
  parkingsExpired: number;
}

export const NOTHING_MENDED: Mended = {
  runsStarted: 0,
  decisionsSent: 0,
  claimsStopped: 0,
  parkingsExpired: 0,
  holdsFreed: 0,
};
