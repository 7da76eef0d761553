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
export const BATCH_PATH = '/api/activity-events';

/** Of all requests under way together; a thousand connections of one address do not fill it. */
const MOST_HELD_BYTES = 64 * 1024 * 1024;
const RETRY_AFTER_S = 1;

/**
 * Refuses larger bodies with `payload_too_large`. A body counts with the length that it declares
 * until its request was handled; where all of them come to too much, the next is `unavailable`.
 */
export function limitBodies(): MiddlewareHandler<ApiEnv> {
  const [single, batch] = [MAX_BODY_BYTES, MAX_BATCH_BYTES].map((maxSize) => {
    const onError = () => {
      throw new DomainError('payload_too_large', `A body has at most ${maxSize} bytes.`);
    };
    return { maxSize, limit: bodyLimit({ maxSize, onError }) };
  }) as [Limited, Limited];
  let heldBytes = 0;
  return async (c, next) => {
    const { maxSize, limit } = c.req.path === BATCH_PATH ? batch : single;
    const bytes = Math.min(declaredBytes(c.req.raw.headers), maxSize);
    if (heldBytes + bytes > MOST_HELD_BYTES) {
      const detail = 'Too many large bodies at once. Try again shortly.';
      throw new DomainError('unavailable', detail, { retryAfterS: RETRY_AFTER_S });
    }
    heldBytes += bytes;
    try {
      return await limit(c, next);
    } finally {
      heldBytes -= bytes;
    }
  };
}

interface Limited {
  maxSize: number;
  limit: MiddlewareHandler;
}

/** Any number where it comes in chunks. */
function declaredBytes(headers: Headers): number {
  if (headers.has('transfer-encoding')) return Number.POSITIVE_INFINITY;
  return Number(headers.get('content-length') ?? 0);
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
