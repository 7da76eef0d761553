/** What every request's body passes before a route looks at it. */
import { isUtf8 } from 'node:buffer';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { DomainError } from '../domain/errors.ts';
import type { ApiEnv } from './router.ts';

/** No body that a person's client sends comes near this. */
const MAX_BODY_BYTES = 64 * 1024;

/** Game servers send batches: a thousand events, with names in any script. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_PATH = '/api/activity-events';

/** Refuses larger bodies with `payload_too_large`. */
export function limitBodies(): MiddlewareHandler<ApiEnv> {
  const [single, batch] = [MAX_BODY_BYTES, MAX_BATCH_BYTES].map((maxSize) =>
    bodyLimit({
      maxSize,
      onError() {
        throw new DomainError('payload_too_large', `A body has at most ${maxSize} bytes.`);
      },
    }),
  ) as [MiddlewareHandler, MiddlewareHandler];
  return async (c, next) => await (c.req.path === BATCH_PATH ? batch : single)(c, next);
}

/**
 * Refuses bytes that are not UTF-8 (RFC 8259, section 8.1): read all the same, what they stand for
 * would be stored as U+FFFD. An empty body is taken for none, though a content type is sent with it,
 * as many clients always do: a route with an optional body then goes on, any other names the fields
 * it misses.
 */
export const readBodies: MiddlewareHandler<ApiEnv> = async (c, next) => {
  const { headers } = c.req.raw;
  if (headers.has('content-type')) {
    // As bytes: whoever checks a signature over the body later must get it as it came.
    const bytes = await c.req.arrayBuffer();
    if (bytes.byteLength === 0) headers.delete('content-type');
    if (!isUtf8(bytes)) throw new DomainError('invalid_request', 'The body is not UTF-8.');
  }
  await next();
};
