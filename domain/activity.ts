/** What players do in a game, as its servers report it, and how it is bundled by time. */

/** One thing that one player did. */
export interface ActivityEvent {
  /** Given by the game's server; counts once, for good. */
  id: string;
  userId: string;
  metric: string;
  key?: string | undefined;
  /** An amount to add, 1 unless given; of a gauge its state. */
  value?: number | undefined;
  at: Date;
}

/** What became of a batch: counts, and what was refused by its place in the batch. */
export interface IngestOutcome {
  accepted: number;
  /** Seen before, by this road or the other; nothing was counted again. */
  duplicates: number;
  rejected: { index: number; message: string }[];
}

/** The most events in one batch. */
export const MAX_ACTIVITY_EVENTS = 1_000;

export const DAY_MS = 86_400_000;

/**
 * Aggregates are kept by the quarter of an hour: days of every time zone begin at one, as offsets
 * since 1972 are multiples of it.
 */
export const QUARTER_MS = 900_000;

/** The days since the epoch, in UTC. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

/** The quarter of an hour within the UTC day: 0 to 95. */
export function quarterOf(atMs: number): number {
  return Math.floor((atMs - dayOf(atMs) * DAY_MS) / QUARTER_MS);
}
