/** Answers that do not change while the process lives: made and compressed once, with an `ETag`. */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { Context, TypedResponse } from 'hono';
import { isKnownTo } from './etags.ts';

/** An answer is sent compressed only if that saves a tenth of it. */
const WORTH_IT = 0.9;

/** The type that a route's handler must return; the body is the one its description names. */
type Described = Response & TypedResponse<never, 200, 'json'>;

/** The 304 answer, for the description of such a route. */
export const NOT_CHANGED = { 304: { description: 'It is what `If-None-Match` names' } };

/**
 * A handler for an answer that is made once, at the first request. A client that has it gets 304;
 * one that accepts gzip gets it compressed.
 * @param make makes the answer; called again if it failed
 * @param headers of every such answer: its type, and how long it may be cached
 */
export function unchanging(
  make: () => Promise<Uint8Array | string> | Uint8Array | string,
  headers: Record<string, string>,
): (c: Context) => Promise<Described> {
  let made: ReturnType<typeof hold> | undefined;
  const answer = async (c: Context): Promise<Response> => {
    made ??= hold(make).catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    const { plain, gzipped, tag } = await made;
    const isGzipped = gzipped !== undefined && takesGzip(c.req.header('accept-encoding'));
    // A strong tag stands for the very bytes that are sent (RFC 9110, section 8.8.3).
    const own = isGzipped ? `${tag}-gzip` : tag;
    const sent = { ...headers, ETag: `"${own}"`, ...(gzipped && { Vary: 'Accept-Encoding' }) };
    if (isKnownTo(c.req.header('if-none-match'), own)) return c.body(null, 304, sent);
    if (!isGzipped) return c.body(plain, 200, sent);
    return c.body(gzipped, 200, { ...sent, 'Content-Encoding': 'gzip' });
  };
  return answer as (c: Context) => Promise<Described>;
}

async function hold(make: Parameters<typeof unchanging>[0]) {
  const plain = new Uint8Array(Buffer.from(await make()));
  const level = constants.Z_BEST_COMPRESSION;
  const gzipped = new Uint8Array(await promisify(gzip)(plain, { level }));
  const tag = createHash('sha256').update(plain).digest('base64url').slice(0, 22);
  const isSmaller = gzipped.length < WORTH_IT * plain.length;
  return { plain, gzipped: isSmaller ? gzipped : undefined, tag };
}

/** Whether `Accept-Encoding` allows gzip (RFC 9110, section 12.5.3). */
function takesGzip(accepted = ''): boolean {
  const weights = new Map(
    accepted.split(',').map((part) => {
      const [coding = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
      const weight = parameters.find((text) => text.startsWith('q='))?.slice(2) ?? '1';
      return [coding, Number(weight)] as const;
    }),
  );
  return (weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0) > 0;
}
