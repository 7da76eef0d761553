import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ROLES, type Role, STAFF } from '../../domain/user.ts';
import { type SignedIn, type TestApp, testApp } from '../test-app.ts';

/** Every route, and the roles that may call it. A route that is not here fails the test. */
const WHO: Record<string, readonly Role[] | 'anyone'> = {
  'POST /api/auth/register': 'anyone',
  'POST /api/auth/login': 'anyone',
  'POST /api/auth/refresh': 'anyone',
  'POST /api/auth/logout': 'anyone',
  'POST /api/auth/login/totp': 'anyone',
  'POST /api/auth/password-reset': 'anyone',
  'POST /api/auth/password': ROLES,
  'GET /api/auth/totp': STAFF,
  'POST /api/auth/totp': STAFF,
  'POST /api/auth/totp/confirm': STAFF,
  'DELETE /api/auth/totp': STAFF,
  // Only for a page of our own origin, as every call here says that it is.
  'POST /api/auth/session': 'anyone',
  'POST /api/auth/session/totp': 'anyone',
  'POST /api/auth/session/refresh': 'anyone',
  'DELETE /api/auth/session': 'anyone',
  'GET /api/auth/profile': ROLES,
  'GET /api/users': STAFF,
  'GET /api/users/{userId}': STAFF,
  'GET /api/users/{userId}/progress': STAFF,
  'PATCH /api/users/{userId}': ['ADMIN'],
  // Of another user only ADMIN gets it; to others it is 404.
  'GET /api/users/{userId}/export': ROLES,
  'POST /api/users/{userId}/erasure': ['ADMIN'],
  'POST /api/users/{userId}/password-reset': ['ADMIN'],
  'DELETE /api/users/{userId}/totp': ['ADMIN'],
  'POST /api/service-accounts': ['ADMIN'],
  'GET /api/service-accounts': ['ADMIN'],
  'POST /api/service-accounts/{userId}/keys': ['ADMIN'],
  'GET /api/service-accounts/{userId}/keys': ['ADMIN'],
  'DELETE /api/service-accounts/{userId}/keys/{keyId}': ['ADMIN'],
  'GET /api/events': ROLES,
  'POST /api/events': ['OPERATOR', 'ADMIN'],
  'GET /api/events/{eventId}': ROLES,
  'PATCH /api/events/{eventId}': ['OPERATOR', 'ADMIN'],
  'DELETE /api/events/{eventId}': ['OPERATOR', 'ADMIN'],
  'POST /api/events/{eventId}/clone': ['OPERATOR', 'ADMIN'],
  'POST /api/events/{eventId}/rewards/{rewardId}/stock': ['OPERATOR', 'ADMIN'],
  'GET /api/events/{eventId}/versions': STAFF,
  'GET /api/events/{eventId}/eligibility': ['PLAYER', ...STAFF],
  'GET /api/events/{eventId}/stats': STAFF,
  'POST /api/event-claims/{eventId}/claim': ['PLAYER'],
  'GET /api/event-claims': ROLES,
  'GET /api/event-claims/summary': STAFF,
  'GET /api/event-claims/{claimId}': ROLES,
  'GET /api/event-claims/{claimId}/stream': ROLES,
  'POST /api/event-claims/{claimId}/retry': ['ADMIN'],
  'POST /api/event-claims/{claimId}/abort': ['ADMIN'],
  'GET /api/grants': ROLES,
  'GET /api/reconciliation': ['AUDITOR', 'ADMIN'],
  'GET /api/audit-log': ['AUDITOR', 'ADMIN'],
  'GET /api/audit-log/verification': ['AUDITOR', 'ADMIN'],
  'GET /api/read-log': ['AUDITOR', 'ADMIN'],
  'GET /api/overview': STAFF,
  'GET /api/overview/stream': STAFF,
  'POST /api/activity-events': ['GAME_SERVER'],
  'POST /api/event-claims/retry': ['ADMIN'],
  'POST /api/event-claims/abort': ['ADMIN'],
  'GET /api/operations': ['ADMIN'],
  'GET /api/operations/{operationId}': ['ADMIN'],
  'POST /api/operations/{operationId}/stop': ['ADMIN'],
  // Guarded by a signature and not by a token: 404 without a provider of that name.
  'POST /api/provider-callbacks/{provider}': 'anyone',
  'GET /healthz': 'anyone',
  'GET /readyz': 'anyone',
  'GET /metrics': 'anyone',
  'GET /openapi.json': 'anyone',
  'GET /docs': 'anyone',
  'GET /.well-known/jwks.json': 'anyone',
};

let t: TestApp;
const signedIn = new Map<Role, SignedIn>();
before(async () => {
  t = await testApp();
  for (const role of ROLES) signedIn.set(role, await t.signIn(role));
});
after(() => t.close());

/** Calls a route with a body and a query that do not fit: 401 and 403 must come before 400. */
async function call(route: string, token?: string) {
  const [method = '', path = ''] = route.split(' ');
  const sends = method !== 'GET' && method !== 'DELETE';
  const address = `${path.replaceAll(/\{\w+\}/g, 'unknown')}?limit=none`;
  const body = sends ? { notAField: 1 } : undefined;
  const headers = { 'sec-fetch-site': 'same-origin' };
  return await t.call(method, address, { token, body, headers });
}

describe('who may call what', () => {
  it('is decided for every route', async () => {
    const { body } = await t.call<{ paths: Record<string, object> }>('GET', '/openapi.json');
    const described = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(described.sort(), Object.keys(WHO).sort());
  });

  for (const [route, roles] of Object.entries(WHO)) {
    if (roles === 'anyone') {
      it(`${route} takes anyone`, async () => {
        const { status } = await call(route);
        assert.ok(![401, 403].includes(status), `${status}`);
      });
      continue;
    }

    it(`${route} takes nobody who is not signed in`, async () => {
      for (const token of [undefined, 'garbage']) {
        const answer = await call(route, token);
        assert.deepEqual([answer.status, answer.body.code], [401, 'unauthenticated']);
        assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer /);
      }
    });

    for (const role of ROLES) {
      const may = roles.includes(role);
      it(`${route} ${may ? 'takes' : 'refuses'} ${role}`, async () => {
        const answer = await call(route, signedIn.get(role)?.accessToken);
        if (may) assert.ok(![401, 403].includes(answer.status), `${answer.status}`);
        else assert.deepEqual([answer.status, answer.body.code], [403, 'forbidden']);
      });
    }
  }
});

describe('the header', () => {
  it('is read whatever the letters of the scheme', async () => {
    const { accessToken } = signedIn.get('PLAYER') as SignedIn;
    for (const scheme of ['bearer', 'BEARER']) {
      const headers = { authorization: `${scheme} ${accessToken}` };
      assert.equal((await t.call('GET', '/api/auth/profile', { headers })).status, 200);
    }
  });

  for (const value of ['', 'Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a b', 'Bearer ä']) {
    it(`is refused as ${JSON.stringify(value)}`, async () => {
      const headers = { authorization: value };
      const answer = await t.call('GET', '/api/auth/profile', { headers });
      assert.deepEqual([answer.status, answer.body.code], [401, 'unauthenticated']);
    });
  }
});
