/** `Prefer: wait=N` on the routes of claims, and the places of requests that are held open. */
import type { Context } from 'hono';
import { isFinal } from '../../domain/claims/claim.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ClaimChanges } from '../../store/claims/claim-changes.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import type { ApiEnv } from '../api-env.ts';
import type { LongRequests } from '../http/long-requests.ts';
import { type AuthDeps, stillCounts } from '../identity/auth.ts';
import { countedAs } from '../identity/client-address.ts';
import { preferredWaitS, waitForEnd } from './wait.ts';

export interface WaitDeps extends AuthDeps {
  store: { claims: ClaimStore };
  changes: ClaimChanges;
  longRequests: LongRequests;
}

/**
 * Takes one of the places for requests that are held open. Call what it returns when the request
 * ends.
 * @param cut ends the request early, to make room for a newer one of the same user
 * @throws DomainError if there is no place left
 */
export function beginLong(
  { longRequests }: Pick<WaitDeps, 'longRequests'>,
  c: Context<ApiEnv>,
  cut?: () => void,
): () => void {
  const address = countedAs(c.get('client'));
  return longRequests.begin({ userId: c.get('user').userId, address }, cut);
}

/**
 * The claim after the wait that the client prefers; `Preference-Applied` says that it waited. If
 * there is no place left for a wait, the claim is answered at once: a preference need not be
 * honoured (RFC 7240, section 2).
 */
export async function afterPreferredWait(
  deps: WaitDeps,
  c: Context<ApiEnv>,
  claim: Claim,
): Promise<Claim> {
  const waitS = preferredWaitS(c.req.header('prefer'));
  if (waitS === undefined) return claim;
  const end = waitS > 0 && !isFinal(claim.state) ? beginIfFree(deps, c) : () => {};
  if (!end) return claim;
  try {
    // The body was read: its bytes need not be held during the wait.
    c.get('letGoOfBody')?.();
    c.header('Preference-Applied', `wait=${waitS}`);
    const token = c.get('token');
    const longestS = Math.min(waitS, deps.tokens.leftMs(token) / 1_000);
    const source = { changes: deps.changes, claims: deps.store.claims };
    const last = await waitForEnd(source, claim, longestS, c.req.raw.signal);
    // A token that ended during the wait shows no more than what it could see before.
    return (await stillCounts(deps, token)) ? last : claim;
  } finally {
    end();
  }
}

/** As `beginLong`; undefined if there is no place left. */
function beginIfFree(deps: WaitDeps, c: Context<ApiEnv>): (() => void) | undefined {
  try {
    return beginLong(deps, c);
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}
