/** Answers that stay what they are while the process lives: made once, compressed once, with a tag. */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { Context, TypedResponse } from 'hono';
import { isKnownTo } from './etags.ts';

/** What is left of it is worth the work on both sides. */
const WORTH_IT = 0.9;

interface Held {
  plain: Uint8Array<ArrayBuffer>;
  /** Undefined where it is hardly smaller. */
  gzipped: Uint8Array<ArrayBuffer> | undefined;
  tag: string;
}

/** What a route's description says of the body, it is. */
type Described = Response & TypedResponse<never, 200, 'json'>;

/** For the description of a route that is answered like this. */
export const NOT_CHANGED = { 304: { description: 'It is what `If-None-Match` names' } };

/**
 * Answers a request with what `make` makes once, at the first request: 304 to who has it, gzipped to
 * who takes that.
 * @param headers of every such answer: its type, and how long it may be kept
 */
export function unchanging(
  make: () => Promise<Uint8Array | string> | Uint8Array | string,
  headers: Record<string, string>,
): (c: Context) => Promise<Described> {
  let made: Promise<Held> | undefined;
  const answer = async (c: Context): Promise<Response> => {
    made ??= hold(make).catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    const { plain, gzipped, tag } = await made;
    const isGzipped = gzipped !== undefined && takesGzip(c.req.header('accept-encoding'));
    // A strong tag is of the bytes that are sent (RFC 9110, section 8.8.3).
    const own = isGzipped ? `${tag}-gzip` : tag;
    const sent = { ...headers, ETag: `"${own}"`, ...(gzipped && { Vary: 'Accept-Encoding' }) };
    if (isKnownTo(c.req.header('if-none-match'), own)) return c.body(null, 304, sent);
    if (!isGzipped) return c.body(plain, 200, sent);
    return c.body(gzipped, 200, { ...sent, 'Content-Encoding': 'gzip' });
  };
  return answer as (c: Context) => Promise<Described>;
}

async function hold(make: Parameters<typeof unchanging>[0]): Promise<Held> {
  const plain = new Uint8Array(Buffer.from(await make()));
  const level = constants.Z_BEST_COMPRESSION;
  const gzipped = new Uint8Array(await promisify(gzip)(plain, { level }));
  const tag = createHash('sha256').update(plain).digest('base64url').slice(0, 22);
  return {
    plain,
    gzipped: gzipped.length < WORTH_IT * plain.length ? gzipped : undefined,
    tag,
  };
}

/** RFC 9110, section 12.5.3: a coding by its name, or any by `*`, unless its weight is 0. */
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
