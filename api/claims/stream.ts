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
  const response = streamSSE(c, async (stream) => {
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
      // Where we stop, the client comes back with `Last-Event-ID`, to another process.
      if (isFinal(current.state) || deps.changes.isEnding()) return;
      current = await nextChange(deps.changes, claim._id, read, {
        timeoutMs: KEEPALIVE_MS,
        signal: left.signal,
        isEnough: (now) => now.version > sent,
      });
      if (current?.version === sent) await stream.write(': still here\n\n');
    }
  });
  return unbuffered(response);
}

/**
 * Nothing on the way may hold a stream back: nginx does unless told not to, and whoever compresses
 * waits for enough to compress. How it is framed is for Node to say: chunks are none for HTTP/1.0.
 */
function unbuffered(response: Response): Response {
  response.headers.set('X-Accel-Buffering', 'no');
  response.headers.set('Cache-Control', 'no-cache, no-transform');
  response.headers.delete('Transfer-Encoding');
  response.headers.delete('Connection');
  return response;
}
