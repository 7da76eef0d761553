/** What operators do to one event besides editing it. */
import { createRoute, z } from '@hono/zod-openapi';
import type { EventStore } from '../../store/events/events.ts';
import {
  EventClone,
  EventSchema,
  Restock,
  StockLevelsSchema,
  toEventBody,
} from '../events/event-schemas.ts';
import { etagOf } from '../http/etags.ts';
import {
  headerLines,
  idempotencyKeyHeader,
  idempotencyKeyOf,
  optionalIdempotencyKeyOf,
} from '../http/idempotency-key.ts';
import { type AuthDeps, access, GUARDED, staffOf } from '../identity/auth.ts';
import { problems } from '../problem.ts';
import { idParam, json, jsonBody, newRouter } from '../router.ts';

export interface EventActionDeps extends AuthDeps {
  store: { events: Pick<EventStore, 'clone' | 'addStock'> };
}

const tags = ['Events'];

function actionRoutes(deps: EventActionDeps) {
  return {
    clone: createRoute({
      ...access(deps, 'OPERATOR', 'ADMIN'),
      method: 'post',
      path: '/api/events/{eventId}/clone',
      summary: 'Copy an event to a draft with a play window of its own',
      description:
        'All that the body does not name is as in the event. An idempotency key is kept for 24 ' +
        'hours.',
      tags,
      request: {
        params: z.object({ eventId: idParam('eventId') }),
        headers: z.object({ 'Idempotency-Key': idempotencyKeyHeader({ required: false }) }),
        body: jsonBody(EventClone),
      },
      responses: {
        201: json(EventSchema, 'The draft, with its `ETag`'),
        ...problems(400, ...GUARDED, 404, 'conflict', 413, 415, 422),
      },
    }),
    restock: createRoute({
      ...access(deps, 'OPERATOR', 'ADMIN'),
      method: 'post',
      path: '/api/events/{eventId}/rewards/{rewardId}/stock',
      summary: "Add units to a reward's stock",
      description:
        'Of two such calls at once, both count. A repeated idempotency key adds nothing and is ' +
        'answered as it was; it is kept for 24 hours.',
      tags,
      request: {
        params: z.object({ eventId: idParam('eventId'), rewardId: idParam('rewardId') }),
        headers: z.object({ 'Idempotency-Key': idempotencyKeyHeader({ required: true }) }),
        body: jsonBody(Restock),
      },
      responses: {
        200: json(StockLevelsSchema, 'The stock after this call'),
        ...problems(400, ...GUARDED, 404, 'conflict', 413, 415, 422),
      },
    }),
  };
}

export function eventActionRoutes(deps: EventActionDeps) {
  const { events } = deps.store;
  const { clone, restock } = actionRoutes(deps);

  return newRouter()
    .openapi(clone, async (c) => {
      const { eventId } = c.req.valid('param');
      const copy = c.req.valid('json');
      const key = optionalIdempotencyKeyOf(headerLines(c));
      const { event, replayed } = await events.clone(staffOf(c), eventId, copy, key);
      if (replayed) c.header('Idempotency-Replayed', 'true');
      c.header('Location', `/api/events/${event.eventId}`);
      c.header('ETag', etagOf(event.version));
      return c.json(toEventBody(event), 201);
    })
    .openapi(restock, async (c) => {
      const { add } = c.req.valid('json');
      const key = idempotencyKeyOf(headerLines(c));
      const { levels, replayed } = await events.addStock(
        staffOf(c),
        { ...c.req.valid('param'), add },
        key,
      );
      if (replayed) c.header('Idempotency-Replayed', 'true');
      return c.json(levels, 200);
    });
}
