/** Checks of every request's body, before a route reads it: its size, its bytes, its encoding. */
import { isUtf8 } from 'node:buffer';
import type { Context, MiddlewareHandler } from 'hono';
import type { Registry } from 'prom-client';
import { DomainError } from '../../domain/errors.ts';
import type { ApiEnv } from '../api-env.ts';
import { observeBodies } from '../metrics.ts';

/** The route that takes batches of player events. */
export const BATCH_PATH = '/api/activity-events';

/**
 * The largest body, in bytes. A batch holds up to a thousand player events, with names in any
 * script. No other body of a valid request comes near its limit.
 */
const MAX_BYTES = { single: 64 * 1024, batch: 4 * 1024 * 1024 };

/**
 * What the bodies of one kind may take together, in bytes. Each kind has its own, so that game
 * servers and players do not block each other.
 */
const MOST_HELD_BYTES = 64 * 1024 * 1024;
/** When to come back, in seconds: bodies are held for a short time only. */
const RETRY_AFTER_S = 1;

/**
 * Middleware that reads bodies. One that is too large is refused with `payload_too_large`. Bytes
 * count as held until the request was handled or `letGoOfBody` was called; a body for which there
 * is no room is refused with `unavailable`.
 */
export function limitBodies(metrics: Registry): MiddlewareHandler<ApiEnv> {
  const heldBytes = { single: 0, batch: 0 };
  const onRefused = observeBodies(metrics, heldBytes);
  return async (c, next) => {
    const kind = c.req.path === BATCH_PATH ? 'batch' : 'single';
    let ownBytes = 0;
    const letGo = () => {
      c.req.bodyCache = {};
      heldBytes[kind] -= ownBytes;
      ownBytes = 0;
    };
    const take = (bytes: number) => {
      if (heldBytes[kind] + bytes > MOST_HELD_BYTES) {
        onRefused(kind);
        const detail = 'Too many large bodies at once. Try again shortly.';
        throw new DomainError('unavailable', detail, { retryAfterS: RETRY_AFTER_S });
      }
      heldBytes[kind] += bytes;
      ownBytes += bytes;
    };
    const chunks = chunksOf(c);
    if (!chunks) return await next();
    c.set('letGoOfBody', letGo);
    try {
      const bytes = await wholeOf(chunks, c.req.header('content-length'), MAX_BYTES[kind], take);
      // Hono keeps promises there, though its types say otherwise.
      Object.assign(c.req.bodyCache, { arrayBuffer: Promise.resolve(bytes) });
      return await next();
    } finally {
      letGo();
    }
  };
}

/** The body's chunks; undefined without a body. Ending early leaves the rest unread. */
function chunksOf({ env, req }: Context<ApiEnv>): AsyncIterable<Uint8Array> | undefined {
  if (req.method === 'GET' || req.method === 'HEAD') return undefined;
  if (env?.incoming) return env.incoming.iterator({ destroyOnReturn: false });
  return req.raw.body?.values({ preventCancel: true });
}

/**
 * The whole body.
 * @param declared the `Content-Length` header
 * @param take called with the size of each chunk, in bytes, before it is kept; may throw
 * @throws DomainError `payload_too_large` past `maxBytes`
 */
async function wholeOf(
  chunks: AsyncIterable<Uint8Array>,
  declared: string | undefined,
  maxBytes: number,
  take: (bytes: number) => void,
): Promise<ArrayBuffer> {
  const refuseLarger = (size: number) => {
    if (size <= maxBytes) return;
    throw new DomainError('payload_too_large', `A body has at most ${maxBytes} bytes.`);
  };
  refuseLarger(Number(declared ?? 0));
  let size = 0;
  // Copied: a chunk is a view that keeps a larger buffer alive.
  let kept = new Uint8Array(0);
  for await (const chunk of chunks) {
    refuseLarger(size + chunk.length);
    take(chunk.length);
    if (size + chunk.length > kept.length) {
      const grown = new Uint8Array(Math.max(size + chunk.length, Math.min(maxBytes, size * 2)));
      grown.set(kept);
      kept = grown;
    }
    kept.set(chunk, size);
    size += chunk.length;
  }
  return kept.buffer.slice(0, size);
}

/**
 * Middleware that refuses a body that is not UTF-8 (RFC 8259, section 8.1): decoded anyway, wrong
 * bytes would be stored as U+FFFD. An empty body with a content type, as many clients send it,
 * counts as no body: a route whose body is optional goes on, any other names the missing fields.
 */
export const readBodies: MiddlewareHandler<ApiEnv> = async (c, next) => {
  const { headers } = c.req.raw;
  if (headers.has('content-type')) {
    // Read as bytes: a signature is checked over the body as it came.
    const bytes = await c.req.arrayBuffer();
    if (bytes.byteLength === 0) headers.delete('content-type');
    if (!isUtf8(bytes)) throw new DomainError('invalid_request', 'The body is not UTF-8.');
  }
  await next();
};
