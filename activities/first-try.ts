/**
 * S4's first try over HTTP, within the claim's one activity. That holds a workflow task while it
 * waits, so it is bounded, and made only at a provider that has been quick of late: everything else
 * is for an activity of its own.
 */
import type { GrantAnswer } from '../domain/claims/fulfillment.ts';
import { ProviderError } from '../domain/claims/fulfillment.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import { CHECK_VALID_MS, FIRST_POLL_MS, FIRST_TRY_MS } from '../workflows/contract.ts';
import type { ActivityDeps } from './deps.ts';
import { meaningOf, requestOf } from './fulfil.ts';

export type FirstTry =
  | { end: 'GRANTED'; grantedAt: Record<string, string> }
  | { end: 'REFUSED'; detail: string }
  /** Asked, and not all of it is decided; `restMs`: it is not to be asked again for so long. */
  | { end: 'UNDECIDED'; restMs: number }
  | { end: 'NOT_ASKED' };

interface LookedAt {
  /** An earlier attempt may have asked: each line is looked up first. */
  mayHaveAsked: boolean;
  /** When the claim was seen fit for it, on the process's own clock. */
  lookedAtMs: number;
}

type LineEnd =
  | (GrantAnswer & { at: string })
  | { state: 'NOT_ASKED' }
  /** It was asked, and gave no answer that is definite. */
  | { state: 'UNKNOWN'; restMs: number };

/** Asks for every line at once. */
export async function askAtOnce(
  deps: ActivityDeps,
  claim: Claim,
  looked: LookedAt,
): Promise<FirstTry> {
  const leave = deps.pace.enter(claim.snapshot.provider);
  if (!leave) return { end: 'NOT_ASKED' };
  try {
    const lineIds = claim.lines.map(({ lineId }) => lineId);
    const ends = await Promise.all(lineIds.map((lineId) => tryLine(deps, claim, lineId, looked)));
    if (ends.every(({ state }) => state === 'NOT_ASKED')) return { end: 'NOT_ASKED' };
    return decided(lineIds, ends);
  } finally {
    leave();
  }
}

/** How long the provider is to be left alone after this. In milliseconds. */
function restAfter(end: LineEnd): number {
  if (end.state === 'UNKNOWN') return end.restMs;
  return end.state === 'PENDING' ? FIRST_POLL_MS : 0;
}

function decided(lineIds: string[], ends: LineEnd[]): FirstTry {
  const grantedAt: Record<string, string> = {};
  const details: string[] = [];
  for (const [n, end] of ends.entries()) {
    switch (end.state) {
      case 'GRANTED':
        grantedAt[lineIds[n] as string] = end.at;
        break;
      case 'REFUSED':
        details.push(end.detail);
        break;
      default:
        return { end: 'UNDECIDED', restMs: Math.max(...ends.map(restAfter)) };
    }
  }
  if (details.length > 0) return { end: 'REFUSED', detail: details.join(' ') };
  return { end: 'GRANTED', grantedAt };
}

async function tryLine(
  deps: ActivityDeps,
  claim: Claim,
  lineId: string,
  { mayHaveAsked, lookedAtMs }: LookedAt,
): Promise<LineEnd> {
  const { provider: name } = claim.snapshot;
  const provider = deps.provider(name);
  const request = requestOf(claim, lineId);
  const endsAtMs = performance.now() + FIRST_TRY_MS;
  const leftMs = () => Math.max(1, endsAtMs - performance.now());
  if (!provider) return { state: 'NOT_ASKED' };
  let isAsked = mayHaveAsked;
  try {
    const passed = await deps.callLimiter.runNow(name, async () => {
      if (mayHaveAsked) {
        const known = meaningOf(await provider.lookup(request.grantId, leftMs()));
        if (known.state !== 'NEVER_SEEN') return known;
      }
      // Who undoes the claim reckons with no request later than this.
      if (performance.now() - lookedAtMs > CHECK_VALID_MS) return null;
      isAsked = true;
      return await provider.grant(request, leftMs());
    });
    if (passed) return { ...passed, at: deps.now().toISOString() };
    return isAsked ? { state: 'UNKNOWN', restMs: 0 } : { state: 'NOT_ASKED' };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return { state: 'UNKNOWN', restMs: error.retryAfterMs ?? deps.policy.initialIntervalMs };
  }
}
