/**
 * Requests that are refused before they reach the application: a broken request line, too many
 * headers, too slow, no valid host. The application still writes the answer, so that each has an
 * ID, is measured and logged, and looks like any other answer.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { createAdaptorServer } from '@hono/node-server';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { ApiEnv } from '../api-env.ts';
import type { Refusal } from '../problem.ts';
import { linger } from './linger.ts';
import { afterAll, connectionOf } from './one-request-at-a-time.ts';
import { rawAnswer } from './raw-answer.ts';
import { refused, settleTarget } from './request-target.ts';

type Fetch = OpenAPIHono<ApiEnv>['fetch'];
type ServedFetch = Parameters<typeof createAdaptorServer>[0]['fetch'];

/** By the code of Node's error. Any other code means that the request could not be parsed. */
const GIVEN_UP: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { ...refused('The request took too long to arrive.'), status: 408 },
  HPE_HEADER_OVERFLOW: {
    ...refused('The address and the headers of a request have at most 16 KiB.'),
    status: 431,
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    code: 'payload_too_large',
    detail: 'The extensions of a chunk are too long.',
  },
};
const UNREADABLE = refused('This is no HTTP/1.1 request.');
const NO_PROXY = refused('This is no proxy: CONNECT is not served.');
const EXPECTATION: Refusal = {
  ...refused('The only expectation that can be met is `100-continue`.'),
  status: 417,
};

/** Stand in for the method and the URL of a request that could not be parsed. */
const UNREAD_METHOD = 'UNKNOWN';
const UNREAD_URL = 'http://localhost/';

/** Answers on the socket itself, for want of a request, and ends the connection. */
async function answerOn(fetch: Fetch, socket: Duplex, refusal: Refusal): Promise<void> {
  const request = new Request(UNREAD_URL, { method: UNREAD_METHOD });
  const response = await fetch(request, { refusal });
  const headers = Object.fromEntries(response.headers);
  const bytes = rawAnswer(response.status, headers, await response.text());
  if (!socket.writable) return void socket.destroy();
  socket.write(bytes);
  linger(socket as Socket);
}

/** Refusals of one server: options for `serve` of `@hono/node-server`, and hooks for its server. */
export function createRefusals(fetch: Fetch) {
  const refusals = new WeakMap<IncomingMessage, Refusal>();

  /** Refuses what came on the connection, after the answers to the requests before it. */
  function refuse(socket: Duplex, refusal: Refusal): void {
    const connection = connectionOf(socket);
    const { current, behind } = connection;
    connection.isLast = true;
    const latest = behind.at(-1) ?? current;
    // If the latest request is complete, the mistake is in the one after it.
    if (!latest || latest.request.complete || behind.pop()) {
      afterAll(connection, () => answerOn(fetch, socket, refusal));
    } else if (latest.response.headersSent) socket.destroy();
    else void answerOn(fetch, socket, refusal);
  }

  function onClientError(server: Server, error: NodeJS.ErrnoException, socket: Socket): void {
    // Opened ahead of use: the client would take a refusal for the answer to its first request.
    const isUnused = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0;
    if (isUnused) return void socket.setTimeout(server.keepAliveTimeout);
    // Bytes after a mistake belong to no request, and Node reports each piece of them again.
    if (connectionOf(socket).isLast) return;
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    refuse(socket, GIVEN_UP[error.code ?? ''] ?? UNREADABLE);
  }

  const answering: ServedFetch = (request, env) => {
    const refusal = refusals.get(env.incoming as IncomingMessage);
    return fetch(request, refusal ? { ...env, refusal } : env);
  };

  return {
    options: {
      fetch: answering,
      // Bodies that nobody reads are settled in `every-request.ts`.
      autoCleanupIncoming: false,
      serverOptions: { requireHostHeader: false },
    },
    /** Listens to the server's events. To be called before the server listens. */
    watch(server: Server): void {
      server.prependListener('request', (incoming) => {
        const refusal = settleTarget(incoming);
        if (refusal) refusals.set(incoming, refusal);
      });
      server.on('checkExpectation', (incoming, response) => {
        refusals.set(incoming, EXPECTATION);
        server.emit('request', incoming, response);
      });
      server.on('clientError', (error, socket) => onClientError(server, error, socket as Socket));
      server.on('connect', (_, socket) => {
        // Node gives the socket up after CONNECT, but an earlier answer may still be on its way.
        socket.on('error', () => socket.destroy());
        socket.on('timeout', () => server.emit('timeout', socket));
        socket.on('drain', () => connectionOf(socket).current?.response.emit('drain'));
        refuse(socket, NO_PROXY);
      });
    },
  };
}
