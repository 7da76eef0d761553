/** What a provider can take, and what is asked for before each call to one that has a limit. */

/** A provider's limit: each part where it was given. */
export interface ProviderLimit {
  /** Calls that may begin in a second. */
  callsPerS?: number | undefined;
  /** Calls that may be under way. */
  callsAtOnce?: number | undefined;
}

export interface SlotRequest {
  provider: string;
  /** Names this one turn. */
  slotId: string;
  limit: ProviderLimit;
  /** How long the call can take at most, in milliseconds, its start included: then the turn is over. */
  leaseMs: number;
  /** How far ahead a start may be booked, in milliseconds. */
  aheadMs: number;
}

/** The provider is as busy as it may be. Nothing was asked. */
export class LimitReached extends Error {
  override readonly name = 'LimitReached';
}
