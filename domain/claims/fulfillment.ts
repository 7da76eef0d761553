/** What a fulfillment provider is asked, and what it can answer. */
import type { RewardKind } from './claim.ts';

/** The name of the built-in provider: granted lines lie in the player's mailbox, without a call. */
export const MAILBOX = 'mailbox';

/** Whether a provider's name is that of the built-in one. */
export function isMailbox(provider: string): boolean {
  return provider === MAILBOX;
}

interface AskingClaim {
  /** The record says that a provider may have been asked. */
  asked: boolean;
  snapshot: { provider: string; condition?: object | null };
}

/**
 * Whether the first try at a claim's provider comes before the record says that it was asked. That
 * saves a write. It is safe where undoing the claim always calls the provider. A claim with a
 * condition is recorded as asked first: otherwise undoing each claim that is refused for its
 * condition would cost a call.
 */
export function isAskedUnrecorded({ snapshot }: Omit<AskingClaim, 'asked'>): boolean {
  return !isMailbox(snapshot.provider) && !snapshot.condition;
}

/** Whether a provider may have been asked for the claim's lines, as far as the record shows. */
export function mayBeAsked(claim: AskingClaim): boolean {
  return claim.asked || isAskedUnrecorded(claim);
}

/** The body of `POST {base}/grants`. `grantId` is also the idempotency key. */
export interface GrantRequest {
  grantId: string;
  claimId: string;
  userId: string;
  eventId: string;
  reward: { rewardId: string; kind: RewardKind; name: string; quantity: number };
}

type Refused = { state: 'REFUSED'; detail: string };

/** A definite answer to a grant. Anything else is thrown as a `ProviderError`. */
export type GrantAnswer = { state: 'GRANTED' | 'PENDING' } | Refused;

/** What a provider knows about a grant. `NEVER_SEEN` is its 404. */
export type LookupAnswer = { state: 'GRANTED' | 'PENDING' | 'REVOKED' | 'NEVER_SEEN' } | Refused;

/** `NEVER_SEEN`: the provider has nothing to revoke. A request for it may still arrive. */
export type RevokeAnswer = { state: 'REVOKED' | 'NEVER_SEEN' } | Refused;

/**
 * One provider. Every call is idempotent by `grantId`, takes at most the provider's timeout, and
 * throws a `ProviderError` if there is no definite answer.
 */
export interface FulfillmentProvider {
  /**
   * @param withinMs the longest wait for an answer, in milliseconds; the provider's timeout if
   *   absent
   */
  grant(request: GrantRequest, withinMs?: number): Promise<GrantAnswer>;
  /** @param withinMs as for `grant` */
  lookup(grantId: string, withinMs?: number): Promise<LookupAnswer>;
  revoke(grantId: string): Promise<RevokeAnswer>;
}

/**
 * A provider gave no definite answer.
 * `UNAVAILABLE`: it answered that it cannot now (408, 409, 425, 429, 5xx), or could not be reached.
 * `UNKNOWN`: the request may have arrived, but its answer was lost or means nothing to us.
 * In both cases the grant may have been made.
 */
export class ProviderError extends Error {
  readonly kind: 'UNAVAILABLE' | 'UNKNOWN';
  /** The provider's `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Where there was no answer: the code of the reason, such as `ECONNRESET` or `TIMEOUT`. */
  readonly why: string | undefined;

  constructor(
    kind: 'UNAVAILABLE' | 'UNKNOWN',
    message: string,
    retryAfterMs?: number,
    why?: string,
  ) {
    super(message);
    this.name = 'ProviderError';
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
    this.why = why;
  }
}
