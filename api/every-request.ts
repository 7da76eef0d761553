/** What every request passes, whichever application answers it. */
import type { MiddlewareHandler } from 'hono';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { problemOf, problemOfRefusal, sendProblem } from './problem.ts';
import type { ApiEnv, newRouter } from './router.ts';
import { settleUnreadBodies } from './unread-bodies.ts';

const MAX_REQUEST_ID_LENGTH = 128;

/**
 * Gives each request an ID, its answer safe headers, and answers those that were refused below.
 * Call it before the routes are added.
 * @param watching sees every request, with its ID, and every answer
 */
export function everyRequest(
  app: ReturnType<typeof newRouter>,
  ...watching: MiddlewareHandler<ApiEnv>[]
): void {
  app.use(requestId({ limitLength: MAX_REQUEST_ID_LENGTH }));
  for (const watch of watching) app.use(watch);
  app.use(settleUnreadBodies);
  app.use(
    secureHeaders({
      // The docs page sets a policy of its own.
      overwrite: false,
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      // Whoever terminates TLS in front of us decides on that.
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
