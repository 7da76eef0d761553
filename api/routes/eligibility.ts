/** `/api/events/{eventId}/eligibility`: may a player claim now, and if not, why not. */
import { createRoute, z } from '@hono/zod-openapi';
import { REASONS } from '../../domain/claims/claim.ts';
import { DomainError } from '../../domain/errors.ts';
import { isShownAt } from '../../domain/events/event.ts';
import { isStaff, STAFF } from '../../domain/user.ts';
import type { EventStore } from '../../store/events/events.ts';
import type { User, UserStore } from '../../store/users/users.ts';
import type { AuthenticatedUser } from '../api-env.ts';
import {
  MaybeExplainedSchema,
  SURROUNDINGS,
  toSurroundingsBody,
} from '../events/condition-schema.ts';
import { type EligibilityDeps, eligibilityOf } from '../events/eligibility.ts';
import { type AuthDeps, access, GUARDED } from '../identity/auth.ts';
import type { PersonalReads } from '../identity/personal-reads.ts';
import { limitByUser, type RateLimits } from '../identity/rate-limits.ts';
import { OR_EXTERNAL, type UserIdDeps, userIdFilter, userIdInQuery } from '../identity/user-ids.ts';
import { noSuchEvent, noSuchPlayer } from '../not-found.ts';
import { problems } from '../problem.ts';
import { idParam, json, newRouter } from '../router.ts';

export interface EligibilityRouteDeps extends AuthDeps, EligibilityDeps {
  store: EligibilityDeps['store'] & {
    events: Pick<EventStore, 'get'>;
    users: Pick<UserStore, 'get'> & UserIdDeps['store']['users'];
  };
  rateLimits: RateLimits;
  personalReads: PersonalReads;
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
  const guarded = access(deps, 'PLAYER', ...STAFF);
  return {
    read: createRoute({
      ...guarded,
      middleware: [...guarded.middleware, limitByUser(deps.rateLimits.questions)],
      method: 'get',
      path: '/api/events/{eventId}/eligibility',
      summary: 'May I claim now, and why not',
      description:
        'The condition with what you have, what is needed and whether it is met on every leaf, and ' +
        'the windows around it. It promises nothing: a claim is judged as at its own acceptance. ' +
        'Staff name a player and get the answer for that player.',
      tags: ['Events'],
      request: {
        params: z.object({ eventId: idParam('eventId') }),
        query: z.object({
          userId: userIdFilter(
            `The player, for staff, who must name one. A player names nobody else. ${OR_EXTERNAL}`,
          ),
        }),
      },
      responses: {
        200: json(Eligibility, 'What a claim would meet now'),
        ...problems('invalid_request', ...GUARDED, 404, 429),
      },
    }),
  };
}

export function eligibilityRoutes(deps: EligibilityRouteDeps) {
  const { read } = routes(deps);
  return newRouter().openapi(read, async (c) => {
    const reader = c.get('user');
    const named = await userIdInQuery(deps, c.req.valid('query').userId);
    const userId = askedFor(reader, named);
    const { eventId } = c.req.valid('param');
    const event = await deps.store.events.get(eventId);
    const at = deps.now();
    if (!event || !(isStaff(reader.role) || isShownAt(event, at))) throw noSuchEvent();
    const player = userId === reader.userId ? reader : await deps.store.users.get(userId);
    if (player?.role !== 'PLAYER') throw noSuchPlayer();
    deps.personalReads.note(c, userId);
    const found = forPlayer(player, await eligibilityOf(deps, event, userId, at));
    const { eligible, reasons, condition, ...around } = found;
    const said = { eventId, eligible, reasons, condition, at: at.toISOString() };
    return c.json({ ...said, ...toSurroundingsBody(around) }, 200);
  });
}

/** Whom the answer is for: a player asks for themselves, staff for a player whom they name. */
function askedFor({ userId, role }: AuthenticatedUser, named: string | undefined): string {
  if (!isStaff(role)) {
    if (named === undefined || named === userId) return userId;
    throw new DomainError('forbidden', 'Only staff may ask for another player.');
  }
  if (named !== undefined) return named;
  throw new DomainError('invalid_request', 'Staff must name a player: `?userId=`.');
}

/** The answer with what only staff can meet: a player who is not active cannot ask themselves. */
function forPlayer<E extends Awaited<ReturnType<typeof eligibilityOf>>>(
  { status }: Pick<User, 'status'>,
  found: E,
): E {
  if (status === 'ACTIVE') return found;
  // It comes first in the order of refusals.
  return { ...found, eligible: false, reasons: ['USER_NOT_ACTIVE', ...found.reasons] };
}
