/** The requests of `growth-calls.ts` about who calls: sign-ins, keys, second factors, external IDs. */
import { randomUUID } from 'node:crypto';
import { SESSION_COOKIE } from '../../api/routes/session.ts';
import { type Call, LIMIT } from './growth-ask.ts';
import type { World } from './growth-world.ts';

/** Signing up and in, by password and by a browser's session. */
export async function callAuth(call: Call): Promise<void> {
  const credentials = { username: `u-${randomUUID()}`, password: 'a password for growth' };
  const post = (verb: string, body: object, status?: number) =>
    call(`POST /api/auth/${verb}`, [], '', { body, ...(status && { status }) });
  await post('register', credentials);
  await post('register', credentials, 409);
  await post('login', { ...credentials, password: 'not the password' }, 401);
  const { body } = await post('login', credentials);
  const { refreshToken } = (await post('refresh', { refreshToken: body.refreshToken })).body;
  const token = String(body.accessToken);
  await call('GET /api/auth/profile', [], '', { by: { userId: '', token } });
  await post('logout', { refreshToken });
  await post('refresh', { refreshToken }, 401);
  await callSession(call, credentials);
  // The token of before ended with its sign-in.
  const again = (await post('login', credentials)).body;
  await callPasswords(call, credentials, String(again.accessToken));
}

/** A change of a password, and a sign-in that needs a second step; `token` is the user's own. */
async function callPasswords(
  call: Call,
  { password }: { password: string },
  token: string,
): Promise<void> {
  const by = { userId: '', token };
  const newPassword = 'another password for growth';
  const change = { by, body: { currentPassword: password, newPassword } };
  await call('POST /api/auth/password', [], '', change);
  const reset = { body: { resetToken: 'x', newPassword }, status: 401 };
  await call('POST /api/auth/password-reset', [], '', reset);
  const second = { body: { mfaToken: 'x', code: '000000' }, status: 401 };
  await call('POST /api/auth/login/totp', [], '', second);
  const headers = { 'sec-fetch-site': 'same-origin' };
  await call('POST /api/auth/session/totp', [], '', { ...second, headers });
}

/** Service accounts with their keys, and the second factor and the password of a user. */
export async function callServiceAccounts({ admin: by }: World, call: Call): Promise<void> {
  const accounts = '/api/service-accounts';
  const body = { name: `s-${randomUUID()}`, role: 'AUDITOR' };
  const userId = String((await call(`POST ${accounts}`, [], '', { by, body })).body.id);
  await call(`GET ${accounts}`, [], `?${LIMIT}`, { by });
  const keys = `${accounts}/{userId}/keys`;
  const made = (await call(`POST ${keys}`, [userId], '', { by, body: {} })).body;
  const key = { userId, token: String(made.key) };
  await call('GET /api/audit-log/verification', [], '', { by: key });
  await call(`GET ${keys}`, [userId], '', { by });
  await call(`DELETE ${keys}/{keyId}`, [userId, String(made.keyId)], '', { by });
  await call('POST /api/auth/totp', [], '', { by, body: {} });
  await call('POST /api/auth/totp/confirm', [], '', { by, body: { code: '0' }, status: 401 });
  await call('GET /api/auth/totp', [], '', { by });
  await call('DELETE /api/auth/totp', [], '', { by, status: 404 });
  await call('DELETE /api/users/{userId}/totp', [by.userId], '', { by, status: 404 });
  await call('POST /api/users/{userId}/password-reset', [by.userId], '', { by });
}

/** A browser's session; its cookie is made of a token of our own, as no answer's headers are read. */
async function callSession(call: Call, credentials: object): Promise<void> {
  const headers = { 'sec-fetch-site': 'same-origin' };
  await call('POST /api/auth/session', [], '', { body: credentials, headers });
  const { body } = await call('POST /api/auth/login', [], '', { body: credentials });
  const cookie = `${SESSION_COOKIE}=${body.refreshToken}`;
  await call('POST /api/auth/session/refresh', [], '', { headers: { ...headers, cookie } });
  await call('DELETE /api/auth/session', [], '', { headers: { ...headers, cookie } });
}

/** What `TRUSTED_ISSUERS` must name for these requests. None of them has a token of this issuer. */
export const GROWTH_ISSUER = {
  name: 'growth',
  issuer: 'https://id.invalid',
  jwksUrl: 'https://id.invalid/jwks',
  audience: 'laurel',
  algorithms: ['EdDSA'],
};

/** The users of an issuer: found, filtered by, and made where nobody has seen them yet. */
export async function callExternalIds(world: World, call: Call): Promise<void> {
  const { admin: by } = world;
  const externalId = `ext:${GROWTH_ISSUER.name}:${randomUUID()}`;
  await call('GET /api/users', [], `?externalId=${externalId}`, { by });
  await call('PATCH /api/users/{userId}', [externalId], '', { by, body: { status: 'BANNED' } });
  await call('GET /api/users/{userId}', [externalId], '', { by });
  for (const name of ['externalId', 'query']) {
    await call('GET /api/users', [], `?${name}=${externalId}&${LIMIT}`, { by });
  }
  for (const path of ['event-claims', 'grants'])
    await call(`GET /api/${path}`, [], `?userId=${externalId}&${LIMIT}`, { by });
  const ids = Array.from({ length: 3 }, () => `ext:${GROWTH_ISSUER.name}:${randomUUID()}`);
  const at = new Date().toISOString();
  const events = [externalId, ...ids].map((userId) => {
    return { id: randomUUID(), userId, metric: 'quest.completed', at };
  });
  const sent = { by: world.gameServer, body: { events } };
  await call('POST /api/activity-events', [], '', sent);
}
