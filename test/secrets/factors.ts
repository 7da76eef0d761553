/** Passwords that change, keys and second factors, right and wrong, with secrets that are noted. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { uniqueName } from '../servers.ts';
import type { Recorder } from './recorder.ts';

/** A user changes their password; then an admin makes a reset token, which is used twice. */
export async function passwords({ call, keep }: Recorder, admin: string): Promise<void> {
  const username = uniqueName('forgetful');
  const current = keep('a password that was changed', uniqueName('first-password'));
  const { body: user } = await call('POST', '/api/auth/register', {
    body: { username, password: current },
  });
  const { body: pair } = await call('POST', '/api/auth/login', {
    body: { username, password: current },
  });
  const newPassword = keep('a new password', uniqueName('second-password'));
  const change = { currentPassword: current, newPassword };
  for (const status of [204, 401]) {
    const token = pair.accessToken ?? '';
    const changed = await call('POST', '/api/auth/password', { token, body: change });
    assert.equal(changed.status, status);
  }
  const { body: reset } = await call('POST', `/api/users/${user.id}/password-reset`, {
    token: admin,
  });
  const resetToken = keep('a reset token', reset.resetToken);
  const third = keep('a password after a reset', uniqueName('third-password'));
  for (const [password, status] of [
    [keep('a password that holds the username', `${username}-1`), 400],
    [third, 204],
    [third, 401],
  ] as const) {
    const body = { resetToken, newPassword: password };
    assert.equal((await call('POST', '/api/auth/password-reset', { body })).status, status);
  }
}

/** A service account's key: made, used, deleted, and guessed. */
export async function serviceKey({ call, keep }: Recorder, admin: string): Promise<void> {
  const { body: account } = await call('POST', '/api/service-accounts', {
    token: admin,
    body: { name: uniqueName('server'), role: 'GAME_SERVER' },
  });
  const path = `/api/service-accounts/${account.userId}/keys`;
  const { body: made } = await call('POST', path, { token: admin, body: {} });
  const key = keep('a service key', made.key);
  assert.equal((await call('GET', '/api/auth/profile', { token: key })).status, 200);
  assert.equal((await call('DELETE', `${path}/${made.keyId}`, { token: admin })).status, 204);
  await call('GET', '/api/auth/profile', { token: key });
  keep('the next service key', (await call('POST', path, { token: admin, body: {} })).body.key);
  const guess = keep('a guessed key', `lrl_${randomBytes(32).toString('base64url')}`);
  assert.equal((await call('GET', '/api/auth/profile', { token: guess })).status, 401);
}

/** A second factor: set up, and asked for with right and wrong codes. */
export async function secondFactor(
  { call, keep }: Recorder,
  admin: string,
  credentials: { username: string; password: string },
): Promise<void> {
  const { body: begun } = await call('POST', '/api/auth/totp', { token: admin });
  const secret = keep('the secret of a second factor', begun.secret);
  keep('the address of a second factor', begun.uri);
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  const codeAt = (ms: number) => totp.generate({ timestamp: Date.now() + ms });
  const confirm = async (code: string) =>
    await call('POST', '/api/auth/totp/confirm', { token: admin, body: { code } });
  await confirm(keep('a wrong code', codeAt(3_600_000)));
  const confirmed = await confirm(keep('a code', codeAt(0)));
  assert.equal(confirmed.status, 200);
  const recoveryCodes = confirmed.body.recoveryCodes as unknown as string[];
  for (const [n, code] of recoveryCodes.entries()) {
    keep(`recovery code ${n}`, code);
    keep(`recovery code ${n} without hyphens`, code.replaceAll('-', ''));
  }
  const { body: asked } = await call('POST', '/api/auth/login', { body: credentials });
  const mfaToken = keep('a sign-in that waits for its code', asked.mfaToken);
  const next = keep('the next code', codeAt(30_000));
  const [recovery = ''] = recoveryCodes;
  for (const code of [keep('another wrong code', codeAt(7_200_000)), next, recovery]) {
    await call('POST', '/api/auth/login/totp', { body: { mfaToken, code } });
  }
}
