/** `/api/activity-events`: game servers send player events. */
import { createRoute, z } from '@hono/zod-openapi';
import { MAX_PLAYER_EVENTS } from '../../domain/conditions/player-event.ts';
import type { ProgressStore } from '../../store/player-events/progress.ts';
import { type AuthDeps, access, GUARDED } from '../identity/auth.ts';
import { problems } from '../problem.ts';
import { json, jsonBody, newRouter } from '../router.ts';

export interface PlayerEventRouteDeps extends AuthDeps {
  store: { progress: Pick<ProgressStore, 'ingest'> };
  now: () => Date;
}

/** Only for the description: events are checked one by one, so none refuses its batch. */
const PlayerEventSchema = z
  .strictObject({
    id: z.string().openapi({
      description:
        'Counts once for its sender, the signed-in game server, for good. Sent again with the same content it is a duplicate; with other content it is rejected.',
    }),
    userId: z.string().openapi({
      description:
        'Exact, also in its case; of a user who does not exist: rejected. Or an external ID, `ext:{issuer name}:{subject}`: a user not seen yet is made.',
    }),
    metric: z.string().openapi({ description: 'Compared in NFC.' }),
    key: z.string().optional().openapi({ description: 'Compared in NFC.' }),
    value: z.int().optional().openapi({ description: 'An amount, 1 unless given; or a state.' }),
    at: z.iso.datetime({ offset: true }).openapi({
      description: 'Up to five minutes ahead of our clock it counts as of now; further, rejected.',
    }),
  })
  .openapi('ActivityEvent');

const Batch = z
  .strictObject({
    events: z
      .array(z.unknown())
      .max(MAX_PLAYER_EVENTS)
      .openapi({
        type: 'array',
        items: { $ref: '#/components/schemas/ActivityEvent' },
      }),
  })
  .openapi('ActivityBatch');

const Outcome = z
  .object({
    accepted: z.int().openapi({ description: 'New, and counted.' }),
    duplicates: z
      .int()
      .openapi({ description: 'Seen before with the same content, and not counted again.' }),
    rejected: z
      .array(
        z.object({
          index: z.int().openapi({ description: 'Its place in the batch, from 0.' }),
          message: z.string(),
        }),
      )
      .openapi({ description: 'Not counted, and why. The other events of the batch are.' }),
  })
  .openapi('ActivityOutcome');

export function playerEventRoutes(deps: PlayerEventRouteDeps) {
  const ingest = createRoute({
    ...access(deps, 'GAME_SERVER'),
    method: 'post',
    path: '/api/activity-events',
    summary: 'Counts what players did, each event once for its sender, for good',
    tags: ['Game servers'],
    request: { body: jsonBody(Batch) },
    responses: {
      202: json(
        Outcome,
        'What became of each event; look at `rejected`. A batch may be sent again as it is',
      ),
      ...problems('invalid_request', ...GUARDED, 413, 415, 'unavailable'),
    },
  });

  const router = newRouter();
  router.openAPIRegistry.register('ActivityEvent', PlayerEventSchema);
  return router.openapi(ingest, async (c) => {
    const { events } = c.req.valid('json');
    const sender = c.get('user').userId;
    return c.json(await deps.store.progress.ingest(events, deps.now(), () => sender), 202);
  });
}
