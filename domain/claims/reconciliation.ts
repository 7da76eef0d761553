/** What reconciliation can mend. */

/** What one pass mended, by kind. */
export interface Mended {
  /** Claims without a run, for which one was started. */
  runsStarted: number;
  /** Decisions on parked claims that had not arrived. */
  decisionsSent: number;
  /** Claims of players who left, told to stop. */
  claimsStopped: number;
  /** Holds of final claims given back. */
  holdsFreed: number;
  /** Parked claims that nobody touched, decided on by their event's policy. */
  parkingsExpired: number;
}

export const NOTHING_MENDED: Mended = {
  runsStarted: 0,
  decisionsSent: 0,
  claimsStopped: 0,
  parkingsExpired: 0,
  holdsFreed: 0,
};
