/** Calls of routes that the generated client does not know yet. */
import { ask, fetchSignedIn } from '../../app/api.ts';
import type { Answer } from '../../app/problem.ts';
import type { GameEvent } from '../events/types.ts';

/** A stock's numbers after units were added to it. */
type StockLevels = Record<string, unknown>;

/** What a clone has of its own. */
export interface CloneBody {
  title?: string;
  startsAt: string;
  endsAt: string;
  claimUntil?: string;
}

/** Copies an event to a draft. @param key one for one decision */
export async function cloneEvent(
  eventId: string,
  body: CloneBody,
  key: string,
): Promise<Answer<GameEvent>> {
  return await send('POST', `${urlOf(eventId)}/clone`, body, key);
}

/** Adds units to a reward's stock, as it is then. @param key one for one decision */
export async function addStock(
  eventId: string,
  rewardId: string,
  add: number,
  key: string,
): Promise<Answer<StockLevels>> {
  const url = `${urlOf(eventId)}/rewards/${encodeURIComponent(rewardId)}/stock`;
  return await send('POST', url, { add }, key);
}

/** One page of who changed an event. */
export async function versionsOf<T>(
  eventId: string,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<Answer<T>> {
  const query = cursor ? `?cursor=${encodeURIComponent(cursor)}` : '';
  return await answerOf(new Request(`${urlOf(eventId)}/versions${query}`, { signal }));
}

/** The providers that are configured, of what the overview says. */
export async function providers(
  signal: AbortSignal,
): Promise<Answer<{ providers: { provider: string }[] }>> {
  return await answerOf(new Request('/api/overview', { signal }));
}

function urlOf(eventId: string): string {
  return `/api/events/${encodeURIComponent(eventId)}`;
}

async function send<T>(method: string, url: string, body: object, key: string): Promise<Answer<T>> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key };
  return await answerOf(new Request(url, { method, headers, body: JSON.stringify(body) }));
}

async function answerOf<T>(request: Request): Promise<Answer<T>> {
  const call = fetchSignedIn(request).then(async (response) => {
    const body: unknown = await response.json();
    return response.ok ? { data: body as T, response } : { error: body, response };
  });
  return await ask<T>(call);
}
