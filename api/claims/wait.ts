/**
 * Waiting for a claim's end: `Prefer: wait=N` (RFC 7240, section 4.3), and the places of requests
 * that are held open.
 */
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

export interface WaitDeps extends AuthDeps {
  store: { claims: ClaimStore };
  changes: ClaimChanges;
  longRequests: LongRequests;
}

/** Longest wait of one request, in seconds: below the timeouts of common proxies. */
const MAX_WAIT_S = 30;

/**
 * How often a waiting request reads the claim though no change was reported, in milliseconds: a
 * lost report delays an answer by this much at most.
 */
const REREAD_MS = 5_000;

/** The seconds that a `Prefer` header asks to wait, 30 at most; undefined if it asks none. */
export function preferredWaitS(prefer: string | undefined): number | undefined {
  const wait = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=$|[,;])/i.exec(prefer ?? '')?.[1];
  return wait === undefined ? undefined : Math.min(Number(wait), MAX_WAIT_S);
}

/**
 * Waits until the claim is as the caller wants it, the time is up, the caller leaves, or the
 * process stops.
 * @param read reads the claim
 * @returns the claim as it was read last; null if there is none
 */
export async function nextChange(
  changes: ClaimChanges,
  claimId: string,
  read: () => Promise<Claim | null>,
  until: {
    timeoutMs: number;
    signal: AbortSignal;
    isEnough: (claim: Claim) => boolean;
    /** Only a final state is enough, so changes to an open claim are not read. */
    isForEnd?: boolean;
  },
): Promise<Claim | null> {
  const endsAtMs = performance.now() + until.timeoutMs;
  let wake = Promise.withResolvers<void>();
  const look = () => wake.resolve();
  const unsubscribe = changes.subscribe(claimId, (isOpen) => {
    if (!isOpen || !until.isForEnd) look();
  });
  until.signal.addEventListener('abort', look);
  try {
    for (;;) {
      // Armed before the read, so that a change during the read wakes at once.
      wake = Promise.withResolvers<void>();
      const claim = await read();
      const leftMs = endsAtMs - performance.now();
      const isOver = leftMs <= 0 || until.signal.aborted || changes.isEnding();
      if (!claim || until.isEnough(claim) || isOver) return claim;
      const timer = setTimeout(look, Math.min(leftMs, REREAD_MS));
      await wake.promise;
      clearTimeout(timer);
    }
  } finally {
    unsubscribe();
    until.signal.removeEventListener('abort', look);
  }
}

/** The claim once it is final, or as it is after `waitS` seconds. */
export async function waitForEnd(
  deps: { changes: ClaimChanges; claims: ClaimStore },
  claim: Claim,
  waitS: number,
  signal: AbortSignal,
): Promise<Claim> {
  if (isFinal(claim.state) || waitS === 0) return claim;
  const read = () => deps.claims.get(claim._id, claim.userId);
  const isEnough = (now: Claim) => isFinal(now.state);
  const until = { timeoutMs: waitS * 1_000, signal, isEnough, isForEnd: true };
  return (await nextChange(deps.changes, claim._id, read, until)) ?? claim;
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
