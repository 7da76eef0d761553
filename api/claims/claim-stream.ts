/** A claim as server-sent events: as it stands at once, after each change, until its final state. */
import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { isFinal } from '../../domain/claims/claim.ts';
import type { ClaimChanges } from '../../store/claims/claim-changes.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import type { ClaimBody } from './claim-body.ts';
import { nextChange } from './wait.ts';

/** A comment this often keeps proxies from taking a quiet stream for a dead one. In milliseconds. */
const KEEPALIVE_MS = 15_000;

interface StreamDeps {
  changes: ClaimChanges;
  claims: ClaimStore;
}

/** Who reads a stream. */
interface Reader {
  /** Whether their token still counts; asked before anything is sent. */
  mayRead(): Promise<boolean>;
  /** How long it does at most, in milliseconds. */
  leftMs(): number;
  /** Told when the stream ends. */
  end(): void;
  /** Aborted when the stream is over for its reader, who left or has another instead. */
  over: AbortController;
}

/** Streams the claim from after `lastVersion` (`Last-Event-ID`) on, for as long as its reader may. */
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
      // Where we stop, the client comes back with `Last-Event-ID`, to another process.
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
