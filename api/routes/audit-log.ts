/** `/api/audit-log`: who changed what, before and after. */
import { createRoute, z } from '@hono/zod-openapi';
import { ROLES } from '../../domain/user.ts';
import { AUDIT_ACTIONS, type AuditEntry, type AuditLog } from '../../store/audit-log.ts';
import { AUDIT_POSITION, page, pageOf, pageQuery } from '../http/paging.ts';
import { ordered, timeRange } from '../http/times.ts';
import { type AuthDeps, access, GUARDED } from '../identity/auth.ts';
import { problems } from '../problem.ts';
import { json, newRouter } from '../router.ts';

export interface AuditRouteDeps extends AuthDeps {
  store: { auditLog: AuditLog };
}

const Entry = z
  .object({
    seq: z.int().openapi({ description: 'Counts from 1 without gaps.' }),
    at: z.iso.datetime(),
    actorId: z.string(),
    actorRole: z.enum(ROLES),
    action: z.enum(AUDIT_ACTIONS),
    targetId: z.string(),
    before: z.unknown().openapi({ description: 'Null where there was nothing.' }),
    after: z.unknown().openapi({ description: 'Null where there is nothing any more.' }),
    requestId: z.string(),
    previous: z.string().openapi({ description: 'The hash of the entry before.' }),
    hash: z.string().openapi({ description: 'SHA-256 over the entry and `previous`.' }),
  })
  .openapi('AuditEntry');

/** In characters; longer than any ID of ours. */
const MAX_TARGET_LENGTH = 300;

const toBody = (entry: AuditEntry) => ({ ...entry, at: entry.at.toISOString() });

export function auditRoutes(deps: AuditRouteDeps) {
  const list = createRoute({
    ...access(deps, 'AUDITOR', 'ADMIN'),
    method: 'get',
    path: '/api/audit-log',
    summary: 'Changes by staff, the latest first',
    tags: ['Operation'],
    request: {
      query: ordered(
        z.object({
          actorId: z.string().max(100).optional(),
          action: z.enum(AUDIT_ACTIONS).optional(),
          targetId: z.string().max(MAX_TARGET_LENGTH).optional(),
          ...timeRange('Made'),
          ...pageQuery(AUDIT_POSITION),
        }),
      ),
    },
    responses: {
      200: json(pageOf(Entry), 'A page of entries'),
      ...problems('invalid_request', ...GUARDED),
    },
  });

  return newRouter().openapi(list, async (c) => {
    const { cursor, limit, from, to, ...filter } = c.req.valid('query');
    const range = { since: from, until: to };
    const found = await deps.store.auditLog.page({ ...filter, ...range }, cursor, limit);
    const { items, nextCursor } = page(found, limit, ({ at, seq }) => ({ at, id: seq }));
    return c.json({ items: items.map(toBody), nextCursor }, 200);
  });
}
