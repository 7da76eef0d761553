/**
 * S4's first try at an HTTP provider, inside the activity `advance`. Its wait holds a workflow
 * task. So its time is limited, and only a provider that was quick of late gets one. All other
 * requests are made in an activity of their own.
 */
import { type GrantAnswer, ProviderError } from '../domain/claims/fulfillment.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import { CHECK_VALID_MS, FIRST_POLL_MS, FIRST_TRY_MS } from '../workflows/contract.ts';
import type { ActivityDeps } from './deps.ts';
import { meaningOf, requestOf } from './grant-line.ts';

/** What came of the first try. `grantedAt`: when each line's grant was confirmed, by line. */
export type FirstTry =
  | { end: 'GRANTED'; grantedAt: Record<string, string> }
  | { end: 'REFUSED'; detail: string }
  /** Asked, but not every line is decided. Wait `restMs` milliseconds before asking again. */
  | { end: 'UNDECIDED'; restMs: number }
  | { end: 'NOT_ASKED' };

type FirstTryDeps = Pick<ActivityDeps, 'pace' | 'provider' | 'callLimiter' | 'policy' | 'now'>;

interface Checked {
  /** An earlier attempt may have asked: each line is looked up first. */
  mayHaveAsked: boolean;
  /** The player's external ID; null where there is none. */
  externalId: string | null;
  /** When the claim was checked, in milliseconds of `performance.now()`. */
  checkedAtMs: number;
}

type LineEnd =
  | (GrantAnswer & { at: string })
  | { state: 'NOT_ASKED' }
  /** Asked, without a definite answer. Wait `restMs` milliseconds before asking again. */
  | { state: 'UNKNOWN'; restMs: number };

/** Asks the claim's provider for all lines at once, if a first try may be made now. */
export async function askAtOnce(
  deps: FirstTryDeps,
  claim: Claim,
  checked: Checked,
): Promise<FirstTry> {
  const leave = deps.pace.enter(claim.snapshot.provider);
  if (!leave) return { end: 'NOT_ASKED' };
  try {
    const lineIds = claim.lines.map(({ lineId }) => lineId);
    const ends = await Promise.all(lineIds.map((lineId) => tryLine(deps, claim, lineId, checked)));
    if (ends.every(({ state }) => state === 'NOT_ASKED')) return { end: 'NOT_ASKED' };
    return decided(lineIds, ends);
  } finally {
    leave();
  }
}

/** How long to wait before the provider is asked again, in milliseconds. */
function restAfter(end: LineEnd): number {
  if (end.state === 'UNKNOWN') return end.restMs;
  return end.state === 'PENDING' ? FIRST_POLL_MS : 0;
}

function decided(lineIds: string[], ends: LineEnd[]): FirstTry {
  const grantedAt: Record<string, string> = {};
  const details: string[] = [];
  for (const [n, end] of ends.entries()) {
    if (end.state === 'GRANTED') grantedAt[lineIds[n] as string] = end.at;
    else if (end.state === 'REFUSED') details.push(end.detail);
    else return { end: 'UNDECIDED', restMs: Math.max(...ends.map(restAfter)) };
  }
  if (details.length > 0) return { end: 'REFUSED', detail: details.join(' ') };
  return { end: 'GRANTED', grantedAt };
}

async function tryLine(
  deps: FirstTryDeps,
  claim: Claim,
  lineId: string,
  { mayHaveAsked, externalId, checkedAtMs }: Checked,
): Promise<LineEnd> {
  const { provider: name } = claim.snapshot;
  const provider = deps.provider(name);
  const request = { ...requestOf(claim, lineId), externalId };
  const endsAtMs = performance.now() + FIRST_TRY_MS;
  const leftMs = () => Math.max(1, endsAtMs - performance.now());
  if (!provider) return { state: 'NOT_ASKED' };
  let isAsked = mayHaveAsked;
  try {
    const answer = await deps.callLimiter.runNow(name, async () => {
      if (mayHaveAsked) {
        const known = meaningOf(await provider.lookup(request.grantId, leftMs()));
        if (known.state !== 'NEVER_SEEN') return known;
      }
      // A run that undoes the claim waits only this long for a late request.
      if (performance.now() - checkedAtMs > CHECK_VALID_MS) return null;
      isAsked = true;
      return await provider.grant(request, leftMs());
    });
    if (answer) return { ...answer, at: deps.now().toISOString() };
    return isAsked ? { state: 'UNKNOWN', restMs: 0 } : { state: 'NOT_ASKED' };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return { state: 'UNKNOWN', restMs: error.retryAfterMs ?? deps.policy.initialIntervalMs };
  }
}
