/** What every request's body passes before a route looks at it. */
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { DomainError } from '../domain/errors.ts';
import type { ApiEnv } from './router.ts';

/** No body that a person's client sends comes near this. */
const MAX_BODY_BYTES = 64 * 1024;

/** Refuses larger bodies with `payload_too_large`. */
export function limitBodies(): MiddlewareHandler<ApiEnv> {
  return bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError() {
      throw new DomainError('payload_too_large', `A body has at most ${MAX_BODY_BYTES} bytes.`);
    },
  });
}

/**
 * Takes an empty body for none, though a content type is sent with it, as many clients always do:
 * a route with an optional body then goes on, any other names the fields it misses.
 */
export const emptyBodyIsNone: MiddlewareHandler<ApiEnv> = async (c, next) => {
  const { headers } = c.req.raw;
  // As bytes: whoever checks a signature over the body later must get it as it came.
  if (headers.has('content-type') && (await c.req.arrayBuffer()).byteLength === 0) {
    headers.delete('content-type');
  }
  await next();
};
