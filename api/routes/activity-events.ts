/** `/api/activity-events`: game servers say what players did. */
import { createRoute, z } from '@hono/zod-openapi';
import { MAX_ACTIVITY_EVENTS } from '../../domain/activity.ts';
import type { ProgressStore } from '../../store/progress.ts';
import { type AuthDeps, access, GUARDED } from '../auth.ts';
import { problems } from '../problem.ts';
import { json, jsonBody, newRouter } from '../router.ts';

export interface ActivityRouteDeps extends AuthDeps {
  store: { progress: Pick<ProgressStore, 'ingest'> };
  now: () => Date;
}

/** For the description alone: each event is looked at by itself, so that one never refuses a batch. */
const ActivityEventSchema = z
  .strictObject({
    id: z.string().openapi({ description: 'Counts once, for good.' }),
    userId: z.string(),
    metric: z.string(),
    key: z.string().optional(),
    value: z.int().optional().openapi({ description: 'An amount, 1 unless given; or a state.' }),
    at: z.iso.datetime({ offset: true }),
  })
  .openapi('ActivityEvent');

const Batch = z
  .strictObject({
    events: z
      .array(z.unknown())
      .max(MAX_ACTIVITY_EVENTS)
      .openapi({
        type: 'array',
        items: { $ref: '#/components/schemas/ActivityEvent' },
      }),
  })
  .openapi('ActivityBatch');

const Outcome = z
  .object({
    accepted: z.int().openapi({ description: 'New, and counted.' }),
    duplicates: z.int().openapi({ description: 'Seen before, and not counted again.' }),
    rejected: z.array(
      z.object({ index: z.int().openapi({ description: 'Its place.' }), message: z.string() }),
    ),
  })
  .openapi('ActivityOutcome');

export function activityRoutes(deps: ActivityRouteDeps) {
  const ingest = createRoute({
    ...access(deps, 'GAME_SERVER'),
    method: 'post',
    path: '/api/activity-events',
    summary: 'Counts what players did, each event once for good',
    tags: ['Game servers'],
    request: { body: jsonBody(Batch) },
    responses: {
      202: json(Outcome, 'What became of the events; a batch may be sent again as it is'),
      ...problems('invalid_request', ...GUARDED, 413, 415, 'unavailable'),
    },
  });

  const router = newRouter();
  router.openAPIRegistry.register('ActivityEvent', ActivityEventSchema);
  return router.openapi(ingest, async (c) => {
    const { events } = c.req.valid('json');
    return c.json(await deps.store.progress.ingest(events, deps.now()), 202);
  });
}
