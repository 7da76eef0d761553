/** What every request's body passes before a route looks at it. */
import { isUtf8 } from 'node:buffer';
import type { Context, MiddlewareHandler } from 'hono';
import type { Registry } from 'prom-client';
import { DomainError } from '../../domain/errors.ts';
import type { ApiEnv } from '../api-env.ts';
import { observeBodies } from '../metrics.ts';

export const BATCH_PATH = '/api/activity-events';

/**
 * What one body may have: a batch is a thousand events, with names in any script, and no other body
 * that a client sends comes near its bound.
 */
const MAX_BYTES = { single: 64 * 1024, batch: 4 * 1024 * 1024 };

/** What all bodies of a kind may have together: game servers and players do not stop each other. */
const MOST_HELD_BYTES = 64 * 1024 * 1024;
const RETRY_AFTER_S = 1;

/**
 * Reads bodies, and refuses larger ones with `payload_too_large`. Each byte counts from when it came
 * until its request was handled, or `letGoOfBody` was called; where all of them come to too much, the
 * body is refused with `unavailable`.
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
      // Hono keeps promises there, and says in its types that it does not.
      Object.assign(c.req.bodyCache, { arrayBuffer: Promise.resolve(bytes) });
      return await next();
    } finally {
      letGo();
    }
  };
}

/** The body as it comes; undefined where there is none. Whoever stops early leaves the rest as it is. */
function chunksOf({ env, req }: Context<ApiEnv>): AsyncIterable<Uint8Array> | undefined {
  if (req.method === 'GET' || req.method === 'HEAD') return undefined;
  if (env?.incoming) return env.incoming.iterator({ destroyOnReturn: false });
  return req.raw.body?.values({ preventCancel: true });
}

/** @param take told of the bytes of each chunk before they are kept */
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
  // A chunk keeps alive all that came with it: it is copied.
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
