/** Cursor paging: `{items, nextCursor}`, `limit` 1–200, 50 by default. */
import { z } from '@hono/zod-openapi';
import { wholeNumber } from '../../domain/whole-number.ts';
import { LOOKED_AT } from '../../store/mongodb/bounded-find.ts';

const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

/** Longer than any cursor of ours. */
const MAX_CURSOR_LENGTH = 512;

/** The position in a newest-first list, as its cursor holds it. See `store/mongodb/cursor.ts`. */
export const NEWEST_FIRST = z.strictObject({
  at: z.iso.datetime().transform((text) => new Date(text)),
  id: z.string().max(MAX_CURSOR_LENGTH),
});

/**
 * The query fields of a paged route, to be spread into its query schema.
 * @param position what a cursor of this route holds; anything else is refused with 400
 */
export function pageQuery<S extends z.ZodType>(position: S) {
  return {
    cursor: z
      .string()
      .max(MAX_CURSOR_LENGTH)
      .transform((text, context): z.output<S> => {
        const read = position.safeParse(decode(text));
        if (read.success) return read.data;
        context.addIssue({ code: 'custom', message: 'it is not a cursor of this list' });
        return z.NEVER;
      })
      .optional()
      .openapi({
        type: 'string',
        pattern: '^[A-Za-z0-9_-]+$',
        description: 'The `nextCursor` of the page before; opaque.',
      }),
    limit: z
      .string()
      .transform((text) => wholeNumber(text) ?? Number.NaN)
      .pipe(z.number('it is not a whole number').min(1).max(MAX_PAGE))
      .default(DEFAULT_PAGE)
      .openapi({ type: 'integer', minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE }),
  };
}

/** The schema of a page of something, for a route's response. */
export function pageOf<S extends z.ZodType>(item: S) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/** Said of lists whose filter goes beyond their index. */
export const SHORT_PAGES =
  'A page may hold fewer items than `limit`, or none, and still have a `nextCursor`: one page looks ' +
  `at ${LOOKED_AT.toLocaleString('en')} records at most. Read on until it is null.`;

/**
 * One page out of what a store found.
 * @param found up to `limit + 1` items: the one too many says that there is a next page
 * @param positionOf where the next page begins after this item
 * @param lookedTo the last item that was looked at, where looking stopped before it found as many
 */
export function page<T>(
  found: readonly T[],
  limit: number,
  positionOf: (last: T) => object,
  lookedTo: T | null = null,
): { items: T[]; nextCursor: string | null } {
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : (lookedTo ?? undefined);
  return { items, nextCursor: last === undefined ? null : encodeCursor(positionOf(last)) };
}

/** A position as the opaque text that clients send back. */
export function encodeCursor(position: object): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function decode(text: string): unknown {
  const bytes = Buffer.from(text, 'base64url');
  // What is no base64url is passed over there, so that many texts would be one cursor.
  if (bytes.toString('base64url') !== text) return undefined;
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
