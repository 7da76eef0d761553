/** The export and the erasure of one user's data, and the log of who of the staff looked at it. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Logger } from 'pino';
import { ROLES } from '../../domain/user.ts';
import type { ErasureStore } from '../../store/privacy/erasures.ts';
import type { PersonalData } from '../../store/privacy/personal-data.ts';
import type { ReadLogEntry, ReadLogStore } from '../../store/privacy/read-log.ts';
import type { UserStore } from '../../store/users/users.ts';
import type { BulkRuns } from '../../temporal/bulk-runs.ts';
import { JSON_LINES } from '../http/json-lines.ts';
import { type LongJsonLinesDeps, longJsonLines } from '../http/long-json-lines.ts';
import { NEWEST_FIRST, page, pageOf, pageQuery } from '../http/paging.ts';
import { ordered, timeRange } from '../http/times.ts';
import { access, GUARDED, staffOf } from '../identity/auth.ts';
import type { PersonalReads } from '../identity/personal-reads.ts';
import {
  type UserIdDeps,
  userIdFilter,
  userIdInPath,
  userIdInQuery,
} from '../identity/user-ids.ts';
import { noSuchUser } from '../not-found.ts';
import { problems } from '../problem.ts';
import { idParam, json, newRouter, optionalJsonBody } from '../router.ts';

export interface PrivacyRouteDeps extends LongJsonLinesDeps {
  store: {
    users: Pick<UserStore, 'get'>;
    erasures: Pick<ErasureStore, 'request'>;
    personalData: Pick<PersonalData, 'exportOf'>;
    readLog: Pick<ReadLogStore, 'page'>;
  } & UserIdDeps['store'];
  bulkRuns: BulkRuns;
  personalReads: PersonalReads;
  /** Called with a user who is no longer active, so that their running claims stop soon. */
  onUserLeft: (userId: string) => Promise<void>;
  log: Logger;
}

const byUser = { params: z.object({ userId: idParam('userId') }) };
const ErasureStarted = z.object({ operationId: z.string() }).openapi('ErasureStarted');

const PersonalRead = z
  .object({
    at: z.iso.datetime().openapi({ description: 'The first read of the minute.' }),
    actorId: z.string(),
    actorRole: z.enum(ROLES),
    userId: z.string().openapi({ description: 'Whose data was read.' }),
    route: z.string().openapi({ example: 'GET /api/users/{userId}' }),
    requestId: z.string(),
    from: z.string().nullable().openapi({ description: 'The address the read came from.' }),
  })
  .openapi('PersonalRead');

const toBody = ({ _id, at, from, ...entry }: ReadLogEntry) => ({
  ...entry,
  at: at.toISOString(),
  from: from ?? null,
});

function userDataRoutes(deps: PrivacyRouteDeps) {
  return {
    exportAll: createRoute({
      ...access(deps),
      method: 'get',
      path: '/api/users/{userId}/export',
      summary: 'All that is kept of a user',
      description:
        'One record a line, each with its `type`. Users get their own data, an ADMIN that of any ' +
        'user; for others it is 404. An answer that ends early breaks the connection.',
      tags: ['Users'],
      request: byUser,
      responses: {
        200: {
          description: 'The records',
          content: {
            [JSON_LINES]: { schema: z.string().openapi({ description: 'A record a line.' }) },
          },
        },
        ...problems(...GUARDED, 404, 429),
      },
    }),
    erase: createRoute({
      ...access(deps, 'ADMIN'),
      method: 'post',
      path: '/api/users/{userId}/erasure',
      summary: "Erase a user's personal data",
      description:
        'The user becomes `WITHDRAWN`, which stops running claims. Name, credentials and external ' +
        'IDs are gone when this is answered. An operation then erases sign-ins, player events, ' +
        'progress, notes and texts. IDs, states and amounts stay, so that stock levels and the ' +
        'audit log stay whole. It cannot be undone. Asked for again, it is the same operation.',
      tags: ['Users'],
      request: { ...byUser, body: optionalJsonBody(z.strictObject({})) },
      responses: {
        202: json(ErasureStarted, 'Under way'),
        ...problems('invalid_request', ...GUARDED, 'not_found', 'conflict', 413, 415),
      },
    }),
  };
}

function readLogRoute(deps: PrivacyRouteDeps) {
  return createRoute({
    ...access(deps, 'AUDITOR', 'ADMIN'),
    method: 'get',
    path: '/api/read-log',
    summary: 'Who of the staff looked at whose data, the latest first',
    description:
      'An entry stands for all reads by one person, of one user, by one route, in one minute. It ' +
      'is there about a second after the read, and for two years.',
    tags: ['Operation'],
    request: {
      query: ordered(
        z.object({
          userId: userIdFilter(),
          actorId: userIdFilter(),
          ...timeRange('Read'),
          ...pageQuery(NEWEST_FIRST),
        }),
      ),
    },
    responses: {
      200: json(pageOf(PersonalRead), 'A page of entries'),
      ...problems('invalid_request', ...GUARDED),
    },
  });
}

export function privacyRoutes(deps: PrivacyRouteDeps) {
  const { users, erasures, personalData, readLog } = deps.store;
  const { exportAll, erase } = userDataRoutes(deps);

  /** What only makes the erasure quicker: reconciliation does it too. */
  function hasten(userId: string, operationId: string, requestId: string): void {
    deps.currentUsers.forget(userId);
    deps
      .onUserLeft(userId)
      .catch((err) => deps.log.warn({ err, requestId, userId }, 'open claims not told'));
    deps.bulkRuns
      .start(operationId)
      .catch((err) => deps.log.warn({ err, operationId }, 'erasure recorded, its run not started'));
  }

  return newRouter()
    .openapi(exportAll, async (c) => {
      const userId = await userIdInPath(deps, c.req.valid('param').userId);
      const reader = c.get('user');
      const mayRead = reader.role === 'ADMIN' || reader.userId === userId;
      if (!mayRead || !(await users.get(userId))) throw noSuchUser();
      deps.personalReads.note(c, userId);
      return longJsonLines(deps, c, personalData.exportOf(userId)) as never;
    })
    .openapi(erase, async (c) => {
      const userId = await userIdInPath(deps, c.req.valid('param').userId);
      const staff = staffOf(c);
      const { _id: operationId, state, createdAt } = await erasures.request(staff, userId);
      if (state === 'RUNNING') hasten(userId, operationId, staff.requestId);
      // The fields of a line of the list of erasures: a log outside can take its place.
      const erasure = { userId, at: createdAt, by: staff.actor.userId };
      deps.log.info({ erasure }, 'personal data of a user are erased');
      return c.json({ operationId }, 202, { Location: `/api/operations/${operationId}` });
    })
    .openapi(readLogRoute(deps), async (c) => {
      const { cursor, limit, from, to, ...filter } = c.req.valid('query');
      const [userId, actorId] = await Promise.all([
        userIdInQuery(deps, filter.userId),
        userIdInQuery(deps, filter.actorId),
      ]);
      const found = await readLog.page({ userId, actorId, since: from, until: to }, cursor, limit);
      const { items, nextCursor } = page(found, limit, ({ at, _id }) => ({ at, id: _id }));
      return c.json({ items: items.map(toBody), nextCursor }, 200);
    });
}
