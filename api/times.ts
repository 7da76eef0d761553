/** Moments in a query: RFC 3339, in UTC or with an offset. */
import { z } from '@hono/zod-openapi';

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** An optional moment of a query, with what it bounds. */
export const moment = (description: string) =>
  instant.optional().openapi({ type: 'string', format: 'date-time', description });
