/** Waiting for a claim's end: `Prefer: wait=N` (RFC 7240, section 4.3). */
import { isFinal } from '../../domain/claims/claim.ts';
import type { ClaimChanges } from '../../store/claims/claim-changes.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';

/** Longest wait of one request, in seconds: below the timeouts of common proxies. */
const MAX_WAIT_S = 30;

/** Re-reading while nothing is heard, in milliseconds: a change is never missed for longer. */
const REREAD_MS = 5_000;

/** The seconds a client would wait, at most 30; undefined where it did not say or said nonsense. */
export function preferredWaitS(prefer: string | undefined): number | undefined {
  const wait = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=$|[,;])/i.exec(prefer ?? '')?.[1];
  return wait === undefined ? undefined : Math.min(Number(wait), MAX_WAIT_S);
}

/** Waits for a change, for the time to run out, for the caller to leave or for us to stop. */
export async function nextChange(
  changes: ClaimChanges,
  claimId: string,
  read: () => Promise<Claim | null>,
  until: {
    timeoutMs: number;
    signal: AbortSignal;
    isEnough: (claim: Claim) => boolean;
    /** Nothing but its end is enough, so that changes before it need not be looked at. */
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
      // Armed before the read: what changes during it wakes us at once.
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

/** The claim once it is final, or as it stands when the time is up. */
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
