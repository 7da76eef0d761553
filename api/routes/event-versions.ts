/** `/api/events/{eventId}/versions`: who changed what of an event when. The audit log knows it. */
import { createRoute, z } from '@hono/zod-openapi';
import { jsonDifferences } from '../../domain/json-difference.ts';
import { ROLES, STAFF } from '../../domain/user.ts';
import { AUDIT_ACTIONS, type AuditEntry, type AuditLog } from '../../store/audit-log.ts';
import type { EventStore } from '../../store/events/events.ts';
import { AUDIT_POSITION, page, pageOf, pageQuery } from '../http/paging.ts';
import { type AuthDeps, access, GUARDED } from '../identity/auth.ts';
import { noSuchEvent } from '../not-found.ts';
import { problems } from '../problem.ts';
import { idParam, json, newRouter } from '../router.ts';

export interface EventVersionDeps extends AuthDeps {
  store: { auditLog: Pick<AuditLog, 'page'>; events: Pick<EventStore, 'get'> };
}

const EventVersion = z
  .object({
    version: z.int(),
    at: z.iso.datetime(),
    actorId: z.string(),
    actorRole: z.enum(ROLES),
    action: z.enum(AUDIT_ACTIONS),
    clonedFrom: z.string().nullable().openapi({ description: 'The event that it is a copy of.' }),
    changes: z
      .array(z.object({ pointer: z.string(), before: z.unknown(), after: z.unknown() }))
      .openapi({
        description:
          'What differs from the version before, as JSON pointers into the event. Empty for the ' +
          'first version.',
      }),
  })
  .openapi('EventVersion');

/** What the audit log keeps of an event, as far as it is looked at here. */
interface AuditedEvent extends Record<string, unknown> {
  version: number;
  clonedFrom?: string;
}

/** An entry of the event's history, without its `version`, which always differs. */
function toBody({ at, actorId, actorRole, action, before, after }: AuditEntry) {
  const { version, clonedFrom = null, ...fields } = after as AuditedEvent;
  const { version: _, clonedFrom: _c, ...earlier } = (before ?? {}) as AuditedEvent;
  const changes = before === null ? [] : jsonDifferences(earlier, fields);
  return { version, at: at.toISOString(), actorId, actorRole, action, clonedFrom, changes };
}

export function eventVersionRoutes(deps: EventVersionDeps) {
  const { auditLog, events } = deps.store;
  const list = createRoute({
    ...access(deps, ...STAFF),
    method: 'get',
    path: '/api/events/{eventId}/versions',
    summary: 'Who changed what of an event when, newest first',
    tags: ['Events'],
    request: {
      params: z.object({ eventId: idParam('eventId') }),
      query: z.object(pageQuery(AUDIT_POSITION)),
    },
    responses: {
      200: json(pageOf(EventVersion), 'A page of versions'),
      ...problems('invalid_request', ...GUARDED, 404),
    },
  });

  return newRouter().openapi(list, async (c) => {
    const { eventId } = c.req.valid('param');
    const { cursor, limit } = c.req.valid('query');
    if (!(await events.get(eventId))) throw noSuchEvent();
    const found = await auditLog.page({ targetId: eventId }, cursor, limit);
    const { items, nextCursor } = page(found, limit, ({ at, seq }) => ({ at, id: seq }));
    // A draft that is deleted meanwhile has nothing after.
    const versions = items.filter((entry) => entry.after !== null);
    return c.json({ items: versions.map(toBody), nextCursor }, 200);
  });
}
