/** `/api/users`: staff find users, and admins change their role and status. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Logger } from 'pino';
import { DomainError } from '../../domain/errors.ts';
import { ROLES, STAFF, USER_STATUSES } from '../../domain/user.ts';
import type { ProgressStore } from '../../store/player-events/progress.ts';
import type { UserStore } from '../../store/users/users.ts';
import {
  encodeCursor,
  NEWEST_FIRST,
  page,
  pageOf,
  pageQuery,
  SHORT_PAGES,
} from '../http/paging.ts';
import { type AuthDeps, access, GUARDED, staffOf } from '../identity/auth.ts';
import type { PersonalReads } from '../identity/personal-reads.ts';
import { toUserBody, UserSchema } from '../identity/user-body.ts';
import {
  externalIdInQuery,
  madeUserIdInPath,
  OR_EXTERNAL,
  userIdFilter,
  userIdInPath,
} from '../identity/user-ids.ts';
import { noSuchUser } from '../not-found.ts';
import { problems } from '../problem.ts';
import { idParam, json, jsonBody, newRouter } from '../router.ts';

export interface UserRouteDeps extends AuthDeps {
  store: { users: UserStore; progress: Pick<ProgressStore, 'totals'> };
  personalReads: PersonalReads;
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
  externalId: userIdFilter('A whole external ID: `ext:{issuer name}:{subject}`.'),
  query: userIdFilter(
    'The beginning of a username, in any letter case, a whole ID or a whole external ID. Sorted by name.',
  ),
  ...pageQuery(z.union([NEWEST_FIRST, BY_NAME])),
});

/** In characters: metric and key have 128 code points each, and base64 needs a third more. */
const MAX_PROGRESS_CURSOR_LENGTH = 3_000;

const ProgressQuery = z.object(
  pageQuery(
    z.strictObject({ metric: z.string().max(256), key: z.string().max(256).nullable() }),
    MAX_PROGRESS_CURSOR_LENGTH,
  ),
);

const ProgressSchema = z
  .object({
    metric: z.string(),
    key: z.string().nullable(),
    sum: z.int().openapi({ description: 'The values added up; an event without one counts 1.' }),
    highest: z.int().nullable().openapi({ description: 'Null where no event had a value.' }),
    latest: z.int().nullable().openapi({ description: 'As above, by the time of the events.' }),
    lastSeenAt: z.iso.datetime().openapi({ description: 'The time of the last event.' }),
  })
  .openapi('Progress');

const UserChange = z
  .strictObject({ role: z.enum(ROLES).optional(), status: z.enum(USER_STATUSES).optional() })
  .openapi('UserChange');

const byUser = {
  params: z.object({ userId: idParam('userId').openapi({ description: OR_EXTERNAL }) }),
};
const tags = ['Users'];

function routes(deps: UserRouteDeps) {
  return {
    list: createRoute({
      ...access(deps, ...STAFF),
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
    read: createRoute({
      ...access(deps, ...STAFF),
      method: 'get',
      path: '/api/users/{userId}',
      summary: 'A user',
      tags,
      request: byUser,
      responses: { 200: json(UserSchema, 'The user'), ...problems(...GUARDED, 404) },
    }),
    progress: createRoute({
      ...access(deps, ...STAFF),
      method: 'get',
      path: '/api/users/{userId}/progress',
      summary: 'What is counted for a user, by metric and key, over all time',
      tags,
      request: { ...byUser, query: ProgressQuery },
      responses: {
        200: json(pageOf(ProgressSchema), 'A page of totals, sorted by metric and key'),
        ...problems('invalid_request', ...GUARDED, 404),
      },
    }),
    change: createRoute({
      ...access(deps, 'ADMIN'),
      method: 'patch',
      path: '/api/users/{userId}',
      summary: "Change a user's role or status, which ends their tokens",
      tags,
      request: { ...byUser, body: jsonBody(UserChange) },
      responses: {
        200: json(UserSchema, 'The user as they are now'),
        ...problems('invalid_request', ...GUARDED, 'not_found', 'conflict', 413, 415),
      },
    }),
  };
}

export function userRoutes(deps: UserRouteDeps) {
  const { list, read, progress, change } = routes(deps);
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
      const { cursor, limit, externalId, ...rest } = c.req.valid('query');
      const filter = { ...rest, externalId: externalIdInQuery(deps, externalId) };
      const isByName = filter.query !== undefined;
      if (cursor && 'userId' in cursor !== isByName) {
        throw new DomainError('invalid_request', 'This is a cursor of another list of users.');
      }
      const { users: items, next } = await users.page(filter, cursor, limit);
      // A whole name names one person.
      if (filter.username !== undefined) deps.personalReads.note(c, items[0]?.userId);
      return c.json({ items: items.map(toUserBody), nextCursor: next && encodeCursor(next) }, 200);
    })
    .openapi(read, async (c) => {
      const user = await users.get(await userIdInPath(deps, c.req.valid('param').userId));
      if (!user) throw noSuchUser();
      deps.personalReads.note(c, user.userId);
      return c.json(toUserBody(user), 200);
    })
    .openapi(progress, async (c) => {
      const userId = await userIdInPath(deps, c.req.valid('param').userId);
      const { cursor, limit } = c.req.valid('query');
      if (!(await users.get(userId))) throw noSuchUser();
      deps.personalReads.note(c, userId);
      const found = await deps.store.progress.totals(userId, cursor, limit);
      const { items, nextCursor } = page(found, limit, ({ metric, key }) => ({ metric, key }));
      const shown = items.map(({ lastAt, ...total }) => {
        return { ...total, lastSeenAt: lastAt.toISOString() };
      });
      return c.json({ items: shown, nextCursor }, 200);
    })
    .openapi(change, async (c) => {
      const userId = await madeUserIdInPath(deps, c.req.valid('param').userId, deps.now());
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
