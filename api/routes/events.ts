/** `/api/events`: operators write events; players see those that are open, or will be. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { isMailbox } from '../../domain/claims/fulfillment.ts';
import { type Condition, leavesOf } from '../../domain/conditions/condition.ts';
import { chainedEvents } from '../../domain/conditions/condition-facts.ts';
import { DomainError } from '../../domain/errors.ts';
import { EVENT_STATUSES, isShownAt } from '../../domain/events/event.ts';
import { isStaff, STAFF } from '../../domain/user.ts';
import type { EventStatsStore } from '../../store/events/event-stats.ts';
import type { EventStore, StoredEvent } from '../../store/events/events.ts';
import type { ApiEnv } from '../api-env.ts';
import { CONDITION_COMPONENTS } from '../events/condition-schema.ts';
import {
  EventSchema,
  EventStatsSchema,
  eventBodies,
  toEventBody,
  toEventFields,
} from '../events/event-schemas.ts';
import { etagOf, IF_MATCH_PATTERN, ifMatchVersions, isKnownTo } from '../http/etags.ts';
import {
  headerLines,
  idempotencyKeyHeader,
  optionalIdempotencyKeyOf,
} from '../http/idempotency-key.ts';
import { NEWEST_FIRST, page, pageOf, pageQuery } from '../http/paging.ts';
import { type AuthDeps, access, GUARDED, staffOf } from '../identity/auth.ts';
import { noSuchEvent } from '../not-found.ts';
import { problems } from '../problem.ts';
import { idParam, json, jsonBody, newRouter } from '../router.ts';

export interface EventRouteDeps extends AuthDeps {
  store: { events: EventStore; eventStats: EventStatsStore };
  /** The providers that are configured, by name; the mailbox is always there. */
  providerSecrets: ReadonlyMap<string, unknown>;
  now: () => Date;
}

const EventQuery = z.object({
  status: z.enum(EVENT_STATUSES).optional(),
  ...pageQuery(NEWEST_FIRST),
});

const byEvent = { params: z.object({ eventId: idParam('eventId') }) };
const tags = ['Events'];

const header = (description: string) => z.string().optional().openapi({ description });
const ifMatch = z.object({
  'If-Match': z.string().optional().openapi({
    description: 'The `ETag` that was read: 412 where the event has changed since.',
    pattern: IF_MATCH_PATTERN,
  }),
});

function readRoutes(deps: EventRouteDeps) {
  return {
    list: createRoute({
      ...access(deps),
      method: 'get',
      path: '/api/events',
      summary: 'Events, newest first',
      description: 'Players see events that are or will be open and are listed, staff see all.',
      tags,
      request: { query: EventQuery },
      responses: {
        200: json(pageOf(EventSchema), 'A page of events'),
        ...problems('invalid_request', ...GUARDED),
      },
    }),
    read: createRoute({
      ...access(deps),
      method: 'get',
      path: '/api/events/{eventId}',
      summary: 'An event',
      tags,
      request: {
        ...byEvent,
        headers: z.object({ 'If-None-Match': header('The `ETag` of a copy at hand.') }),
      },
      responses: {
        200: json(EventSchema, 'The event, with its `ETag`'),
        304: { description: 'The copy is the event as it is' },
        ...problems(...GUARDED, 404),
      },
    }),
    stats: createRoute({
      ...access(deps, ...STAFF),
      method: 'get',
      path: '/api/events/{eventId}/stats',
      summary: "What became of an event's rewards and claims",
      tags,
      request: byEvent,
      responses: { 200: json(EventStatsSchema, 'Its numbers'), ...problems(...GUARDED, 404) },
    }),
  };
}

function writeRoutes(deps: EventRouteDeps) {
  // The mailbox can be a provider of rewards, but not a source of a player's data.
  const isSource = (name: string) => deps.providerSecrets.has(name);
  const isProvider = (name: string) => isMailbox(name) || isSource(name);
  const { newEvent, eventPatch } = eventBodies({ isProvider, isSource });
  return {
    create: createRoute({
      ...access(deps, 'OPERATOR', 'ADMIN'),
      method: 'post',
      path: '/api/events',
      summary: 'Create an event',
      description: 'An idempotency key is kept for 24 hours.',
      tags,
      request: {
        headers: z.object({ 'Idempotency-Key': idempotencyKeyHeader({ required: false }) }),
        body: jsonBody(newEvent),
      },
      responses: {
        201: json(EventSchema, 'The event, with its `ETag`'),
        ...problems(400, ...GUARDED, 'conflict', 413, 415, 422),
      },
    }),
    change: createRoute({
      ...access(deps, 'OPERATOR', 'ADMIN'),
      method: 'patch',
      path: '/api/events/{eventId}',
      summary: 'Change an event; after its first claim much of it is frozen',
      description:
        'What is left out stays as it is. `rewards` replaces the list; a reward named again ' +
        'without `stock` keeps the one it has.',
      tags,
      request: { ...byEvent, headers: ifMatch, body: jsonBody(eventPatch) },
      responses: {
        200: json(EventSchema, 'The event as it is now, with its `ETag`'),
        ...problems(
          'invalid_request',
          ...GUARDED,
          404,
          'conflict',
          'invalid_transition',
          412,
          413,
          415,
        ),
      },
    }),
    remove: createRoute({
      ...access(deps, 'OPERATOR', 'ADMIN'),
      method: 'delete',
      path: '/api/events/{eventId}',
      summary: 'Delete a draft',
      tags,
      request: { ...byEvent, headers: ifMatch },
      responses: {
        204: { description: 'It is gone' },
        ...problems('invalid_request', ...GUARDED, 404, 'conflict', 412),
      },
    }),
  };
}

/** A router that brings the components of conditions into the OpenAPI document. */
function describedRouter() {
  const router = newRouter();
  for (const [name, component] of Object.entries(CONDITION_COMPONENTS)) {
    router.openAPIRegistry.registerComponent('schemas', name, component);
  }
  return router;
}

export function eventRoutes(deps: EventRouteDeps) {
  const { events, eventStats } = deps.store;
  const { list, read, stats } = readRoutes(deps);
  const { create, change, remove } = writeRoutes(deps);
  const router = describedRouter();

  /** The event; `not_found` for a draft or an event that is not listed yet, unless staff ask. */
  async function visible(c: Context<ApiEnv>, eventId: string): Promise<StoredEvent> {
    const event = await events.get(eventId);
    if (event && (isStaff(c.get('user').role) || isShownAt(event, deps.now()))) return event;
    throw noSuchEvent();
  }

  return router
    .openapi(list, async (c) => {
      const { status, cursor, limit } = c.req.valid('query');
      const audience = isStaff(c.get('user').role) ? 'staff' : 'player';
      const found = await events.page({ audience, status, now: deps.now() }, cursor, limit);
      const { items, nextCursor } = page(found, limit, ({ createdAt, eventId }) => ({
        at: createdAt,
        id: eventId,
      }));
      return c.json({ items: items.map(toEventBody), nextCursor }, 200);
    })
    .openapi(read, async (c) => {
      const event = await visible(c, c.req.valid('param').eventId);
      c.header('ETag', etagOf(event.version));
      if (isKnownTo(c.req.header('if-none-match'), event.version)) return c.body(null, 304);
      return c.json(toEventBody(event), 200);
    })
    .openapi(create, async (c) => {
      const body = c.req.valid('json');
      const key = optionalIdempotencyKeyOf(headerLines(c));
      await assertChained(events, body.condition);
      const made = await events.create(staffOf(c), toEventFields(body), body.status, key);
      if (made.replayed) c.header('Idempotency-Replayed', 'true');
      c.header('Location', `/api/events/${made.event.eventId}`);
      c.header('ETag', etagOf(made.event.version));
      return c.json(toEventBody(made.event), 201);
    })
    .openapi(change, async (c) => {
      const { eventId } = c.req.valid('param');
      const options = { ifMatchVersions: ifMatchVersions(c.req.header('if-match')) };
      const patch = c.req.valid('json');
      await assertChained(events, patch.condition);
      const event = await events.change(staffOf(c), eventId, patch, options);
      c.header('ETag', etagOf(event.version));
      return c.json(toEventBody(event), 200);
    })
    .openapi(remove, async (c) => {
      const options = { ifMatchVersions: ifMatchVersions(c.req.header('if-match')) };
      await events.remove(staffOf(c), c.req.valid('param').eventId, options);
      return c.body(null, 204);
    })
    .openapi(stats, async (c) => {
      const event = await visible(c, c.req.valid('param').eventId);
      return c.json(await eventStats.of(event), 200);
    });
}

/** @throws DomainError `invalid_request` if a condition asks about an event that does not exist */
async function assertChained(
  events: Pick<EventStore, 'existing'>,
  condition: Condition | null | undefined,
): Promise<void> {
  const chained = condition ? chainedEvents(condition) : [];
  if (!condition || chained.length === 0) return;
  const existing = await events.existing(chained);
  const errors = leavesOf(condition)
    .filter(({ leaf }) => chainedEvents(leaf).some((eventId) => !existing.has(eventId)))
    .map(({ pointer }) => ({
      pointer: `/condition${pointer}/key`,
      message: 'There is no event with this ID',
    }));
  if (errors.length === 0) return;
  throw new DomainError('invalid_request', 'The body does not fit. See `errors`.', { errors });
}
