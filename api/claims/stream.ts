/** A claim as server-sent events: as it stands at once, after each change, until its final state. */
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { isFinal } from '../../domain/claim.ts';
import type { ClaimChanges } from '../../store/claim-changes.ts';
import type { Claim, ClaimStore } from '../../store/claims.ts';
import type { ClaimBody } from './body.ts';
import { nextChange } from './wait.ts';

/** A comment this often keeps proxies from taking a quiet stream for a dead one. In milliseconds. */
const KEEPALIVE_MS = 15_000;

export interface StreamDeps {
  changes: ClaimChanges;
  claims: ClaimStore;
}

/**
 * Streams the claim from after `lastVersion` (`Last-Event-ID`) on.
 * @param mayRead whether the reader's token still counts; asked before anything is sent
 */
export function streamClaim(
  c: Context,
  deps: StreamDeps,
  claim: Claim,
  lastVersion: number,
  mayRead: () => Promise<boolean>,
  toBody: (claim: Claim) => ClaimBody,
): Response {
  return streamSSE(c, async (stream) => {
    const left = new AbortController();
    stream.onAbort(() => left.abort());
    const read = () => deps.claims.get(claim._id);
    let sent = lastVersion;
    for (let current: Claim | null = claim; current && !left.signal.aborted; ) {
      if (!(await mayRead())) return;
      if (current.version > sent) {
        const data = JSON.stringify(toBody(current));
        await stream.writeSSE({ id: String(current.version), event: 'claim', data });
        sent = current.version;
      }
      if (isFinal(current.state)) return;
      current = await nextChange(deps.changes, claim._id, read, {
        timeoutMs: KEEPALIVE_MS,
        signal: left.signal,
        isEnough: (now) => now.version > sent,
      });
      if (current?.version === sent) await stream.write(': still here\n\n');
    }
  });
}
