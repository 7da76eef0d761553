/** What players do in a game, as its servers report it, and how it is bundled by time. */

/** What an event says, apart from its ID: by this a repetition is told from a mistake. */
export interface PlayerEventContent {
  /**
   * The user ID of the game server that sent it. Undefined for a Kafka record without a sender:
   * such an event equals one from any sender with the same ID and content.
   */
  sender?: string | undefined;
  userId: string;
  metric: string;
  key?: string | undefined;
  /** For a counter the amount to add, by default 1. For a gauge its state. */
  value?: number | undefined;
  at: Date;
  /** The time as sent, if it was later than our clock. `at` is the time of arrival then. */
  sentAt?: Date | undefined;
}

/** One thing that one player did. */
export interface PlayerEvent extends PlayerEventContent {
  /** Given by the game server. An ID counts only once for its sender, forever. */
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

/** The result of a batch. `rejected`: each refused event with its place in the batch. */
export interface IngestOutcome {
  accepted: number;
  /**
   * Events that came before, over HTTP or Kafka, with the same content. They are not counted again.
   */
  duplicates: number;
  rejected: { index: number; message: string }[];
}

/** The most events in one batch. */
export const MAX_PLAYER_EVENTS = 1_000;

export const DAY_MS = 86_400_000;

/**
 * Progress is added up by quarters of an hour, as most days begin with one: all time zone offsets
 * since 1972 are multiples of it. Only a reset minute can let a day begin within a quarter.
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
