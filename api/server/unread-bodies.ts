/** What becomes of a body that is still on its way when its request is answered. */
import type { IncomingMessage } from 'node:http';
import type { MiddlewareHandler } from 'hono';
import type { ApiEnv } from '../api-env.ts';
import { linger } from './linger.ts';

/** What is taken and thrown away so that the connection can go on: a body as large as most may be. */
const MOST_DISCARDED_BYTES = 64 * 1024;

/**
 * Sees to it that a client which is answered early can send its next request, or knows that it
 * cannot. The rest of a small body is thrown away as it comes. Otherwise the answer says
 * `Connection: close`, and the connection is closed only once the client had time to read it.
 */
export const settleUnreadBodies: MiddlewareHandler<ApiEnv> = async (c, next) => {
  await next();
  const incoming = c.env?.incoming as IncomingMessage | undefined;
  if (!incoming || isWhole(incoming)) return;
  const { socket, headers } = incoming;
  // A client whose expectation is not met may send the body, or not.
  const isSure = headers.expect === undefined || headers.expect.toLowerCase() === '100-continue';
  const length = headers['transfer-encoding'] ? undefined : Number(headers['content-length']);
  const goesOn = isSure && length !== undefined && length <= MOST_DISCARDED_BYTES;
  if (!goesOn) c.header('Connection', 'close');
  // Node closes with this one after an answer that is the last, whoever decided on that.
  socket.destroySoon = () => {
    discard(incoming);
    linger(socket);
  };
  incoming.once('end', () => Reflect.deleteProperty(socket, 'destroySoon'));
  c.env.outgoing?.once('finish', () => discard(incoming));
};

function isWhole({ complete, headers }: IncomingMessage): boolean {
  const hasBody = 'transfer-encoding' in headers || Number(headers['content-length'] ?? 0) > 0;
  return complete || !hasBody;
}

/** Whoever began to read stopped where nobody asked for more: without them all of it comes. */
function discard(incoming: IncomingMessage): void {
  incoming.removeAllListeners('data');
  incoming.resume();
}
