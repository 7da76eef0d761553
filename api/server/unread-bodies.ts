/** Settles bodies that are still on their way when their request is answered. */
import type { IncomingMessage } from 'node:http';
import type { MiddlewareHandler } from 'hono';
import type { ApiEnv } from '../api-env.ts';
import { linger } from './linger.ts';

/** How much of a body is read and thrown away to keep the connection: the largest single body. */
const MOST_DISCARDED_BYTES = 64 * 1024;

/**
 * Middleware: a client that is answered before it has sent its body can either go on with the next
 * request, or is told that it cannot. The rest of a small body is thrown away. For a larger one the
 * answer says `Connection: close`, and the connection is closed once the client had time to read
 * it.
 */
export const settleUnreadBodies: MiddlewareHandler<ApiEnv> = async (c, next) => {
  await next();
  const incoming = c.env?.incoming as IncomingMessage | undefined;
  if (!incoming || isWhole(incoming)) return;
  const { socket, headers } = incoming;
  // A client whose expectation failed may or may not send the body.
  const isSure = headers.expect === undefined || headers.expect.toLowerCase() === '100-continue';
  const length = headers['transfer-encoding'] ? undefined : Number(headers['content-length']);
  const goesOn = isSure && length !== undefined && length <= MOST_DISCARDED_BYTES;
  if (!goesOn) c.header('Connection', 'close');
  // Node calls this after the last answer of a connection, whoever made it the last.
  socket.destroySoon = () => {
    discard(incoming);
    linger(socket);
  };
  incoming.once('end', () => Reflect.deleteProperty(socket, 'destroySoon'));
  c.env.outgoing?.once('finish', () => discard(incoming));
};

/** Whether the request has come whole: nothing of its body is missing. */
function isWhole({ complete, headers }: IncomingMessage): boolean {
  const hasBody = 'transfer-encoding' in headers || Number(headers['content-length'] ?? 0) > 0;
  return complete || !hasBody;
}

/** Throws the rest away. A reader that has stopped would hold it up, so it is removed first. */
function discard(incoming: IncomingMessage): void {
  incoming.removeAllListeners('data');
  incoming.resume();
}
