/**
 * One request at a time on each connection, and the state of each connection for the files beside
 * this one. Node starts every request that it has parsed, however many a client pipelines, and
 * whether or not it takes the answers: a few kilobytes of requests would become many answers in
 * memory.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { linger } from './linger.ts';

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

/** A request that waits behind another on its connection. */
interface Waiting extends Exchange {
  begin(): void;
  /** What it takes in memory, as estimated by `bytesOf`. */
  bytes: number;
}

interface Connection {
  /** The request being answered, until its whole answer was handed to the operating system. */
  current: Exchange | undefined;
  /** The requests behind it, in order. */
  behind: Waiting[];
  behindBytes: number;
  /** Requests that come now are not answered any more. */
  isLast: boolean;
  /** Called once `current` and `behind` are answered. */
  end?: () => void;
}

const connections = new WeakMap<Duplex, Connection>();

/** The state of a connection; made when it is first asked for. */
export function connectionOf(socket: Duplex): Connection {
  let connection = connections.get(socket);
  if (!connection) {
    connection = { current: undefined, behind: [], behindBytes: 0, isLast: false };
    connections.set(socket, connection);
  }
  return connection;
}

/** Calls `end` once all requests of the connection are answered; at once if there are none. */
export function afterAll(connection: Connection, end: () => void): void {
  connection.end = end;
  if (!connection.current) end();
}

/**
 * How much memory the requests may take that wait behind others. A client that pipelines more loses
 * the connection once those before are answered, because a parsed request cannot be put back.
 * Clients must expect that (RFC 9112, section 9.3.2).
 */
const MOST_BEHIND_BYTES = { connection: 256 * 1024, process: 32 * 1024 * 1024 };

/**
 * A connection with more than this waiting is not read from. Not with the first byte: a client that
 * hangs up is only noticed by reading.
 */
const HELD_PAST_BYTES = 64 * 1024;

/** What a request takes without its headers. */
const REQUEST_BYTES = 4 * 1024;
/** What each header name and value takes besides its text. */
const TEXT_BYTES = 32;
/** What Node buffers of an unread body, at most. */
const MOST_BODY_BYTES = 128 * 1024;

/** An estimate of what a parsed request takes in memory, in bytes. */
function bytesOf({ rawHeaders, headers, url = '' }: IncomingMessage): number {
  const isChunked = 'transfer-encoding' in headers;
  const body = isChunked ? MOST_BODY_BYTES : Number(headers['content-length'] ?? 0);
  const text = rawHeaders.reduce((sum, { length }) => sum + TEXT_BYTES + length, url.length);
  return REQUEST_BYTES + text + Math.min(body, MOST_BODY_BYTES);
}

interface Watcher {
  /** An answer was written whole; the client may not have taken all of it. */
  onAnswered(socket: Socket): void;
  /** The answer was handed to the operating system, or never will be. */
  onTaken(socket: Socket): void;
  /** Too much waits on one connection, or on all of them. */
  onTooMuch(): void;
}

/** Wraps a handler: a connection's next request begins once the answer before was handed over. */
export function oneAtATime(handler: RequestListener, watcher: Watcher): RequestListener {
  let behindBytes = 0;

  function count(connection: Connection, bytes: number): void {
    connection.behindBytes += bytes;
    behindBytes += bytes;
  }

  function next(socket: Socket, connection: Connection): void {
    const { behind } = connection;
    connection.current = undefined;
    // No answer may follow one that ends the connection (RFC 9112, section 9.6).
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
 * Stops reading from the connection while enough requests wait. It does so after Node's own step,
 * which resumes the socket after each request; and not before the last request has its body.
 */
function hold(socket: Socket, connection: Connection): void {
  setImmediate(() => {
    const isEnough = connection.behindBytes > HELD_PAST_BYTES;
    if (isEnough && connection.behind.at(-1)?.request.complete) socket.pause();
  });
}

/**
 * Makes Node's parser drop the requests that are left in the bytes it has. It would keep them until
 * the socket is closed, and on many connections that is more memory than a process may have.
 */
function dropTheRest(socket: Socket): void {
  // Node keeps its parser there; its types do not say so.
  const { parser } = socket as { parser?: { onIncoming: () => number } | null };
  if (parser) parser.onIncoming = () => 0;
}
