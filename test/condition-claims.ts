/** Claims of events with a condition: what players did, and whether they may claim. */
import assert from 'node:assert/strict';
import type { components } from '../client/index.ts';
import { dataOf } from '../client/index.ts';
import type { Condition } from '../domain/conditions/condition.ts';
import type { EventFields } from '../domain/events/event.ts';
import { event } from './helpers.ts';
import type { Laurel } from './laurel.ts';
import { uniqueName } from './servers.ts';

const MINUTE_MS = 60_000;
const LONG_AGO = new Date('2020-01-01T00:00:00Z');

/** A condition that a new player does not meet. */
export const QUEST = { metric: 'quest.completed', key: 'snow-1', atLeast: 3 };

/** What a player did once. */
export interface Done {
  metric: string;
  key?: string;
  value?: number;
  /** Minutes before now; negative for what is done, and reported, only then. */
  minutesAgo?: number;
}

/** The game's servers report what a player did. */
export async function did(
  laurel: Pick<Laurel, 'store'>,
  userId: string,
  ...all: Done[]
): Promise<void> {
  const nowMs = Date.now();
  const events = all.map(({ minutesAgo = 1, ...activity }) => {
    const at = new Date(nowMs - minutesAgo * MINUTE_MS).toISOString();
    return { id: uniqueName('act'), userId, ...activity, at };
  });
  const arrivedMs = Math.max(nowMs, ...events.map(({ at }) => Date.parse(at)));
  const { accepted } = await laurel.store.progress.ingest(events, new Date(arrivedMs));
  assert.equal(accepted, all.length);
}

/** An open event with that condition, which began long ago; `given` changes it. */
export const withCondition = (
  laurel: Pick<Laurel, 'store'>,
  condition: Condition,
  given: Partial<EventFields> = {},
) => event(laurel, { condition, startsAt: LONG_AGO, ...given });

/** What the API says to a player who asks whether to claim. */
export type Eligibility = components['schemas']['Eligibility'];

/** Asks the API whether the player may claim. */
export async function eligibility(
  laurel: Pick<Laurel, 'as'>,
  eventId: string,
  token: string,
): Promise<Eligibility> {
  const params = { path: { eventId } };
  return await dataOf(laurel.as(token).GET('/api/events/{eventId}/eligibility', { params }));
}
