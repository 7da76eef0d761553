/** What connections may hold, and how many there may be. */
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { BlockList, type Socket } from 'node:net';
import type { Registry } from 'prom-client';
import { createCounts } from '../http/long-requests.ts';
import { clientOf, isTrusted, limitKeyOf } from '../identity/client-address.ts';
import { observeConnections } from '../metrics.ts';
import { type ProblemCode, problemOf } from '../problem.ts';
import { connectionOf, oneAtATime } from './one-request-at-a-time.ts';
import { rawProblem } from './raw-answer.ts';

export interface ConnectionBounds {
  /** Connections of the whole process. */
  most: number;
  /** Connections of one address that is no trusted proxy's. */
  mostOfAddress: number;
  /** In which a request's headers must have come, and then its body. */
  headersTimeoutMs: number;
  bodyTimeoutMs: number;
  /** After which an answer of which nothing is taken any more is given up; 30 s. */
  unreadTimeoutMs?: number;
  trusted: BlockList;
}

/** Wide bounds, for tests: all their clients have one address. */
export const CONNECTIONS: ConnectionBounds = {
  most: 20_000,
  mostOfAddress: 20_000,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 30_000,
  trusted: new BlockList(),
};

/** As long as a common proxy waits. In milliseconds. */
const UNREAD_TIMEOUT_MS = 30_000;

/** Answers of this size and more count as unread until they are taken, up to so many bytes in all. */
const LARGE_ANSWER_BYTES = 16 * 1024;
const MOST_UNREAD_BYTES = 64 * 1024 * 1024;

/** How often Node looks for requests that are late, in milliseconds. */
const LOOK_EVERY_MS = 1_000;
const RETRY_AFTER_S = 5;

/**
 * Node's `createServer` with these bounds, for whoever makes the server.
 * @param around put between the bounds and what handles the requests
 */
export function boundedServer(
  metrics: Registry,
  bounds: ConnectionBounds,
  around: (handler: RequestListener) => RequestListener = (handler) => handler,
): typeof createServer {
  const { headersTimeoutMs, bodyTimeoutMs } = bounds;
  const make = (options: ServerOptions, handler: RequestListener) => {
    const refused = observeConnections(metrics, () => open());
    const late = {
      headersTimeout: headersTimeoutMs,
      requestTimeout: headersTimeoutMs + bodyTimeoutMs,
      connectionsCheckingInterval: LOOK_EVERY_MS,
    };
    const watcher = { ...boundUnread(refused), onTooMuch: () => refused('pipelined') };
    const server = createServer({ ...options, ...late }, oneAtATime(around(handler), watcher));
    // It also ends who has not asked for anything yet, and they have their own time.
    server.timeout = Math.max(bounds.unreadTimeoutMs ?? UNREAD_TIMEOUT_MS, headersTimeoutMs);
    server.on('timeout', (socket) => {
      // A request that takes its time is quiet, too; an answer that nobody takes fills the socket.
      if (!connectionOf(socket).current || socket.writableLength > 0) socket.destroy();
    });
    const open = countConnections(server, bounds, refused);
    return server;
  };
  return make as typeof createServer;
}

type OnRefused = (bound: 'process' | 'address' | 'pipelined' | 'unread') => void;

/** Turns connections away where there are too many; answers how many are open. */
function countConnections(
  server: Server,
  { most, mostOfAddress, trusted }: ConnectionBounds,
  onRefused: OnRefused,
): () => number {
  const ofAddress = createCounts();
  let open = 0;
  server.on('connection', (socket) => {
    const { address } = clientOf({ headers: {}, socket }, trusted);
    const key = limitKeyOf(address);
    if (open >= most) {
      onRefused('process');
      return turnAway(socket, 'unavailable', 'Too many connections. Try again shortly.');
    }
    if (ofAddress.of(key) >= mostOfAddress && !isTrusted(address, trusted)) {
      onRefused('address');
      return turnAway(socket, 'rate_limited', 'Too many connections from one address.');
    }
    open += 1;
    ofAddress.add(key, 1);
    socket.once('close', () => {
      open -= 1;
      ofAddress.add(key, -1);
    });
  });
  return () => open;
}

function turnAway(socket: Socket, code: ProblemCode, detail: string): void {
  const answer = problemOf(code, detail, '/');
  socket.write(rawProblem({ ...answer, headers: { 'Retry-After': String(RETRY_AFTER_S) } }));
  socket.destroySoon();
}

/** Cuts the answers that nobody takes where they come to too much, the oldest first. */
function boundUnread(onRefused: OnRefused) {
  /** What of each answer was not taken yet when it was whole, the oldest first. */
  const unread = new Map<Socket, number>();
  let unreadBytes = 0;

  function onTaken(socket: Socket): void {
    unreadBytes -= unread.get(socket) ?? 0;
    unread.delete(socket);
  }

  return {
    onTaken,
    /** Who reads is done soon: it is the oldest answer that nobody takes. */
    onAnswered(socket: Socket): void {
      const bytes = socket.writableLength;
      if (bytes < LARGE_ANSWER_BYTES) return;
      unread.set(socket, bytes);
      unreadBytes += bytes;
      for (const [oldest] of unread) {
        if (unreadBytes <= MOST_UNREAD_BYTES) return;
        onTaken(oldest);
        onRefused('unread');
        oldest.destroy();
      }
    },
  };
}
