/** Keeping activities: which of them are new, and which are there already. */
import type { Connection } from 'mongoose';
import type { ActivityEvent } from '../domain/activity.ts';
import { DomainError } from '../domain/errors.ts';
import type { ActivityEventStore } from './activity-events.ts';
import { firstPlace, isOwnPlace, type Known, placesOf, settle } from './activity-places.ts';
import { inTransaction, isDuplicateKey } from './connection.ts';
import type { ProgressDayStore } from './progress-days.ts';

/** Batches that meet on the same new IDs are done again, each time with fewer left. */
const MAX_ATTEMPTS = 5;

/** How long it is trusted that no senders share an ID, in milliseconds. */
const TRUSTED_MS = 60_000;

/** An event whose `id` stands for what is kept, by this call or before it. */
export interface Kept extends Known {
  isNew: boolean;
}

export function createActivityIntake(
  connection: Connection,
  activities: ActivityEventStore,
  days: ProgressDayStore,
) {
  const shared = createSharedIds(connection);

  async function settled(events: readonly ActivityEvent[]) {
    const divided = settle(events, await activities.find(events.flatMap(placesOf)));
    if (divided.fresh.some(isOwnPlace)) await shared.note();
    return divided;
  }

  return {
    /** Keeps events of the last day, each with another `id` for its sender. */
    async keep(events: readonly ActivityEvent[]): Promise<Kept[]> {
      const kept: Kept[] = [];
      const addKnown = (known: Known[]) => {
        kept.push(...known.map((one) => ({ ...one, isNew: false })));
      };
      // Most batches hold new IDs only, and are one insert and nothing else.
      let placed = events.map(firstPlace);
      if (events.length > 0 && (await shared.areThere())) {
        const { known, fresh } = await settled(events);
        addKnown(known);
        placed = fresh;
      }
      for (let attempt = 1; placed.length > 0; attempt += 1) {
        if (attempt > MAX_ATTEMPTS) throw new DomainError('unavailable', BUSY, { retryAfterS: 1 });
        const failed = await activities.add(placed);
        const isFailed = new Set(failed.map(({ event }) => event));
        for (const { event } of placed) {
          if (!isFailed.has(event)) kept.push({ event, kept: event, isNew: true });
        }
        if (failed.length === 0) break;
        const { known, fresh } = await settled(failed.map(({ event }) => event));
        addKnown(known);
        placed = fresh;
      }
      return kept;
    },

    /** Keeps older events, and adds them to their days' aggregates. */
    async keepLate(events: readonly ActivityEvent[]): Promise<Kept[]> {
      if (events.length === 0) return [];
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await inTransaction(connection, async (session) => {
            const ids = events.flatMap(placesOf);
            const { known, fresh } = settle(events, await activities.find(ids, session));
            if (fresh.some(isOwnPlace)) await shared.note();
            if (fresh.length > 0) {
              await activities.addLate(fresh, session);
              await days.addLate(
                fresh.map(({ event }) => event),
                session,
              );
            }
            return [
              ...known.map((one) => ({ ...one, isNew: false })),
              ...fresh.map(({ event }) => ({ event, kept: event, isNew: true })),
            ];
          });
        } catch (error) {
          // Another batch kept one of them after this transaction had looked, or made the same day.
          const isMet = [activities, days].some(({ model }) =>
            isDuplicateKey(error, model.collection),
          );
          if (!isMet || attempt === MAX_ATTEMPTS) throw error;
        }
      }
    },
  };
}

const BUSY = 'Too many batches with the same events are under way. Try again.';

/**
 * Whether any two senders ever used one `id`. From then on both places of an event are looked at
 * before it is kept: the document under the ID itself may expire before the other sender's.
 */
function createSharedIds(connection: Connection) {
  const states = connection.collection<{ _id: string; sharedIds?: boolean }>('progress_state');
  let known = { isThere: false, readAtMs: Number.NEGATIVE_INFINITY };
  return {
    async areThere(): Promise<boolean> {
      const readAtMs = performance.now();
      if (!known.isThere && readAtMs - known.readAtMs > TRUSTED_MS) {
        known = { isThere: (await states.findOne({ _id: 'sharedIds' })) !== null, readAtMs };
      }
      return known.isThere;
    },
    /** To be called before an event is kept in a place of its sender's own. */
    async note(): Promise<void> {
      if (known.isThere) return;
      await states.updateOne({ _id: 'sharedIds' }, { $set: { sharedIds: true } }, { upsert: true });
      known = { isThere: true, readAtMs: performance.now() };
    },
  };
}
