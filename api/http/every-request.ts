/** The middleware of every request, in each of our applications. */
import type { IncomingMessage } from 'node:http';
import type { Context, MiddlewareHandler } from 'hono';
import { requestId } from 'hono/request-id';
import { routePath } from 'hono/route';
import { secureHeaders } from 'hono/secure-headers';
import type { Logger } from 'pino';
import { levelOf } from '../../store/mongodb/connection.ts';
import type { ApiEnv } from '../api-env.ts';
import { problemOf, problemOfRefusal, sendProblem, toProblem } from '../problem.ts';
import type { newRouter } from '../router.ts';
import { linger } from '../server/linger.ts';

/** In characters. A longer `X-Request-Id` is replaced by one of ours. */
const MAX_REQUEST_ID_LENGTH = 128;

/** How much of a body is read and thrown away to keep the connection: the largest single body. */
const MOST_DISCARDED_BYTES = 64 * 1024;

type App = ReturnType<typeof newRouter>;

/**
 * Gives each request an ID and each answer its security headers. Answers what was refused below the
 * application, and what is thrown. To be called before the routes are added.
 * @param log for errors that are not the client's
 * @param watching middleware that sees every request, with its ID, and every answer
 */
export function everyRequest(
  app: App,
  log: Logger,
  ...watching: MiddlewareHandler<ApiEnv>[]
): void {
  answerErrors(app, log);
  app.use(requestId({ limitLength: MAX_REQUEST_ID_LENGTH }));
  for (const watch of watching) app.use(watch);
  app.use(settleUnreadBodies);
  app.use(
    secureHeaders({
      // The docs page sets a policy of its own.
      overwrite: false,
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      // For the proxy that terminates TLS to decide.
      strictTransportSecurity: false,
    }),
  );
  app.use(async (c, next) => {
    const refusal = c.env?.refusal;
    return refusal ? sendProblem(c, problemOfRefusal(refusal, c.req.path)) : await next();
  });
  app.notFound((c) =>
    sendProblem(c, problemOf('not_found', 'There is nothing at this address.', c.req.path)),
  );
}

/**
 * Middleware: a client that is answered before it has sent its body can either go on with the next
 * request, or is told that it cannot. The rest of a small body is thrown away. For a larger one the
 * answer says `Connection: close`, and the connection is closed once the client had time to read
 * it.
 */
const settleUnreadBodies: MiddlewareHandler<ApiEnv> = async (c, next) => {
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

/** The status in metrics of a request whose client hung up, as nginx has it. Nobody receives it. */
const CLIENT_CLOSED = 499;

/** Whether the client hung up before its request was complete: its own upload failed. */
function isHungUp({ env }: Context<ApiEnv>): boolean {
  const incoming = env?.incoming;
  return incoming?.complete === false && incoming.destroyed;
}

function answerErrors(app: App, log: Logger): void {
  app.onError((error, c) => {
    const seen = { requestId: c.get('requestId'), method: c.req.method, route: routePath(c, -1) };
    const answer = toProblem(error, c.get('requestId'), c.req.path);
    if (answer.status === 500 && isHungUp(c)) {
      log.debug({ ...seen, err: error }, 'the client hung up');
      return new Response(null, { status: CLIENT_CLOSED });
    }
    if (answer.status === 500) log.error({ ...seen, err: error }, 'request failed');
    if (answer.status === 503) log[levelOf(error)]({ ...seen, err: error }, 'request not served');
    return sendProblem(c, answer);
  });
}
