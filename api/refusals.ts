/**
 * Requests that are refused before the application is reached: a broken request line, too many
 * headers, too slow, no valid host. The application answers them all the same, so that each has an
 * ID, is measured and logged, and looks like any other answer.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { createAdaptorServer } from '@hono/node-server';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { createApp } from './app.ts';
import { linger } from './linger.ts';
import type { ProblemCode } from './problem.ts';
import { rawAnswer } from './raw-answer.ts';
import { settleTarget } from './targets.ts';

export interface Refusal {
  code: ProblemCode;
  detail: string;
  /** Where HTTP has a status of its own for it; else that of the code. */
  status?: ContentfulStatusCode;
}

type Fetch = ReturnType<typeof createApp>['fetch'];
type ServedFetch = Parameters<typeof createAdaptorServer>[0]['fetch'];

/** What Node says of a request that it gives up; everything else is a request it cannot read. */
const GIVEN_UP: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'invalid_request',
    status: 408,
    detail: 'The request took too long to arrive.',
  },
  HPE_HEADER_OVERFLOW: {
    code: 'invalid_request',
    status: 431,
    detail: 'The address and the headers of a request have at most 16 KiB.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    code: 'payload_too_large',
    detail: 'The extensions of a chunk are too long.',
  },
};
const UNREADABLE: Refusal = { code: 'invalid_request', detail: 'This is no HTTP/1.1 request.' };
const NO_PROXY: Refusal = {
  code: 'invalid_request',
  detail: 'This is no proxy: CONNECT is not served.',
};
const EXPECTATION: Refusal = {
  code: 'invalid_request',
  status: 417,
  detail: 'The only expectation that can be met is `100-continue`.',
};

/** The method and address of a request that could not be read. */
const UNREAD_METHOD = 'UNKNOWN';
const UNREAD_URL = 'http://localhost/';

/** What `serve` of `@hono/node-server` is given, and what looks after the server that it makes. */
export function createRefusals(fetch: Fetch) {
  const refusals = new WeakMap<IncomingMessage, Refusal>();
  /** The latest request of a connection. */
  const latest = new WeakMap<Duplex, { incoming: IncomingMessage; response: ServerResponse }>();
  const refused = new WeakSet<Duplex>();

  /** Answers where there is no request that could be answered, and ends the connection. */
  async function answer(socket: Duplex, refusal: Refusal): Promise<void> {
    const request = new Request(UNREAD_URL, { method: UNREAD_METHOD });
    const response = await fetch(request, { refusal });
    const headers = Object.fromEntries(response.headers);
    const bytes = rawAnswer(response.status, headers, await response.text());
    if (!socket.writable) return void socket.destroy();
    socket.write(bytes);
    linger(socket as Socket);
  }

  function onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    // Whatever comes after a mistake is none of a request's, and is reported again and again.
    if (refused.has(socket)) return;
    refused.add(socket);
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const refusal = GIVEN_UP[error.code ?? ''] ?? UNREADABLE;
    const open = latest.get(socket);
    if (!open || open.response.writableFinished) return void answer(socket, refusal);
    // The mistake is in the next request: this one's answer must not be mistaken for its own.
    if (open.incoming.complete) open.response.once('close', () => answer(socket, refusal));
    else if (open.response.headersSent) socket.destroy();
    else void answer(socket, refusal);
  }

  const answering: ServedFetch = (request, env) => {
    const refusal = refusals.get(env.incoming as IncomingMessage);
    return fetch(request, refusal ? { ...env, refusal } : env);
  };

  return {
    options: {
      fetch: answering,
      // We look after bodies that nobody reads: see `unread-bodies.ts`.
      autoCleanupIncoming: false,
      serverOptions: { requireHostHeader: false },
    },
    /** Call it before the server listens. */
    watch(server: Server): void {
      server.prependListener('request', (incoming, response) => {
        latest.set(incoming.socket, { incoming, response });
        const refusal = settleTarget(incoming);
        if (refusal) refusals.set(incoming, refusal);
      });
      server.on('checkExpectation', (incoming, response) => {
        refusals.set(incoming, EXPECTATION);
        server.emit('request', incoming, response);
      });
      server.on('clientError', onClientError);
      server.on('connect', (_, socket) => {
        socket.on('error', () => socket.destroy());
        void answer(socket, NO_PROXY);
      });
    },
  };
}
