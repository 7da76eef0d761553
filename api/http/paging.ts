/** Cursor paging: `{items, nextCursor}`, `limit` 1–200, 50 by default. */
import { z } from '@hono/zod-openapi';
import { wholeNumber } from '../../domain/whole-number.ts';
import { LOOKED_AT } from '../../store/mongodb/bounded-find.ts';

/** Items on a page, by the contract. */
const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

/** In characters; longer than any cursor of ours. */
const MAX_CURSOR_LENGTH = 512;

/** A position in a list that is sorted newest first. See `store/mongodb/cursor.ts`. */
export const NEWEST_FIRST = z.strictObject({
  at: z.iso.datetime().transform((text) => new Date(text)),
  id: z.string().max(MAX_CURSOR_LENGTH),
});

/** The same for entries of the audit log, whose IDs are numbers. */
export const AUDIT_POSITION = z.strictObject({
  at: z.iso.datetime().transform((text) => new Date(text)),
  id: z.int().min(1),
});

/**
 * The query fields of a paged route, to be spread into its query schema.
 * @param position the schema of what a cursor of this route holds; any other cursor is refused with
 *   400
 * @param maxCursorLength in characters, where a cursor holds texts that players or games chose
 */
export function pageQuery<S extends z.ZodType>(position: S, maxCursorLength = MAX_CURSOR_LENGTH) {
  return {
    cursor: z
      .string()
      .max(maxCursorLength)
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

/** The schema of a page, for a route's response. */
export function pageOf<S extends z.ZodType>(item: S) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/** For the description of lists whose filter goes beyond their index. */
export const SHORT_PAGES =
  'A page may hold fewer items than `limit`, or none, and still have a `nextCursor`: one page looks ' +
  `at ${LOOKED_AT.toLocaleString('en')} records at most. Read on until it is null.`;

/**
 * One page of what a store found.
 * @param found up to `limit + 1` items: one more than `limit` means that there is a next page
 * @param positionOf the position of the page that begins after this item
 * @param lookedTo the last item that was read, if the store stopped before it found enough
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

/** A position as a cursor: an opaque text that clients send back. */
export function encodeCursor(position: object): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** What a cursor holds; undefined if it is not valid. */
function decode(text: string): unknown {
  const bytes = Buffer.from(text, 'base64url');
  // The decoder skips invalid characters, so many texts would be the same cursor.
  if (bytes.toString('base64url') !== text) return undefined;
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
