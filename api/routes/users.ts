/** `/api/users`: admins find users and change their role and status. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Logger } from 'pino';
import { DomainError } from '../../domain/errors.ts';
import { ROLES, USER_STATUSES } from '../../domain/user.ts';
import type { UserStore } from '../../store/users/users.ts';
import { encodeCursor, NEWEST_FIRST, pageOf, pageQuery, SHORT_PAGES } from '../http/paging.ts';
import { type AuthDeps, access, GUARDED, staffOf } from '../identity/auth.ts';
import { toUserBody, UserSchema } from '../identity/user-body.ts';
import { problems } from '../problem.ts';
import { idParam, json, jsonBody, newRouter } from '../router.ts';

export interface UserRouteDeps extends AuthDeps {
  store: { users: UserStore };
  log: Logger;
  now: () => Date;
  /** Called with a user who is no longer active, so that their running claims stop soon. */
  onUserLeft: (userId: string) => Promise<void>;
}

/** A position in a list that is sorted by name: the last user of the page before. */
const BY_NAME = z.strictObject({ userId: z.string().max(100) });

const UserQuery = z.object({
  username: z.string().optional().openapi({ description: 'The whole name, in any letter case.' }),
  role: z.enum(ROLES).optional(),
  status: z.enum(USER_STATUSES).optional(),
  query: z.string().max(100).optional().openapi({
    description: 'The beginning of a username, in any letter case, or a whole ID. Sorted by name.',
  }),
  ...pageQuery(z.union([NEWEST_FIRST, BY_NAME])),
});

const UserChange = z
  .strictObject({ role: z.enum(ROLES).optional(), status: z.enum(USER_STATUSES).optional() })
  .openapi('UserChange');

const tags = ['Users'];

function routes(deps: UserRouteDeps) {
  return {
    list: createRoute({
      ...access(deps, 'ADMIN'),
      method: 'get',
      path: '/api/users',
      summary: 'Users, newest first',
      description: SHORT_PAGES,
      tags,
      request: { query: UserQuery },
      responses: {
        200: json(pageOf(UserSchema), 'A page of users'),
        ...problems('invalid_request', ...GUARDED),
      },
    }),
    change: createRoute({
      ...access(deps, 'ADMIN'),
      method: 'patch',
      path: '/api/users/{userId}',
      summary: "Change a user's role or status, which ends their tokens",
      tags,
      request: { params: z.object({ userId: idParam('userId') }), body: jsonBody(UserChange) },
      responses: {
        200: json(UserSchema, 'The user as they are now'),
        ...problems('invalid_request', ...GUARDED, 'not_found', 'conflict', 413, 415),
      },
    }),
  };
}

export function userRoutes(deps: UserRouteDeps) {
  const { list, change } = routes(deps);
  const { users } = deps.store;

  /**
   * Wakes the open claims of a user who left. The user's record stops them in any case; this makes
   * it quicker, so a failure is only logged.
   */
  function wakeClaimsOf(userId: string, requestId: string): void {
    deps
      .onUserLeft(userId)
      .catch((err) => deps.log.warn({ err, requestId, userId }, 'open claims not told'));
  }

  return newRouter()
    .openapi(list, async (c) => {
      const { cursor, limit, ...filter } = c.req.valid('query');
      const isByName = filter.query !== undefined;
      if (cursor && 'userId' in cursor !== isByName) {
        throw new DomainError('invalid_request', 'This is a cursor of another list of users.');
      }
      const { users: items, next } = await users.page(filter, cursor, limit);
      return c.json({ items: items.map(toUserBody), nextCursor: next && encodeCursor(next) }, 200);
    })
    .openapi(change, async (c) => {
      const { userId } = c.req.valid('param');
      const requested = c.req.valid('json');
      const staff = staffOf(c);
      const { after } = await users.change(staff, userId, requested, deps.now());
      deps.currentUsers.forget(userId);
      if (requested.status && after.status !== 'ACTIVE') {
        wakeClaimsOf(userId, staff.requestId);
      }
      return c.json(toUserBody(after), 200);
    });
}
