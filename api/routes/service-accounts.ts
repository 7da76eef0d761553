/** `/api/service-accounts`: accounts of servers and tools, and the keys that they sign in with. */
import { createRoute, z } from '@hono/zod-openapi';
import { DomainError } from '../../domain/errors.ts';
import { NAME_RULE } from '../../domain/text.ts';
import { SERVICE_ROLES, USER_STATUSES, USERNAME_LENGTH } from '../../domain/user.ts';
import type { ServiceAccountStore } from '../../store/users/service-accounts.ts';
import type { ServiceKey, ServiceKeyStore } from '../../store/users/service-keys.ts';
import type { User } from '../../store/users/users.ts';
import { NEWEST_FIRST, page, pageOf, pageQuery } from '../http/paging.ts';
import { text } from '../http/text.ts';
import { moment } from '../http/times.ts';
import { type AuthDeps, access, GUARDED, staffOf } from '../identity/auth.ts';
import { NO_STORE } from '../identity/sign-in.ts';
import { problems } from '../problem.ts';
import { idParam, json, jsonBody, newRouter, optionalJsonBody } from '../router.ts';

export interface ServiceAccountRouteDeps extends AuthDeps {
  store: { serviceAccounts: ServiceAccountStore; serviceKeys: ServiceKeyStore };
  now: () => Date;
}

const NewServiceAccount = z
  .strictObject({
    name: text('NAME', USERNAME_LENGTH).openapi({ description: NAME_RULE }),
    role: z.enum(SERVICE_ROLES),
  })
  .openapi('NewServiceAccount');

const ServiceAccount = z
  .object({
    id: z.string().openapi({ description: "The account's ID as a user: it is one." }),
    userId: z.string().openapi({ description: 'The same, as paths call it.' }),
    name: z.string().openapi({ description: 'Its username as a user.' }),
    role: z.enum(SERVICE_ROLES),
    status: z.enum(USER_STATUSES),
    createdAt: z.iso.datetime(),
  })
  .openapi('ServiceAccount');

const NewServiceKey = z
  .strictObject({
    expiresAt: moment.nullable().default(null).openapi({ description: 'Never, unless given.' }),
  })
  .openapi('NewServiceKey');

const Key = z
  .object({
    keyId: z.string(),
    prefix: z.string().openapi({ description: 'The first characters of the key.' }),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable().openapi({
      description: 'Written at most once a minute by each process.',
    }),
  })
  .openapi('ServiceKey');

const MadeKey = Key.extend({
  key: z.string().openapi({ description: 'The key. It is shown here only.' }),
}).openapi('MadeServiceKey');

const byAccount = { params: z.object({ userId: idParam('userId') }) };
const byKey = { params: z.object({ userId: idParam('userId'), keyId: idParam('keyId') }) };
const tags = ['Users'];
const ACCOUNTS = '/api/service-accounts';
const KEYS = `${ACCOUNTS}/{userId}/keys`;

function accountRoutes(deps: ServiceAccountRouteDeps) {
  return {
    create: createRoute({
      ...access(deps, 'ADMIN'),
      method: 'post',
      path: ACCOUNTS,
      summary: 'Make a service account, which signs in with keys and has no password',
      tags,
      request: { body: jsonBody(NewServiceAccount) },
      responses: {
        201: json(ServiceAccount, 'The new account'),
        ...problems('invalid_request', ...GUARDED, 'username_taken', 413, 415),
      },
    }),
    list: createRoute({
      ...access(deps, 'ADMIN'),
      method: 'get',
      path: ACCOUNTS,
      summary: 'Service accounts, newest first',
      tags,
      request: { query: z.object(pageQuery(NEWEST_FIRST)) },
      responses: {
        200: json(pageOf(ServiceAccount), 'A page of accounts'),
        ...problems('invalid_request', ...GUARDED),
      },
    }),
  };
}

function keyRoutes(deps: ServiceAccountRouteDeps) {
  return {
    createKey: createRoute({
      ...access(deps, 'ADMIN'),
      method: 'post',
      path: KEYS,
      summary: 'Make a key: two may be live, so that a new one is in use before the old one goes',
      tags,
      request: { ...byAccount, body: optionalJsonBody(NewServiceKey) },
      responses: {
        201: json(MadeKey, 'The new key'),
        ...problems('invalid_request', ...GUARDED, 'not_found', 'conflict', 413, 415),
      },
    }),
    listKeys: createRoute({
      ...access(deps, 'ADMIN'),
      method: 'get',
      path: KEYS,
      summary: "An account's keys, newest first",
      tags,
      request: byAccount,
      responses: {
        200: json(pageOf(Key), 'All keys: two at most'),
        ...problems(...GUARDED, 'not_found'),
      },
    }),
    removeKey: createRoute({
      ...access(deps, 'ADMIN'),
      method: 'delete',
      path: `${KEYS}/{keyId}`,
      summary: 'Delete a key, which is refused everywhere within a second',
      tags,
      request: byKey,
      responses: { 204: { description: 'Deleted' }, ...problems(...GUARDED, 'not_found') },
    }),
  };
}

export function serviceAccountRoutes(deps: ServiceAccountRouteDeps) {
  const { create, list } = accountRoutes(deps);
  const { createKey, listKeys, removeKey } = keyRoutes(deps);
  const { serviceAccounts, serviceKeys } = deps.store;

  return newRouter()
    .openapi(create, async (c) => {
      const account = await serviceAccounts.create(staffOf(c), c.req.valid('json'), deps.now());
      return c.json(toAccount(account), 201);
    })
    .openapi(list, async (c) => {
      const { cursor, limit } = c.req.valid('query');
      const found = await serviceAccounts.page(cursor, limit);
      const { items, nextCursor } = page(found, limit, ({ createdAt: at, userId: id }) => {
        return { at, id };
      });
      return c.json({ items: items.map(toAccount), nextCursor }, 200);
    })
    .openapi(createKey, async (c) => {
      const { userId } = c.req.valid('param');
      const { expiresAt } = c.req.valid('json');
      const now = deps.now();
      if (expiresAt && expiresAt <= now) throw hasPassed();
      const { key, record } = await serviceKeys.create(staffOf(c), userId, expiresAt, now);
      return c.json({ ...toKeyBody(record), key }, 201, NO_STORE);
    })
    .openapi(listKeys, async (c) => {
      const keys = await serviceKeys.list(c.req.valid('param').userId);
      return c.json({ items: keys.map(toKeyBody), nextCursor: null }, 200);
    })
    .openapi(removeKey, async (c) => {
      const { userId, keyId } = c.req.valid('param');
      await serviceKeys.remove(staffOf(c), userId, keyId);
      deps.serviceKeys.forget(keyId);
      return c.body(null, 204);
    });
}

const toAccount = ({ userId, username, role, status, createdAt }: User) => ({
  id: userId,
  userId,
  name: username,
  role: role as z.infer<typeof ServiceAccount>['role'],
  status,
  createdAt: createdAt.toISOString(),
});

const toKeyBody = ({ keyId, prefix, createdAt, expiresAt, lastUsedAt }: ServiceKey) => ({
  keyId,
  prefix,
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt?.toISOString() ?? null,
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
});

function hasPassed(): DomainError {
  return new DomainError('invalid_request', 'The body does not fit. See `errors`.', {
    errors: [{ pointer: '/expiresAt', message: 'This moment has passed' }],
  });
}
