/** A claim as server-sent events: at once, after each change, and until its final state. */
import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { isFinal } from '../../domain/claims/claim.ts';
import type { ClaimChanges } from '../../store/claims/claim-changes.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import type { ClaimBody } from './claim-body.ts';
import { nextChange } from './wait.ts';

/**
 * How often a comment is sent on a quiet stream, in milliseconds: many proxies close a connection
 * that is silent for a minute.
 */
const KEEPALIVE_MS = 15_000;

interface StreamDeps {
  changes: ClaimChanges;
  claims: ClaimStore;
}

/** The client at the other end of a stream. */
interface Reader {
  /** Whether its token is still valid; asked before anything is sent. */
  mayRead(): Promise<boolean>;
  /** How long the token is still valid at most, in milliseconds. */
  leftMs(): number;
  /** Called when the stream has ended. */
  end(): void;
  /** Aborted when the client leaves, or when a newer stream takes this one's place. */
  over: AbortController;
}

/**
 * Streams the claim to its final state, or until the reader's token ends.
 * @param lastVersion the `version` the client has seen (`Last-Event-ID`); 0 for none
 * @param toBody the claim as this reader sees it
 */
export function streamClaim(
  c: Context,
  deps: StreamDeps,
  claim: Claim,
  lastVersion: number,
  reader: Reader,
  toBody: (claim: Claim) => ClaimBody,
): Response {
  const follow = async (stream: SSEStreamingApi) => {
    const over = reader.over.signal;
    stream.onAbort(() => reader.over.abort());
    const read = () => deps.claims.get(claim._id, claim.userId);
    let sent = lastVersion;
    for (let current: Claim | null = claim; current && !over.aborted; ) {
      if (!(await reader.mayRead())) return;
      if (current.version > sent) {
        const data = JSON.stringify(toBody(current));
        await stream.writeSSE({ id: String(current.version), event: 'claim', data });
        sent = current.version;
      }
      // If this process stops, the client reconnects to another one with `Last-Event-ID`.
      if (isFinal(current.state) || deps.changes.isEnding()) return;
      current = await nextChange(deps.changes, claim._id, read, {
        timeoutMs: Math.min(KEEPALIVE_MS, reader.leftMs()),
        signal: over,
        isEnough: (now) => now.version > sent,
      });
      if (current?.version === sent && !over.aborted) await stream.write(': still here\n\n');
    }
  };
  return unbuffered(streamSSE(c, async (stream) => await follow(stream).finally(reader.end)));
}

/**
 * Headers that keep proxies from buffering the stream: nginx buffers unless it is told not to, and
 * a proxy that compresses waits for enough to compress. Node frames the body by itself: HTTP/1.0
 * has no chunks.
 */
export function unbuffered(response: Response): Response {
  response.headers.set('X-Accel-Buffering', 'no');
  response.headers.set('Cache-Control', 'no-cache, no-transform');
  response.headers.delete('Transfer-Encoding');
  response.headers.delete('Connection');
  return response;
}
