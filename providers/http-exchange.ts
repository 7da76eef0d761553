/** One HTTP exchange with limits on its time and its answer, which tells how far it got. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';

/** The most of an answer's body that is read, in bytes; what a provider has to say is far shorter. */
export const LONGEST_ANSWER_BYTES = 65_536;

/** More than a worker's activity slots, so that calls wait in Temporal's queue and not in ours. */
const MOST_CONNECTIONS = 256;

/** Below the five seconds after which many servers (Node's too) close an idle connection. */
const IDLE_MS = 4_000;

export interface HttpCall {
  url: URL;
  method: 'GET' | 'POST' | 'DELETE';
  headers: Record<string, string>;
  body: string;
  agent: http.Agent;
  /** From the call until the answer's last byte. */
  timeoutMs: number;
}

/**
 * `UNREACHED`: no connection stood, so nothing can have arrived.
 * `LOST`: the request may have arrived, its answer did not.
 * `why` is a code such as `ECONNRESET` or `TIMEOUT`, never text from the other side.
 */
export type Exchange =
  | { kind: 'UNREACHED' | 'LOST'; why: string }
  | {
      kind: 'ANSWERED';
      status: number;
      headers: IncomingHttpHeaders;
      /** Null where it was longer than `LONGEST_ANSWER_BYTES`, cut off, too slow, or no UTF-8. */
      body: string | null;
    };

/** Kept connections to one provider. They do not keep the process alive. */
export function createAgent(url: URL): http.Agent {
  const { Agent } = url.protocol === 'https:' ? https : http;
  return new Agent({ keepAlive: true, maxSockets: MOST_CONNECTIONS, timeout: IDLE_MS });
}

/**
 * Makes one call: no redirect is followed, nothing is sent twice, no proxy and no compression.
 * What can go wrong on the way is in the outcome and never thrown. Plain `node:http`, as `fetch`
 * does not tell whether a connection stood when a call failed.
 */
export function exchange(call: HttpCall): Promise<Exchange> {
  return new Promise((resolve) => {
    const secure = call.url.protocol === 'https:';
    const { method, headers, agent } = call;
    const request = (secure ? https : http).request(call.url, { method, headers, agent });
    let connected = false;
    let why = 'ECONNRESET';
    let answered = false;

    const timer = setTimeout(() => {
      request.destroy(Object.assign(new Error('too slow'), { code: 'TIMEOUT' }));
    }, call.timeoutMs);
    const settle = (outcome: Exchange) => {
      clearTimeout(timer);
      resolve(outcome);
    };

    request.on('socket', (socket) => {
      // Until TLS is agreed on nothing of the request has left, so the handshake counts as connecting.
      if (request.reusedSocket) connected = true;
      else socket.once(secure ? 'secureConnect' : 'connect', () => (connected = true));
    });
    request.on('response', async (response) => {
      answered = true;
      const body = await readBody(response);
      const status = response.statusCode ?? 0;
      settle({ kind: 'ANSWERED', status, headers: response.headers, body });
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      why = error.code ?? error.name;
    });
    request.on('close', () => {
      if (!answered) settle({ kind: connected ? 'LOST' : 'UNREACHED', why });
    });
    request.end(call.body);
  });
}

async function readBody(response: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > LONGEST_ANSWER_BYTES) return null;
      chunks.push(chunk);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    return null;
  }
}
