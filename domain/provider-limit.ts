/** A provider's limit, and the slot that each call to a limited provider needs. */

/** A provider's limit. A part that is absent has no limit. */
export interface ProviderLimit {
  /** How many calls may begin in a second. */
  callsPerS?: number | undefined;
  /** How many calls may be under way at once. */
  callsAtOnce?: number | undefined;
}

/** A request for a slot in a provider's limit, for one call. */
export interface SlotRequest {
  provider: string;
  /** The slot's own ID, to give it back by. */
  slotId: string;
  limit: ProviderLimit;
  /** After this time, in milliseconds, the slot is free again even if it was not given back. */
  leaseMs: number;
  /** How far in the future the call's start may be reserved, in milliseconds. */
  aheadMs: number;
}

/** No slot was free: the provider has as many calls as its limit allows. It was not asked. */
export class LimitReached extends Error {
  override readonly name = 'LimitReached';
}
