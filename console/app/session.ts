/**
 * Who is signed in. The access token is in memory only. The refresh token is a cookie that no script
 * can read: a reload gets a new access token by it.
 */
import { computed, effect, signal } from '@preact/signals';
import { lost, returns } from './connection.ts';
import { keep, kept } from './kept.ts';
import { type Answer, problemOfFetch, problemOfResponse } from './problem.ts';
import { navigations } from './router.ts';
import type { Role, User } from './types.ts';

/** `STARTING`: not known yet whether the cookie is good. */
type Session =
  | { state: 'STARTING' }
  | { state: 'OUT'; ended: boolean }
  | { state: 'IN'; user: User };

const SESSION_URL = '/api/auth/session';

/** Kept in this browser while its cookie may be good. */
const SIGNED_IN = 'laurel.signed-in';

/** `ended` says that somebody was signed in, and did not sign out here. */
export const session = signal<Session>({ state: 'STARTING' });
/** The signed-in user; undefined if nobody is. */
export const user = computed(() => (session.value.state === 'IN' ? session.value.user : undefined));

let accessToken: string | undefined;
/** One refresh at a time: each one spends the cookie's token. */
let refreshing: Promise<boolean> | undefined;
const otherTabs = new BroadcastChannel('laurel.session');

/** Whether the signed-in user has one of these roles; parts for others are not shown. */
export function can(...roles: readonly Role[]): boolean {
  const role = user.value?.role;
  return role !== undefined && roles.includes(role);
}

/** The access token, to be sent as the bearer token; undefined if nobody is signed in. */
export function currentToken(): string | undefined {
  return accessToken;
}

/** Signs in by the cookie if there is one. Sign-outs in other tabs count here too. */
export function startSession(): void {
  otherTabs.onmessage = () => end({ ended: false });
  // Without it, a first visit would ask for nothing but a refusal.
  if (kept(SIGNED_IN) === null || hasFailed()) end({ ended: false });
  // Again when the API has come back, as long as nobody knows whether the cookie is good.
  effect(() => {
    if (returns.value >= 0 && session.peek().state === 'STARTING') void refresh();
  });
}

/** Whether a sign-in at the studio's provider has just brought nobody in. */
const hasFailed = () => new URLSearchParams(location.search).has('sign-in');

/** Signs in. @returns the user, or why not */
export async function signIn(username: string, password: string): Promise<Answer<User>> {
  return await signInBy(SESSION_URL, { username, password });
}

async function signInBy(url: string, body: object): Promise<Answer<User>> {
  try {
    const response = await send('POST', url, body);
    if (!response.ok) return { ok: false, problem: await problemOfResponse(response) };
    const answer = await enter(response);
    if (answer.ok) navigations.value += 1;
    return answer;
  } catch (error) {
    return { ok: false, problem: problemOfFetch(error) };
  }
}

/** Says that a session may begin elsewhere: the next page of the console then looks for its cookie. */
export function expectSession(): void {
  keep(SIGNED_IN, 'yes');
}

/** Goes on with a sign-in that needs a second step. @param code none right after an enrolment */
export async function signInWithCode(mfaToken: string, code?: string): Promise<Answer<User>> {
  return await signInBy(`${SESSION_URL}/totp`, { mfaToken, ...(code !== undefined && { code }) });
}

/** A second factor to be set up: its secret as text, and as a URI for a QR code. */
export interface Enrolment {
  secret: string;
  uri: string;
}

/** Begins to set up a second factor, where the sign-in asks for it. */
export async function beginEnrolment(mfaToken: string): Promise<Answer<Enrolment>> {
  return await postWith<Enrolment>(mfaToken, '/api/auth/totp');
}

/** Takes the second factor into use by its first code. @returns the recovery codes */
export async function confirmEnrolment(
  mfaToken: string,
  code: string,
): Promise<Answer<{ recoveryCodes: string[] }>> {
  return await postWith(mfaToken, '/api/auth/totp/confirm', { code });
}

/** Signs out here and in this browser's other tabs. */
export async function signOut(): Promise<void> {
  await send('DELETE', SESSION_URL).catch(() => undefined);
  end({ ended: false });
  otherTabs.postMessage('out');
}

/**
 * Gets a new access token by the cookie. A refusal ends the session; no answer leaves it as it is.
 * @returns whether there is a new token
 */
export async function refresh(): Promise<boolean> {
  refreshing ??= inTurn(refreshOnce).finally(() => {
    refreshing = undefined;
  });
  return await refreshing;
}

/** Two tabs that refresh at once would send one token twice, which ends the whole session. */
async function inTurn(work: () => Promise<boolean>): Promise<boolean> {
  return await navigator.locks.request('laurel.refresh', work);
}

async function refreshOnce(): Promise<boolean> {
  try {
    const response = await send('POST', `${SESSION_URL}/refresh`);
    if (response.ok) return (await enter(response)).ok;
    if (isRefusal(response)) end({ ended: session.value.state === 'IN' });
    else lost();
  } catch {
    lost();
  }
  return false;
}

/** Whether asking again would get the same answer. */
function isRefusal({ status }: Response): boolean {
  return status < 500 && status !== 429;
}

/** Takes the access token of an answer, and asks whose it is unless that is known. */
async function enter(response: Response): Promise<Answer<User>> {
  const { accessToken: token } = (await response.json()) as { accessToken: string };
  accessToken = token;
  const profile = await send('GET', '/api/auth/profile');
  if (!profile.ok) return { ok: false, problem: await problemOfResponse(profile) };
  const data = (await profile.json()) as User;
  keep(SIGNED_IN, 'yes');
  session.value = { state: 'IN', user: data };
  return { ok: true, data, response };
}

function end({ ended }: { ended: boolean }): void {
  if (session.value.state === 'IN') navigations.value += 1;
  accessToken = undefined;
  keep(SIGNED_IN, null);
  session.value = { state: 'OUT', ended };
}

async function postWith<T>(token: string, url: string, body?: object): Promise<Answer<T>> {
  try {
    const response = await send('POST', url, body, token);
    if (!response.ok) return { ok: false, problem: await problemOfResponse(response) };
    return { ok: true, data: (await response.json()) as T, response };
  } catch (error) {
    return { ok: false, problem: problemOfFetch(error) };
  }
}

async function send(
  method: string,
  url: string,
  body?: unknown,
  token = accessToken,
): Promise<Response> {
  const headers = new Headers();
  if (token) headers.set('authorization', `Bearer ${token}`);
  if (body !== undefined) headers.set('content-type', 'application/json');
  return await fetch(url, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}
