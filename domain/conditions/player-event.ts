/** What players do in a game, as its servers report it, and how it is bundled by time. */

/** What an event says, apart from its ID: by this a repetition is told from a mistake. */
export interface PlayerEventContent {
  /**
   * Who sent it: the user ID of a game server. Undefined for a Kafka record that does not say; such an
   * event is the same as one with its ID and content from any sender.
   */
  sender?: string | undefined;
  userId: string;
  metric: string;
  key?: string | undefined;
  /** An amount to add, 1 unless given; of a gauge its state. */
  value?: number | undefined;
  at: Date;
  /** The time as sent, where that was ahead of our clock; `at` is then the moment of arrival. */
  sentAt?: Date | undefined;
}

/** One thing that one player did. */
export interface PlayerEvent extends PlayerEventContent {
  /** Given by the game's server; counts once for its sender, for good. */
  id: string;
}

/** Whether two events with one ID say the same, whoever sent them. */
export function isSamePlayerEvent(a: PlayerEventContent, b: PlayerEventContent): boolean {
  return (
    a.userId === b.userId &&
    a.metric === b.metric &&
    a.key === b.key &&
    (a.value ?? 1) === (b.value ?? 1) &&
    (a.sentAt ?? a.at).getTime() === (b.sentAt ?? b.at).getTime()
  );
}

/** What became of a batch: counts, and what was refused by its place in the batch. */
export interface IngestOutcome {
  accepted: number;
  /** Seen before with the same content, by this road or the other; nothing was counted again. */
  duplicates: number;
  rejected: { index: number; message: string }[];
}

/** The most events in one batch. */
export const MAX_PLAYER_EVENTS = 1_000;

export const DAY_MS = 86_400_000;

/**
 * Aggregates are kept by the quarter of an hour: most days begin at one, as offsets since 1972 are
 * multiples of it, and only a reset minute can move their beginning to another moment.
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
