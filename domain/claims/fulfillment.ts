/** What is asked of a fulfillment provider, and what it can answer. */
import type { RewardKind } from './claim.ts';

/** The built-in provider: a line that is granted lies in its player's mailbox, and nobody is asked. */
const MAILBOX = 'mailbox';

/** Whether that is the built-in provider. */
export function isMailbox(provider: string): boolean {
  return provider === MAILBOX;
}

interface Asking {
  /** The record says that a provider may have been asked. */
  asked: boolean;
  snapshot: { provider: string; condition?: object | null };
}

/**
 * Whether a provider is asked for the claim before the record says so: its first try needs no write
 * of its own where undoing the claim asks the provider in any case. A claim with a condition does:
 * else every one that is not met would cost a call.
 */
export function isAskedUnrecorded({ snapshot }: Omit<Asking, 'asked'>): boolean {
  return !isMailbox(snapshot.provider) && !snapshot.condition;
}

/** Whether a provider may have been asked for the claim's lines, as far as its record tells. */
export function mayBeAsked(claim: Asking): boolean {
  return claim.asked || isAskedUnrecorded(claim);
}

/** The body of `POST {base}/grants`; `grantId` is also the idempotency key. */
export interface GrantRequest {
  grantId: string;
  claimId: string;
  userId: string;
  eventId: string;
  reward: { rewardId: string; kind: RewardKind; name: string; quantity: number };
}

/** A definite answer to a grant. Everything that is not one is thrown as a `ProviderError`. */
export type GrantAnswer =
  | { state: 'GRANTED' }
  | { state: 'PENDING' }
  | { state: 'REFUSED'; detail: string };

/** What the provider knows of a grant. `NEVER_SEEN` is its 404. */
export type LookupAnswer =
  | { state: 'GRANTED' | 'PENDING' | 'REVOKED' | 'NEVER_SEEN' }
  | { state: 'REFUSED'; detail: string };

/** `NEVER_SEEN`: nothing to revoke as far as the provider knows; a stalled grant may still arrive. */
export type RevokeAnswer =
  | { state: 'REVOKED' | 'NEVER_SEEN' }
  | { state: 'REFUSED'; detail: string };

/**
 * One provider. Every verb is idempotent by `grantId`, waits at most its own timeout, and throws a
 * `ProviderError` where it has no definite answer.
 */
export interface FulfillmentProvider {
  /** @param withinMs where the answer is worth less waiting than the provider's own timeout */
  grant(request: GrantRequest, withinMs?: number): Promise<GrantAnswer>;
  lookup(grantId: string, withinMs?: number): Promise<LookupAnswer>;
  revoke(grantId: string): Promise<RevokeAnswer>;
}

/**
 * No definite answer from a provider.
 * `UNAVAILABLE`: it answered that it cannot now (408, 409, 425, 429, 5xx) or could not be reached at all.
 * `UNKNOWN`: the request may have arrived and its answer was lost, or said nothing we know.
 * Neither says that nothing was granted.
 */
export class ProviderError extends Error {
  readonly kind: 'UNAVAILABLE' | 'UNKNOWN';
  /** The provider's `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(kind: 'UNAVAILABLE' | 'UNKNOWN', message: string, retryAfterMs?: number) {
    super(message);
    this.name = 'ProviderError';
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}
