/** One HTTP request with limits on its time and its answer. The result says how far it got. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';

/** The most bytes of an answer's body that are read. What a provider answers is far shorter. */
export const LONGEST_ANSWER_BYTES = 65_536;

/**
 * Open connections to one provider: more than a worker's activity slots, so that calls wait in
 * Temporal's queue and not in ours.
 */
const MOST_CONNECTIONS = 256;

/**
 * How long a connection may be idle, in milliseconds: less than the five seconds after which many
 * servers, Node's among them, close it.
 */
const IDLE_MS = 4_000;

export interface HttpCall {
  url: URL;
  method: 'GET' | 'POST' | 'DELETE';
  headers: Record<string, string>;
  body: string;
  agent: http.Agent;
  /** The limit in milliseconds, from the call to the answer's last byte. */
  timeoutMs: number;
}

/**
 * `UNREACHED`: there was no connection, so nothing can have arrived. `LOST`: the request may have
 * arrived, but its answer did not come. `why` is a code such as `ECONNRESET` or `TIMEOUT`, never a
 * text of the other side.
 */
export type Exchange =
  | { kind: 'UNREACHED' | 'LOST'; why: string }
  | {
      kind: 'ANSWERED';
      status: number;
      headers: IncomingHttpHeaders;
      /** Null where it was longer than `LONGEST_ANSWER_BYTES`, cut off, too slow, or not UTF-8. */
      body: string | null;
    };

/** Keeps connections to one provider open. They do not keep the process alive. */
export function createAgent(url: URL): http.Agent {
  const { Agent } = url.protocol === 'https:' ? https : http;
  return new Agent({ keepAlive: true, maxSockets: MOST_CONNECTIONS, timeout: IDLE_MS });
}

/**
 * Makes one request. It follows no redirect, sends nothing twice, and uses no proxy and no
 * compression. Network errors are part of the result; none is thrown. It uses `node:http`, because
 * `fetch` does not say whether there was a connection when a request failed.
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
      // Before TLS is agreed on, nothing of the request was sent: the handshake is connecting.
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
