/**
 * What a connection is at, in one record for all who look after it: it has one request at a time.
 * Node hands on every request that it has parsed, however many came at once and whether or not the
 * answers are taken: a few kilobytes of pipelined requests become as many answers in memory.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { linger } from './linger.ts';

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

interface Waiting extends Exchange {
  begin(): void;
  bytes: number;
}

interface Connection {
  /** The request whose turn it is, until its answer was handed to the system whole. */
  current: Exchange | undefined;
  /** Those that came after it, in turn. */
  behind: Waiting[];
  behindBytes: number;
  /** Nothing that comes now is answered any more. */
  isLast: boolean;
  /** Called once all of these are answered. */
  end?: () => void;
}

const connections = new WeakMap<Duplex, Connection>();

export function connectionOf(socket: Duplex): Connection {
  let connection = connections.get(socket);
  if (!connection) {
    connection = { current: undefined, behind: [], behindBytes: 0, isLast: false };
    connections.set(socket, connection);
  }
  return connection;
}

/** Calls `end` once everything is answered that was asked over the connection. */
export function afterAll(connection: Connection, end: () => void): void {
  connection.end = end;
  if (!connection.current) end();
}

/**
 * What the requests may take that wait behind another. A client that pipelines more loses the
 * connection once those are answered, as it must expect (RFC 9112, section 9.3.2): what was parsed
 * cannot be put back.
 */
const MOST_BEHIND_BYTES = { connection: 256 * 1024, process: 32 * 1024 * 1024 };

/** Nothing more is read past it. Not at once: whoever is not read from can leave unnoticed. */
const HELD_PAST_BYTES = 64 * 1024;

/** A request without headers, each name or value besides its text, and a body before it is read. */
const REQUEST_BYTES = 4 * 1024;
const TEXT_BYTES = 32;
const MOST_BODY_BYTES = 128 * 1024;

function bytesOf({ rawHeaders, headers, url = '' }: IncomingMessage): number {
  const isChunked = 'transfer-encoding' in headers;
  const body = isChunked ? MOST_BODY_BYTES : Number(headers['content-length'] ?? 0);
  const text = rawHeaders.reduce((sum, { length }) => sum + TEXT_BYTES + length, url.length);
  return REQUEST_BYTES + text + Math.min(body, MOST_BODY_BYTES);
}

interface Watcher {
  /** An answer is whole; not all of it may have been taken. */
  onAnswered(socket: Socket): void;
  /** It was handed to the system, or never will be. */
  onTaken(socket: Socket): void;
  /** Too much waits on that connection, or on all of them. */
  onTooMuch(): void;
}

/** Begins a connection's next request once the answer before it was handed to the system whole. */
export function oneAtATime(handler: RequestListener, watcher: Watcher): RequestListener {
  let behindBytes = 0;

  function count(connection: Connection, bytes: number): void {
    connection.behindBytes += bytes;
    behindBytes += bytes;
  }

  function next(socket: Socket, connection: Connection): void {
    const { behind } = connection;
    connection.current = undefined;
    // Nothing follows an answer that ends the connection (RFC 9112, section 9.6).
    if (socket.destroyed || socket.writableEnded) {
      behind.length = 0;
      count(connection, -connection.behindBytes);
      return;
    }
    const following = behind.shift();
    if (following) {
      count(connection, -following.bytes);
      following.begin();
    } else connection.end?.();
    if (connection.behindBytes <= HELD_PAST_BYTES) socket.resume();
    else hold(socket, connection);
  }

  return (request, response) => {
    const { socket } = request;
    const connection = connectionOf(socket);
    const { behind } = connection;
    if (connection.isLast || socket.destroyed || socket.writableEnded) return;
    const begin = () => {
      connection.current = { request, response };
      response.once('prefinish', () => watcher.onAnswered(socket));
      response.once('close', () => {
        watcher.onTaken(socket);
        next(socket, connection);
      });
      handler(request, response);
    };
    if (!connection.current) return begin();
    const bytes = bytesOf(request);
    const isTooMuch =
      connection.behindBytes + bytes > MOST_BEHIND_BYTES.connection ||
      behindBytes + bytes > MOST_BEHIND_BYTES.process;
    if (isTooMuch) {
      watcher.onTooMuch();
      connection.isLast = true;
      dropTheRest(socket);
      return afterAll(connection, () => linger(socket));
    }
    count(connection, bytes);
    behind.push({ request, response, begin, bytes });
    hold(socket, connection);
  };
}

/**
 * Leaves what else comes where it is, until it is the turn of what was parsed. Node reads on after
 * each request, so it is stopped after that; and what has no body yet must get it.
 */
function hold(socket: Socket, connection: Connection): void {
  setImmediate(() => {
    const isEnough = connection.behindBytes > HELD_PAST_BYTES;
    if (isEnough && connection.behind.at(-1)?.request.complete) socket.pause();
  });
}

/**
 * Node goes on with what it was given in one piece, and would keep all of it until the socket is
 * closed: with many connections at once that is more than a process may have.
 */
function dropTheRest(socket: Socket): void {
  // Node has its parser there, and leaves it out of its types.
  const { parser } = socket as { parser?: { onIncoming: () => number } | null };
  if (parser) parser.onIncoming = () => 0;
}
