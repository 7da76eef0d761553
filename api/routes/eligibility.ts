/** `/api/events/{eventId}/eligibility`: may I claim now, and if not, why not. */
import { createRoute, z } from '@hono/zod-openapi';
import { REASONS } from '../../domain/claims/claim.ts';
import { isShownAt } from '../../domain/events/event.ts';
import type { EventStore } from '../../store/events/events.ts';
import {
  MaybeExplainedSchema,
  SURROUNDINGS,
  toSurroundingsBody,
} from '../events/condition-schema.ts';
import { type EligibilityDeps, eligibilityOf } from '../events/eligibility.ts';
import { type AuthDeps, access, GUARDED } from '../identity/auth.ts';
import { limitByUser, type RateLimits } from '../identity/rate-limits.ts';
import { noSuchEvent } from '../not-found.ts';
import { problems } from '../problem.ts';
import { idParam, json, newRouter } from '../router.ts';

export interface EligibilityRouteDeps extends AuthDeps, EligibilityDeps {
  store: EligibilityDeps['store'] & { events: Pick<EventStore, 'get'> };
  rateLimits: RateLimits;
  now: () => Date;
}

const Eligibility = z
  .object({
    eventId: z.string(),
    eligible: z.boolean().nullable().openapi({
      description:
        'Null where it hangs on a provider that has no answer now; a claim waits for that answer.',
    }),
    reasons: z.array(z.enum(REASONS)).openapi({
      description:
        'Everything that would refuse a claim now, in the order in which it counts. One exception: ' +
        'where units are gone, a claim is refused as `SOLD_OUT` before its condition is judged.',
    }),
    condition: MaybeExplainedSchema,
    at: z.iso.datetime().openapi({ description: 'The moment this is said for.' }),
    ...SURROUNDINGS,
  })
  .openapi('Eligibility');

function routes(deps: EligibilityRouteDeps) {
  const guarded = access(deps, 'PLAYER');
  return {
    read: createRoute({
      ...guarded,
      middleware: [...guarded.middleware, limitByUser(deps.rateLimits.questions)],
      method: 'get',
      path: '/api/events/{eventId}/eligibility',
      summary: 'May I claim now, and why not',
      description:
        'The condition with what you have, what is needed and whether it is met on every leaf, and ' +
        'the windows around it. It promises nothing: a claim is judged as at its own acceptance.',
      tags: ['Events'],
      request: { params: z.object({ eventId: idParam('eventId') }) },
      responses: {
        200: json(Eligibility, 'What a claim would meet now'),
        ...problems(...GUARDED, 404, 429),
      },
    }),
  };
}

export function eligibilityRoutes(deps: EligibilityRouteDeps) {
  const { read } = routes(deps);
  return newRouter().openapi(read, async (c) => {
    const event = await deps.store.events.get(c.req.valid('param').eventId);
    const at = deps.now();
    if (!event || !isShownAt(event, at)) throw noSuchEvent();
    const { userId } = c.get('user');
    const { eligible, reasons, condition, ...around } = await eligibilityOf(
      deps,
      event,
      userId,
      at,
    );
    const surroundings = toSurroundingsBody(around);
    const said = { eventId: event.eventId, eligible, reasons, condition, at: at.toISOString() };
    return c.json({ ...said, ...surroundings }, 200);
  });
}
