/** `/api/overview`: what needs a person now, and what goes on. */
import { createRoute, z } from '@hono/zod-openapi';
import { STAFF } from '../../domain/user.ts';
import { beginLong } from '../claims/wait.ts';
import type { LongRequests } from '../http/long-requests.ts';
import { type AuthDeps, access, GUARDED, stillCounts } from '../identity/auth.ts';
import type { OverviewFeed } from '../overview/overview-feed.ts';
import { OverviewSchema } from '../overview/overview-schema.ts';
import { streamOverview } from '../overview/overview-stream.ts';
import { problems } from '../problem.ts';
import { json, newRouter } from '../router.ts';

export interface OverviewRouteDeps extends AuthDeps {
  overview: OverviewFeed;
  longRequests: LongRequests;
}

const tags = ['Operation'];

function routes(deps: OverviewRouteDeps) {
  return {
    read: createRoute({
      ...access(deps, ...STAFF),
      method: 'get',
      path: '/api/overview',
      summary: 'What needs a person now, the live events, and the claims of the last hour',
      description: 'Two seconds old at most, and the same for all who look at the same time.',
      tags,
      responses: { 200: json(OverviewSchema, 'The overview'), ...problems(...GUARDED) },
    }),
    stream: createRoute({
      ...access(deps, ...STAFF),
      method: 'get',
      path: '/api/overview/stream',
      summary: 'The overview as server-sent events',
      description:
        'At once and then whenever it differs. It is made every two seconds, and each time that it ' +
        'says the same a comment is sent. The stream ends with the access token, and where no ' +
        'overview can be made.',
      tags,
      responses: {
        200: {
          description: 'Events named `overview`, each with the whole overview as its data',
          content: { 'text/event-stream': { schema: z.string() } },
        },
        ...problems(...GUARDED, 429),
      },
    }),
  };
}

export function overviewRoutes(deps: OverviewRouteDeps) {
  const { read, stream } = routes(deps);
  return newRouter()
    .openapi(read, async (c) => c.json((await deps.overview.read()).value.overview, 200))
    .openapi(stream, async (c) => {
      const first = await deps.overview.read();
      const token = c.get('token');
      const over = new AbortController();
      const reader = {
        mayRead: () => stillCounts(deps, token),
        end: beginLong(deps, c, () => over.abort()),
        over,
      };
      return streamOverview(c, deps.overview, first, reader);
    });
}
