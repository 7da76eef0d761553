/** Limits on connections: how many there may be, how slow, and how much unread data. */
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { BlockList, Socket } from 'node:net';
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
  /** Connections of one address, unless it is a trusted proxy's. */
  mostOfAddress: number;
  /** Within how many milliseconds a request's headers must have come. */
  headersTimeoutMs: number;
  /** Within how many milliseconds after that its body must have come. */
  bodyTimeoutMs: number;
  /** After so long without progress an answer is given up, in milliseconds; 30 s unless given. */
  unreadTimeoutMs?: number;
  trusted: BlockList;
}

/** In milliseconds; about as long as common proxies wait for a client that takes nothing. */
const UNREAD_TIMEOUT_MS = 30_000;

/** Answers of this size and more count as unread until they are taken; smaller ones take little. */
const LARGE_ANSWER_BYTES = 16 * 1024;
/** Unread bytes of all connections together; past it the oldest unread answer is cut. */
const MOST_UNREAD_BYTES = 64 * 1024 * 1024;

/** How often Node checks for late requests, in milliseconds: a timeout is that much longer. */
const LOOK_EVERY_MS = 1_000;
/** When a client that was turned away may come back, in seconds: a connection may end any time. */
const RETRY_AFTER_S = 5;

/**
 * Node's `createServer` with these limits.
 * @param metrics counts the connections, and those that ended at a limit
 * @param around wraps the request handler, inside the limits
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
    // This timeout also ends connections without a request yet, which may take `headersTimeoutMs`.
    server.timeout = Math.max(bounds.unreadTimeoutMs ?? UNREAD_TIMEOUT_MS, headersTimeoutMs);
    server.on('timeout', (socket) => {
      // A slow request is quiet as well. Only an answer that nobody takes fills the socket.
      if (!connectionOf(socket).current || socket.writableLength > 0) socket.destroy();
    });
    const open = countConnections(server, bounds, refused);
    return server;
  };
  return make as typeof createServer;
}

type OnRefused = (bound: 'process' | 'address' | 'pipelined' | 'unread') => void;

/** Turns connections away past the limits. Returns a function that says how many are open. */
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

/** Cuts unread answers, the oldest first, once they are too much in all. */
function boundUnread(onRefused: OnRefused) {
  /** Bytes of each answer that were unread when it was complete, the oldest first. */
  const unread = new Map<Socket, number>();
  let unreadBytes = 0;

  function onTaken(socket: Socket): void {
    unreadBytes -= unread.get(socket) ?? 0;
    unread.delete(socket);
  }

  return {
    onTaken,
    /** A client that reads is done soon, so the oldest entry is one that nobody takes. */
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
