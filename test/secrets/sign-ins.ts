/** Every way to sign in, right and wrong, with secrets that are noted. */
import assert from 'node:assert/strict';
import type { TestIssuer } from '../../api/identity/test-issuer.ts';
import { type OpenIdProvider, signInAtProvider } from '../openid-provider.ts';
import { uniqueName } from '../servers.ts';
import { cookieIn, type Recorder } from './recorder.ts';

const SESSION = '/api/auth/session';
const OWN_PAGE = { 'sec-fetch-site': 'same-origin' };

/** A token whose signature is not right. */
const spoiled = (token: string) => `${token.slice(0, -6)}AAAAAA`;

/** A new player with a password. @returns an access token */
export async function playerByPassword(recorder: Recorder): Promise<string> {
  const { call, keep } = recorder;
  const username = uniqueName('player');
  const password = keep('a password', `${uniqueName('pass')} word?`);
  assert.equal(
    (await call('POST', '/api/auth/register', { body: { username, password } })).status,
    201,
  );
  const login = async (given: string) =>
    await call('POST', '/api/auth/login', { body: { username, password: given } });
  await login(keep('a wrong password', `${uniqueName('wrong')} password`));
  const first = await login(password);
  const spent = keep('a spent refresh token', first.body.refreshToken);
  const next = await call('POST', '/api/auth/refresh', { body: { refreshToken: spent } });
  keep('a refresh token', next.body.refreshToken);
  assert.equal(
    (await call('POST', '/api/auth/refresh', { body: { refreshToken: spent } })).status,
    401,
  );
  const again = await login(password);
  const token = keep('an access token', again.body.accessToken);
  await call('GET', '/api/auth/profile', { token: keep('a spoiled token', spoiled(token)) });
  await call('POST', '/api/auth/logout', {
    body: { refreshToken: keep('a refresh token that was signed out', again.body.refreshToken) },
  });
  return token;
}

/** Secrets where they do not belong: clients do this, and each is answered by a refusal. */
export async function misplaced({ call, keep }: Recorder, token: string): Promise<void> {
  const password = keep('a misplaced password', uniqueName('misplaced-password'));
  const bodies = [
    `{"username": "somebody", "password": "${password}`,
    `${password}`,
    { username: password, password: 'short' },
    { username: 'somebody', [password]: 'as a name' },
    { username: 'somebody', password: [password] },
  ];
  for (const path of ['/api/auth/login', '/api/auth/register']) {
    for (const body of bodies) await call('POST', path, { body });
    await call('POST', `${path}?password=${password}`, { body: {} });
  }
  await call('GET', '/api/auth/profile', { token: keep('no token', uniqueName('no-token')) });
  await call('GET', '/api/auth/profile', { headers: { authorization: password } });
  await call('GET', `/api/events?cursor=${token}&token=${token}`);
  await call('GET', `/api/nowhere/${token}`);
}

/** An admin's session in a browser. @returns an access token */
export async function adminBySession({ call, keep }: Recorder, password: string): Promise<string> {
  const begin = async () =>
    await call('POST', SESSION, { headers: OWN_PAGE, body: { username: 'admin', password } });
  const begun = await begin();
  const first = keep('a session cookie', cookieIn(begun, '__Host-laurel'));
  const refreshed = await call('POST', `${SESSION}/refresh`, {
    headers: { ...OWN_PAGE, cookie: `__Host-laurel=${first}` },
  });
  keep('the next session cookie', cookieIn(refreshed, '__Host-laurel'));
  await call('POST', SESSION, { body: { username: 'admin', password } });
  await call('POST', `${SESSION}/refresh`, {
    headers: { ...OWN_PAGE, cookie: `__Host-laurel=${first}` },
  });
  keep('an access token that was ended', refreshed.body.accessToken);
  // The spent cookie has ended that session.
  return keep("an admin's access token", (await begin()).body.accessToken);
}

/** A player by a trusted issuer's token. @returns the token */
export async function playerByIssuer(
  { call, keep }: Recorder,
  issuer: TestIssuer,
): Promise<string> {
  const token = keep("an issuer's token", await issuer.token(uniqueName('subject')));
  const anHourAgo = new Date(Date.now() - 3_600_000);
  const old = keep("an issuer's old token", await issuer.token('old', {}, anHourAgo));
  const wrong = keep("an issuer's spoiled token", spoiled(token));
  for (const [bearer, status] of [
    [token, 200],
    [old, 401],
    [wrong, 401],
  ] as const) {
    assert.equal((await call('GET', '/api/auth/profile', { token: bearer })).status, status);
  }
  return token;
}

/** Staff at the studio's OpenID provider; then the same answer again, and a forged one. */
export async function staffAtProvider(
  { url, call, keep }: Recorder,
  { accounts, clientSecret }: OpenIdProvider,
): Promise<void> {
  keep("the client's secret at the provider", clientSecret);
  accounts.set('minji', { groups: ['laurel-ops'] });
  const begun = await call('GET', '/api/auth/oidc/start?returnTo=/console');
  const pending = cookieIn(begun, '__Host-laurel-oidc');
  const { state, nonce, verifier } = JSON.parse(Buffer.from(pending, 'base64url').toString());
  for (const [what, secret] of Object.entries({ pending, state, nonce, verifier })) {
    keep(`the ${what} of a sign-in at the provider`, secret);
  }
  const back = await signInAtProvider(begun.headers.get('location') ?? '', 'minji');
  keep('a code of the provider', back.searchParams.get('code') ?? '');
  const path = back.href.slice(url.length);
  const cookie = { cookie: `__Host-laurel-oidc=${pending}` };
  const answer = await call('GET', path, { headers: cookie });
  keep("the provider's session cookie", cookieIn(answer, '__Host-laurel'));
  const forged = new URL(back);
  forged.searchParams.set('code', keep('a forged code', uniqueName('forged-code')));
  for (const address of [path, forged.href.slice(url.length)]) {
    const { headers } = await call('GET', address, { headers: cookie });
    assert.match(headers.get('location') ?? '', /sign-in=unauthenticated/);
  }
}
