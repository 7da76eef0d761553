/** Schemas of moments in requests: RFC 3339, in UTC or with an offset. */
import { z } from '@hono/zod-openapi';

/** From the epoch to the last year that RFC 3339 can write. An offset may reach past it. */
const FIRST_MOMENT = new Date(0);
const LAST_MOMENT = new Date('9999-12-31T23:59:59.999Z');

/** A moment in a request. */
export const moment = z.iso
  .datetime({
    offset: true,
    error: 'Not a time as RFC 3339 writes it, such as 2026-12-01T00:00:00Z',
  })
  .transform((text) => new Date(text))
  .refine((at) => FIRST_MOMENT <= at && at <= LAST_MOMENT, 'Not between the years 1970 and 9999')
  .openapi({ type: 'string', format: 'date-time' });

const bound = (description: string) => moment.optional().openapi({ description });

/**
 * The query fields `from` and `to`, to be spread into a query schema; then wrap that with
 * `ordered`.
 * @param what the range is about, such as `Created`
 */
export const timeRange = (what: string) => ({
  from: bound(`${what} at or after this moment.`),
  to: bound(`${what} before this moment.`),
});

/** The query schema, which now refuses a `from` later than `to`: one of them must be wrong. */
export const ordered = <S extends z.ZodType<{ from?: Date | undefined; to?: Date | undefined }>>(
  query: S,
): S =>
  query.refine(({ from, to }) => !from || !to || from <= to, {
    path: ['from'],
    error: 'it is later than `to`',
  });
