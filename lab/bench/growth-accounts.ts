/** Requests about passwords, second factors and service accounts, for `growth-calls.ts`. */
import { randomUUID } from 'node:crypto';
import type { Call } from './growth-call.ts';
import type { World } from './growth-world.ts';

/** A change of a password, and a sign-in that needs a second step; `token` is the user's own. */
export async function callPasswords(
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
  await call(`GET ${accounts}`, [], '?limit=5', { by });
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
