/** Moments in a query: RFC 3339, in UTC or with an offset. */
import { z } from '@hono/zod-openapi';

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

const moment = (description: string) =>
  instant.optional().openapi({ type: 'string', format: 'date-time', description });

/**
 * The query fields `from` and `to`, to be spread into a query schema that `ordered` then checks.
 * @param what is in the range, such as `Created`
 */
export const timeRange = (what: string) => ({
  from: moment(`${what} at or after this moment.`),
  to: moment(`${what} before this moment.`),
});

/** The query, refused where `from` is later than `to`: nothing lies there, so one of them is wrong. */
export const ordered = <S extends z.ZodType<{ from?: Date | undefined; to?: Date | undefined }>>(
  query: S,
): S =>
  query.refine(({ from, to }) => !from || !to || from <= to, {
    path: ['from'],
    error: 'it is later than `to`',
  });
